"""Commands in containers, and their processes."""

from __future__ import annotations

from pathlib import PureWindowsPath

from tests.windows.proxy import Call, Refused

from .base import ONE, Area, command_line

RULES = Area()

PROGRAMS = {"cmd", "powershell", "ipconfig", "tar", "box", "netsh", "appcmd", "mysqldump"}
"""What stand-in guests have; all else is refused as a program that is not there."""
ACCOUNTS = {"containeradministrator": "0:0", "nt authority\\system": "0:0", "containeruser": "1000:1000"}
NO_PROGRAM, NO_ACCOUNT = "/windows/nothing", "/windows/nobody"
"""What a command becomes whose program or account is not there, as only its start is refused."""


@RULES.asked("POST", f"{ONE}/exec", "moby/moby daemon/oci_windows.go")
def words_become_a_command_line(call: Call) -> None:
    """A command's words are joined to one line by the rules of C programs, which the program takes apart again."""
    words = call.body["Cmd"]
    program = PureWindowsPath(words[0]).name.lower().removesuffix(".exe")
    call.body["Cmd"] = ["/windows/run", command_line(words)] if program in PROGRAMS else [NO_PROGRAM, words[0]]


@RULES.asked("POST", f"{ONE}/exec", "docker/docs#9870")
def accounts_are_windows_own(call: Call) -> None:
    """A command runs as one of Windows's own accounts; another is only found wanting when it is to run."""
    user = (call.body.get("User") or "").lower()
    if user:
        call.body["User"] = ACCOUNTS.get(user, "")
        if user not in ACCOUNTS:
            call.body["Cmd"] = [NO_ACCOUNT, user]


@RULES.asked("POST", "/exec/[^/]+/start", "docker/for-win#6551, moby/moby daemon/errors.go")
def programs_are_looked_for_at_start(call: Call) -> None:
    """A program that the image does not have is refused when it is to run, with 400."""
    _, told = call.proxy.upstream("GET", f"/exec/{call.words[1]}/json")
    process = (told or {}).get("ProcessConfig") or {}
    if process.get("entrypoint") == NO_PROGRAM:
        raise Refused(
            400,
            f"container {told['ContainerID']} encountered an error during hcs::System::CreateProcess: failure in a "
            f"Windows system call: The system cannot find the file specified. (0x2): {process['arguments'][0]}",
        )
    if process.get("entrypoint") == NO_ACCOUNT:
        raise Refused(
            500,
            f"container {told['ContainerID']} encountered an error during hcs::System::CreateProcess: failure in a "
            "Windows system call: The user name or password is incorrect. (0x52e)",
        )


@RULES.failed("POST", f"{ONE}/start", "moby/moby daemon/errors.go")
def programs_that_are_missing_fail_the_start(call: Call) -> None:
    """A container whose program the image does not have is refused at start, with 400."""
    words = str(call.answer.get("message"))
    if "executable file not found" in words or "no such file or directory" in words:
        command = command_line([*(call.inspect()["Config"].get("Entrypoint") or []), *call.inspect()["Config"]["Cmd"]])
        call.status = 400
        call.answer = {
            "message": f"container {call.words[1]} encountered an error during hcs::System::CreateProcess: failure in a "
            "Windows system call: The system cannot find the file specified. (0x2) extra info: "
            f'{{"CommandLine":"{command}"}}'
        }


@RULES.asked("GET", f"{ONE}/top", "moby/moby daemon/top_windows.go")
def top_takes_no_arguments(call: Call) -> None:
    """Arguments to top are refused."""
    if call.query.get("ps_args"):
        raise Refused(500, "Windows does not support arguments to top")
