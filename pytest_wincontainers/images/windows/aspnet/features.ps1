# features.ps1 "NAME NAME …": puts parts of IIS into the image that the base leaves out.
param([string] $Names)
$ErrorActionPreference = 'Stop'
$optional = @{ 'dynamic-compression' = 'IIS-HttpCompressionDynamic'; 'websockets' = 'IIS-WebSockets' }
foreach ($name in $Names.Split(' ', [StringSplitOptions]::RemoveEmptyEntries)) {
    if ($optional[$name]) {
        Enable-WindowsOptionalFeature -Online -FeatureName $optional[$name] -All | Out-Null
    } elseif ($name -eq 'url-rewrite') {
        C:\wincontainers\agent.exe fetch $env:REWRITE_URL $env:REWRITE_SHA256 C:\setup\rewrite.msi
        if ($LASTEXITCODE -ne 0) { throw 'URL Rewrite could not be downloaded' }
        $done = Start-Process msiexec -ArgumentList '/i', 'C:\setup\rewrite.msi', '/qn', '/norestart' -Wait -PassThru
        if ($done.ExitCode -ne 0) { throw "msiexec ended with $($done.ExitCode) for URL Rewrite" }
    } else { throw "there is no feature $name" }
}
