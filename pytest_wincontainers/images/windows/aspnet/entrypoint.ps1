# Makes the sites that C:\wincontainers\setup.json declares, starts IIS, and writes what IIS logs to the container's
# output, as services/iis/logs.py reads it. Ends when IIS does.
$ErrorActionPreference = 'Stop'
$folder = 'C:\wincontainers'
$setup = "$folder\setup.json"
$marks = "$folder\marks"
$state = "$folder\relayed.json"
$utf8 = New-Object Text.UTF8Encoding $false
$output = [Console]::OpenStandardOutput()

function Write-Line([string] $line) {
    $bytes = $utf8.GetBytes("$line`n")
    $output.Write($bytes, 0, $bytes.Length)
    $output.Flush()
}

function Invoke-AppCmd([string] $arguments) {
    # Not by PowerShell's &, which takes quotes out of arguments (PowerShell/PowerShell#1995).
    $start = New-Object Diagnostics.ProcessStartInfo "$env:windir\system32\inetsrv\appcmd.exe", $arguments
    $start.UseShellExecute = $false
    $start.RedirectStandardOutput = $true
    $process = [Diagnostics.Process]::Start($start)
    $said = $process.StandardOutput.ReadToEnd()
    $process.WaitForExit()
    # Without the arguments, which may hold passwords.
    if ($process.ExitCode -ne 0) { throw "appcmd $($arguments.Split(' ')[0..1]) ended with $($process.ExitCode): $said" }
}

# -- setting up --------------------------------------------------------------------------------------------------

# A container that is started again has them already.
if (Test-Path $setup) {
    $declared = [IO.File]::ReadAllText($setup, $utf8) | ConvertFrom-Json
    foreach ($account in $declared.accounts) {
        $password = New-Object Security.SecureString
        foreach ($letter in $account.password.ToCharArray()) { $password.AppendChar($letter) }
        New-LocalUser $account.name -Password $password -PasswordNeverExpires -AccountNeverExpires | Out-Null
    }
    foreach ($call in $declared.appcmd) { Invoke-AppCmd $call }
    # Applications write where they lie, App_Data above all. By the number of IIS_IUSRS, as the pools' own names are not
    # known before IIS runs.
    & icacls C:\sites /grant '*S-1-5-32-568:(OI)(CI)M' /T /Q | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "icacls ended with $LASTEXITCODE for C:\sites" }
    Remove-Item $setup
} elseif (-not (Test-Path C:\sites\*)) {
    throw "there is no $setup"
}

# Not by ServiceMonitor, which would give the container's environment to a pool that no site uses, and ends at a % in it
# (microsoft/IIS.ServiceMonitor src/ServiceMonitor/IISConfigUtil.cpp).
$begun = [DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ss.fffZ')
Start-Service w3svc

# -- the logs ----------------------------------------------------------------------------------------------------

# How far each log was written to the output, also before the container was started again.
$positions = @{}
$records = @{ Application = 0; System = 0 }
if (Test-Path $state) {
    $before = [IO.File]::ReadAllText($state) | ConvertFrom-Json
    $begun = $before.begun
    foreach ($one in $before.positions.PSObject.Properties) { $positions[$one.Name] = [long] $one.Value }
    foreach ($one in $before.records.PSObject.Properties) { $records[$one.Name] = [long] $one.Value }
}

function Send-NewLines([string] $log, [string] $path) {
    $stream = [IO.File]::Open($path, 'Open', 'Read', 'ReadWrite,Delete')
    try {
        if (-not $positions.ContainsKey($path)) { $positions[$path] = 0 }
        $size = $stream.Length - $positions[$path]
        if ($size -le 0) { return }
        $stream.Position = $positions[$path]
        $bytes = New-Object byte[] $size
        $read = $stream.Read($bytes, 0, $size)
        # What is not a whole line yet comes with the next round.
        $end = [Array]::LastIndexOf($bytes, [byte] 10, $read - 1) + 1
        $positions[$path] += $end
        foreach ($line in $utf8.GetString($bytes, 0, $end).Split("`n")) {
            $line = $line.Trim("`r", "`0")
            if ($line) { Write-Line "[$log] $line" }
        }
    } finally {
        $stream.Dispose()
    }
}

$sources = @{
    Application = "Provider[@Name='ASP.NET 4.0.30319.0' or @Name='ASP.NET 2.0.50727.0' or @Name='.NET Runtime' or @Name='Application Error']"
    System = "Provider[@Name='Microsoft-Windows-WAS' or @Name='Microsoft-Windows-IIS-W3SVC']"
}

function Send-NewEvents([string] $channel) {
    $wanted = "*[System[$($sources[$channel]) and (EventRecordID > $($records[$channel])) and TimeCreated[@SystemTime >= '$begun']]]"
    $query = New-Object Diagnostics.Eventing.Reader.EventLogQuery $channel, ([Diagnostics.Eventing.Reader.PathType]::LogName), $wanted
    $reader = New-Object Diagnostics.Eventing.Reader.EventLogReader $query
    try {
        while ($null -ne ($event = $reader.ReadEvent())) {
            $records[$channel] = $event.RecordId
            # Where the source's texts are not installed, its values are all there is.
            $text = $null
            try { $text = $event.FormatDescription() } catch { }
            if (-not $text) { $text = ($event.Properties | ForEach-Object { $_.Value }) -join "`n" }
            $lines = $text.Replace("`r", '').TrimEnd().Split("`n")
            $level = @{ 1 = 'Critical'; 2 = 'Error'; 3 = 'Warning' }[[int] $event.Level]
            if (-not $level) { $level = 'Information' }
            $head = @{
                time = $event.TimeCreated.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ss.fffZ')
                source = $event.ProviderName; id = $event.Id; level = $level; lines = $lines.Length
            }
            $key = "$channel.$($event.RecordId)"
            Write-Line "[event $key] $(ConvertTo-Json -Compress $head)"
            foreach ($line in $lines) { Write-Line "[event $key] | $line" }
            $event.Dispose()
        }
    } finally {
        $reader.Dispose()
    }
}

$told = @{}

function Invoke-Each([scriptblock] $step) {
    # A log that cannot be read in this round can be in the next, and the others can be in this one.
    try { & $step } catch {
        if (-not $told["$_"]) { $told["$_"] = $true; Write-Line "a log could not be read: $_" }
    }
}

$kept = ''
while ((Get-Service w3svc).Status -in 'Running', 'StartPending') {
    # First, so that whatever was logged before a mark was asked for is written before it.
    $asked = @(Get-ChildItem $marks -ErrorAction SilentlyContinue | ForEach-Object { $_.Name })
    if ($asked) { Invoke-Each { & netsh http flush logbuffer | Out-Null } }
    foreach ($directory in Get-ChildItem C:\inetpub\logs\LogFiles -Directory -Filter W3SVC* -ErrorAction SilentlyContinue) {
        foreach ($file in Get-ChildItem $directory.FullName -Filter *.log | Sort-Object Name) {
            Invoke-Each { Send-NewLines "w3c $($directory.Name.Substring(5))" $file.FullName }
        }
    }
    foreach ($file in Get-ChildItem C:\Windows\System32\LogFiles\HTTPERR -Filter *.log -ErrorAction SilentlyContinue | Sort-Object Name) {
        Invoke-Each { Send-NewLines httperr $file.FullName }
    }
    Invoke-Each { Send-NewEvents Application }
    Invoke-Each { Send-NewEvents System }
    $now = ConvertTo-Json -Compress @{ begun = $begun; positions = $positions; records = $records }
    if ($now -ne $kept) { [IO.File]::WriteAllText($state, $now); $kept = $now }
    foreach ($mark in $asked) {
        Write-Line "[mark] $mark"
        Remove-Item "$marks\$mark" -ErrorAction SilentlyContinue
    }
    Start-Sleep -Milliseconds 200
}
Write-Line 'IIS has ended'
exit 1
