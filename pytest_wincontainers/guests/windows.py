"""Windows containers."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path, PureWindowsPath

from pytest_wincontainers.guests import text
from pytest_wincontainers.guests.base import Patience

_PIPE = "\\\\.\\pipe\\"
_LONGEST_COMMAND_LINE = 32_000
"""Characters that CreateProcess takes, less what the engine adds; cmd itself reads 8,191."""
_LONGEST_CMD_LINE = 8_100
_LINE = "WINCONTAINERS_LINE"


class Windows:
    """See `GuestRules`."""

    title = "Windows"
    root = "C:\\"
    shell = ("cmd", "/S", "/C")
    # Hosts fail when many containers start at once, and tell it by timeouts (docker/for-win#8770).
    parallel_starts = 2
    # A layer may be held for a minute after its container has ended (moby/moby#40723).
    removal_rounds = 8
    patience = Patience(20, 1.0)
    # The service makes the network `nat` when it starts, and there can be only one.
    makes_networks = False
    # Refused when the container starts (moby/moby daemon/libnetwork/drivers/windows).
    binds_addresses = False
    routed = True
    images_match_host = True
    build_network = None
    host_caches_dns = True
    host_logs_events = True
    has_isolation = True
    # Images whose user is ContainerUser, as Nano Server's is, may not flush (facts: portainer/portainer#3866).
    administrator = "ContainerAdministrator"
    # Not Clear-DnsClientCache: Nano Server has no PowerShell, and starting one takes up to a second.
    flush_dns = ("ipconfig", "/flushdns")
    may_lack_shell = False

    def archives_reach(self, isolation: str) -> bool:
        # The files of a running Hyper-V container are its virtual machine's (moby/moby daemon/archive_windows.go).
        return isolation != "hyperv"

    def decode(self, output: bytes) -> str:
        return text.decode(output)

    def mount_problem(self, source: str | Path, target: str, *, near: bool) -> str | None:
        """See `GuestRules`; the rules are the engine's own (moby/moby daemon/volume/mounts/windows_parser.go)."""
        folder = PureWindowsPath(target)
        pipe = is_pipe(target)
        if pipe != is_pipe(str(source)):
            return "a named pipe can only be mounted to a named pipe: both paths must start with \\\\.\\pipe\\"
        if pipe:
            return None
        if not folder.drive:
            return f"the target {target} has no drive letter; write it as C:\\{str(folder).lstrip(chr(92))}"
        if not folder.root:
            return f"the target {target} is relative; add a backslash after the drive letter"
        if folder == PureWindowsPath(folder.anchor):
            return f"the target {target} is the root of a drive; Windows only mounts to directories"
        if near and not Path(source).exists():
            return f"the mount source {source} does not exist, and Windows engines do not create it"
        if near and not Path(source).is_dir():
            return f"{source} is a file, and Windows only mounts directories; mount the directory that contains it"
        if not near and not PureWindowsPath(source).is_absolute():
            return f"the mount source {source} is on the engine's machine; write it with its drive letter"
        return None

    def unpack(self) -> Sequence[str]:
        # In Windows since build 17063, Nano Server's images included.
        return ("tar", "-x", "-f", "-", "-C", "C:\\")

    def pack(self, path: str) -> Sequence[str]:
        whole = PureWindowsPath(path)
        return ("tar", "-c", "-f", "-", "-C", str(whole.parent), whole.name)


def is_pipe(path: str) -> bool:
    """Whether a mount's source or target is a named pipe, with slashes of either kind."""
    return path.replace("/", "\\").lower().startswith(_PIPE)


def cmd(line: str) -> tuple[Sequence[str], Mapping[str, str]]:
    """Command and environment that have cmd run `line` as it would at its prompt.

    The engine joins a command's words by the rules of C programs, in which a quote becomes \\", and cmd does not
    know that (moby/moby daemon/oci_windows.go). So the line travels in a variable, which cmd expands once, before
    it looks for quotes and operators. For the same reason a % in it stays what it is. Raises ValueError for a
    line that is too long or has several lines.
    """
    if "\n" in line or "\r" in line:
        raise ValueError("cmd accepts a single line; join commands with &")
    if len(line) > _LONGEST_CMD_LINE:
        raise ValueError(f"cmd accepts at most {_LONGEST_CMD_LINE} characters, not {len(line)}; use PowerShell")
    return ("cmd", "/D", "/S", "/V:OFF", "/C", f"%{_LINE}%"), {_LINE: line}


def powershell(script: str) -> Sequence[str]:
    """The command that has PowerShell run a script of any lines and characters.

    Raises ValueError for one that is too long for a command line.
    """
    # Progress bars would be written to standard error as XML, and output in the console's code page.
    preface = "$ProgressPreference='SilentlyContinue';[Console]::OutputEncoding=[Text.UTF8Encoding]::new();"
    encoded = base64.b64encode((preface + script).encode("utf-16-le")).decode()
    if len(encoded) > _LONGEST_COMMAND_LINE:
        most = _LONGEST_COMMAND_LINE * 3 // 8 - len(preface)
        raise ValueError(
            f"a script may have at most {most} characters, not {len(script)}; copy it in and run it with -File"
        )
    # The script may run files, whatever the policy of its host says to those.
    policy = ("-ExecutionPolicy", "Bypass")
    return ("powershell", "-NoLogo", "-NoProfile", "-NonInteractive", *policy, "-EncodedCommand", encoded)
