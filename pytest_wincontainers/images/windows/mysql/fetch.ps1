# fetch.ps1 URL CHECKSUM FILE [ALGORITHM]: a download that is what it should be, or none.
param([string] $Url, [string] $Checksum, [string] $File, [string] $Algorithm = 'SHA256')
$ErrorActionPreference = 'Stop'
if (-not $Checksum) { throw "no checksum is given for $Url" }
[Net.ServicePointManager]::SecurityProtocol = 'Tls12'
foreach ($try in 1..5) {
    try { (New-Object Net.WebClient).DownloadFile($Url, $File); break }
    catch { if ($try -eq 5) { throw }; Start-Sleep (5 * $try) }
}
$found = (Get-FileHash $File -Algorithm $Algorithm).Hash
if ($found -ne $Checksum) { throw "$Url has the $Algorithm $found, not $Checksum" }
