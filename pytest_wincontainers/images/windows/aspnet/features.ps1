# features.ps1 "NAME NAME …": puts parts of IIS into the image that the base leaves out.
param([string] $Names)
$ErrorActionPreference = 'Stop'
$rewrite = 'https://download.microsoft.com/download/1/2/8/128E2E22-C1B9-44A4-BE2A-5859ED1D4592/rewrite_amd64_en-US.msi'

foreach ($name in $Names.Split(' ', [StringSplitOptions]::RemoveEmptyEntries)) {
    switch ($name) {
        'dynamic-compression' { Enable-WindowsOptionalFeature -Online -FeatureName IIS-HttpCompressionDynamic -All | Out-Null }
        'websockets' { Enable-WindowsOptionalFeature -Online -FeatureName IIS-WebSockets -All | Out-Null }
        'url-rewrite' {
            $file = "$env:TEMP\rewrite.msi"
            [Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12
            (New-Object Net.WebClient).DownloadFile($rewrite, $file)
            # Microsoft publishes no checksum of it, but signs it.
            $signature = Get-AuthenticodeSignature $file
            if ($signature.Status -ne 'Valid' -or $signature.SignerCertificate.Subject -notmatch '(^|, )O=Microsoft Corporation(,|$)') {
                throw "$rewrite is not signed by Microsoft: $($signature.StatusMessage)"
            }
            $setup = Start-Process msiexec -ArgumentList '/i', $file, '/qn', '/norestart' -Wait -PassThru
            if ($setup.ExitCode -ne 0) { throw "msiexec ended with $($setup.ExitCode) for URL Rewrite" }
            Remove-Item $file
        }
        default { throw "there is no feature $name" }
    }
}
