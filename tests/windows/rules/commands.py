"""Commands in containers, and their processes."""

from __future__ import annotations

from pathlib import PureWindowsPath

from tests.windows.proxy import Call, Refused

from .base import ONE, Area, command_line

RULES = Area()

PROGRAMS = {"cmd", "powershell", "ipconfig", "tar", "box", "netsh", "appcmd", "mysqldump", "ping"}
"""What stand-in guests have; all else is refused as a program that is not there."""
ACCOUNTS = {"containeradministrator": "0:0", "nt authority\\system": "0:0", "containeruser": "1000:1000"}
NO_PROGRAM = "/windows/nothing"
"""What a command becomes whose program is not there."""


def fail_to_start(call: Call, reason: str) -> None:
    """Have the command say what the engine would: it has answered already when it starts the program."""
    text = (
        f"container {call.words[1]} encountered an error during hcs::System::CreateProcess: failure in a Windows "
        f"system call: {reason}"
    )
    call.body["Cmd"] = ["/bin/sh", "-c", 'printf "%s\\r\\n" "$0"; exit 126', text]


@RULES.asked("POST", f"{ONE}/exec", "moby/moby daemon/oci_windows.go")
def words_become_a_command_line(call: Call) -> None:
    """A command's words are joined to one line by the rules of C programs, which the program takes apart again."""
    words = call.body["Cmd"]
    program = PureWindowsPath(words[0]).name.lower().removesuffix(".exe")
    call.body["Cmd"] = ["/windows/run", command_line(words)] if program in PROGRAMS else [NO_PROGRAM, words[0]]


@RULES.asked("POST", f"{ONE}/exec", "docker/docs#9870")
def accounts_are_windows_own(call: Call) -> None:
    """A command runs as one of Windows's own accounts; with another, the engine's error is its output."""
    user = (call.body.get("User") or "").lower()
    if user:
        call.body["User"] = ACCOUNTS.get(user, "")
        if user not in ACCOUNTS:
            fail_to_start(call, "The user name or password is incorrect. (0x52e)")


@RULES.asked(
    "POST", f"{ONE}/exec", "docker/for-win#6551, moby/moby daemon/errors.go, microsoft/service-fabric-issues#574"
)
def programs_are_looked_for_at_start(call: Call) -> None:
    """The output of a command whose program the image does not have is the engine's error, with exit code 126."""
    if call.body["Cmd"][0] == NO_PROGRAM:
        fail_to_start(call, f"The system cannot find the file specified. (0x2): {call.body['Cmd'][1]}")


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
