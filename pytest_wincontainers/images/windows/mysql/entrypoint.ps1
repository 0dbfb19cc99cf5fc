# Starts the server with the accounts that the environment names (the official MySQL image's names). Their passwords are
# in the environment or, unlike that, seen by nobody else, in a file that is deleted here.
$ErrorActionPreference = 'Stop'

$given = 'C:\wincontainers\accounts'
if (Test-Path $given) {
    foreach ($line in [IO.File]::ReadAllLines($given)) {
        $name, $value = $line.Split('=', 2)
        [Environment]::SetEnvironmentVariable($name, $value)
    }
    Remove-Item $given
}
# What an earlier start has logged is in the engine's log, or another run's.
Remove-Item C:\mysql\slow.log, C:\mysql\general.log -ErrorAction SilentlyContinue

function Text([string] $value) { $value.Replace('\', '\\').Replace("'", "''") }
function Name([string] $value) { $value.Replace('`', '``') }
# In a grant, _ and % in a database's name are wildcards unless escaped.
function Pattern([string] $value) { (Name $value) -replace '([_%])', '\$1' }

# A container that is started again has its accounts.
$done = 'C:\mysql\accounts-made'
if (-not $env:MYSQL_ROOT_PASSWORD -and -not (Test-Path $done)) {
    [Console]::Error.WriteLine('MYSQL_ROOT_PASSWORD is not set'); exit 1
}
$root = Text $env:MYSQL_ROOT_PASSWORD
$lines = @(
    "ALTER USER 'root'@'localhost' IDENTIFIED BY '$root';"
    "CREATE USER IF NOT EXISTS 'root'@'%';"
    "ALTER USER 'root'@'%' IDENTIFIED BY '$root';"
    "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;"
)
if ($env:MYSQL_DATABASE) { $lines += "CREATE DATABASE IF NOT EXISTS ``$(Name $env:MYSQL_DATABASE)``;" }
if ($env:MYSQL_USER) {
    $user = Text $env:MYSQL_USER
    # What the account may do already, by migrations in a snapshot, it may go on doing.
    $lines += "CREATE USER IF NOT EXISTS '$user'@'%';"
    $lines += "ALTER USER '$user'@'%' IDENTIFIED BY '$(Text $env:MYSQL_PASSWORD)';"
    if ($env:MYSQL_DATABASE) { $lines += "GRANT ALL ON ``$(Pattern $env:MYSQL_DATABASE)``.* TO '$user'@'%';" }
}
# The server greets nobody before it has read the file, so nobody meets it half set up; then it is deleted, below.
$accounts = 'C:\mysql\accounts.sql'
$log = if ($env:MYSQL_BINARY_LOG) { '--log-bin=wincontainers-log' } else { '--skip-log-bin' }
$words = @('--defaults-file=C:\mysql\my.ini', '--no-monitor', '--console', $log) + $args
if ($env:MYSQL_ROOT_PASSWORD) {
    [IO.File]::WriteAllLines($accounts, $lines, (New-Object Text.UTF8Encoding $false))
    $words += "--init-file=$accounts"
    New-Item $done -ItemType File -Force | Out-Null
}
if ($env:MYSQL_GENERAL_LOG) { $words += '--general-log' }
Remove-Item Env:MYSQL_ROOT_PASSWORD, Env:MYSQL_PASSWORD -ErrorAction SilentlyContinue

# Without --no-monitor a second process would hold the output (mysql/mysql-server sql/restart_monitor_win.cc).
$server = Start-Process C:\mysql\bin\mysqld.exe -ArgumentList $words -NoNewWindow -PassThru
$null = $server.Handle  # else the exit code is lost

function Test-Greeting {
    $client = New-Object Net.Sockets.TcpClient
    # Else the container would count as running for two minutes after its end (microsoft/Windows-Containers#644).
    $client.LingerState = New-Object Net.Sockets.LingerOption $true, 0
    try {
        $client.Connect('127.0.0.1', 3306)
        $stream = $client.GetStream()
        $stream.ReadTimeout = 100
        return $stream.ReadByte() -ge 0
    } catch {
        return $false
    } finally {
        $client.Dispose()
    }
}

# The logs that the server writes to files go where the engine's log has them, as they grow.
$readers = @{}
while (-not $server.WaitForExit(200)) {
    if ((Test-Path $accounts) -and (Test-Greeting)) { Remove-Item $accounts -ErrorAction SilentlyContinue }
    foreach ($file in 'C:\mysql\slow.log', 'C:\mysql\general.log') {
        if (-not $readers[$file] -and (Test-Path $file)) {
            $stream = [IO.File]::Open($file, 'Open', 'Read', 'ReadWrite,Delete')
            $readers[$file] = New-Object IO.StreamReader $stream
        }
        if ($readers[$file]) {
            while ($null -ne ($line = $readers[$file].ReadLine())) { [Console]::Out.WriteLine($line) }
        }
    }
}
exit $server.ExitCode
