# Serves the sites that SITES names ("shop:8080 admin:8081"), each from C:\sites\<name> with a pool of its own.
# Ends when IIS does.
$ErrorActionPreference = 'Stop'
if (-not $env:SITES) { [Console]::Error.WriteLine('SITES is not set: name:port pairs, separated by blanks'); exit 1 }
$appcmd = "$env:windir\system32\inetsrv\appcmd.exe"

function Invoke-AppCmd {
    $said = & $appcmd @args
    if ($LASTEXITCODE -ne 0) { throw "appcmd $args ended with ${LASTEXITCODE}: $said" }
}

foreach ($pair in $env:SITES.Split(' ')) {
    $name, $port = $pair.Split(':')
    # A container that is started again has them already.
    if (& $appcmd list site "/name:$name") { continue }
    Invoke-AppCmd add apppool "/name:$name"
    Invoke-AppCmd add site "/name:$name" "/bindings:http/*:${port}:" "/physicalPath:C:\sites\$name"
    Invoke-AppCmd set app "$name/" "/applicationPool:$name"
    # Applications write where they lie, App_Data above all. By the number of IIS_IUSRS, as the pools' own names are not
    # known before IIS runs.
    & icacls "C:\sites\$name" /grant '*S-1-5-32-568:(OI)(CI)M' /Q | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "icacls ended with $LASTEXITCODE for C:\sites\$name" }
}
& C:\ServiceMonitor.exe w3svc
exit $LASTEXITCODE
