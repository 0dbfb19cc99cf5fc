# Runs the driver of the browser that BROWSER names, chrome or edge. Ends when it does.
$ErrorActionPreference = 'Stop'
$driver = if ($env:BROWSER -eq 'edge') { 'C:\browser\edgedriver.exe' } else { 'C:\browser\driver.exe' }
if (-not (Test-Path $driver)) {
    [Console]::Error.WriteLine("this image has no $env:BROWSER; build it with EDGE_URL and EDGEDRIVER_URL")
    exit 1
}
# Without the two "allowed" options the driver answers only callers on its own loopback.
& $driver --port=4444 --allowed-ips= --allowed-origins=* --readable-timestamp
exit $LASTEXITCODE
