#!/usr/bin/env python3
"""A stand-in for a Windows guest: the programs that pytest-wincontainers runs in one, from a Windows command line.

Whatever else is asked for is refused loudly, so that a test that needs more of Windows does not pass here.
"""

import base64
import os
import re
import signal
import socket
import subprocess
import sys
import tarfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from output import local, say, write


def refuse(text):
    write(f"the stand-in for Windows does not know: {text}\n", sys.stderr)
    sys.exit(99)


def words_of(line):
    """A command line taken apart as C programs do (the rules of CommandLineToArgvW)."""
    words, word, quoted, there, at = [], "", False, False, 0
    while at < len(line):
        slashes = len(line) - at - len(line[at:].lstrip("\\"))
        if slashes and line[at + slashes : at + slashes + 1] == '"':
            word += "\\" * (slashes // 2)
            at += slashes
            if slashes % 2:
                word, at, there = word + '"', at + 1, True
            continue
        letter = line[at]
        if letter == '"':
            quoted, there = not quoted, True
        elif letter in " \t" and not quoted:
            if there:
                words.append(word)
            word, there = "", False
        else:
            word, there = word + letter, True
        at += 1
    return [*words, word] if there else words


# -- cmd --------------------------------------------------------------------------------------------------------


def cmd(line):
    """cmd [switches] /C string, by the phases that it goes through: variables, then quotes and operators."""
    found = re.match(r'(?i)\s*"?cmd(?:\.exe)?"?((?:\s+/(?:d|s|q|v:(?:on|off)))*)\s+/c\s?(.*)', line, re.DOTALL)
    if not found:
        refuse(line)
    string = found[2]
    if string.startswith('"') and "/s" in found[1].lower():
        head, _, tail = string[1:].rpartition('"')
        string = head + tail
    if len(string) > 8191:
        say("The command line is too long.")
        sys.exit(1)
    string = expanded(string)
    if len(string) > 8191:
        say("The command line is too long.")
        sys.exit(1)
    code = 0
    for operator, command, target in commands_of(string):
        if (operator == "&&" and code) or (operator == "||" and not code):
            continue
        # What is between a command and an operator belongs to the command.
        code = run_in_cmd(command.lstrip() if target is None else command.strip(), target)
    sys.exit(code)


def expanded(string):
    """With variables in their places. A % before what is no variable's name stays, and the next one may begin one."""
    names = {name.upper(): value for name, value in os.environ.items()}
    done, at = "", 0
    while at < len(string):
        found = re.match(r"%([^%]+)%", string[at:])
        if found and found[1].upper() in names:
            done, at = done + names[found[1].upper()], at + found.end()
        else:
            done, at = done + string[at], at + 1
    return done


def commands_of(string):
    """Split at the operators that stand outside of quotes and have no caret before them."""
    command, operator, target, quoted, at = "", "&", None, False, 0
    while at < len(string):
        letter = string[at]
        if letter == '"':
            quoted = not quoted
        if quoted or letter not in "^&|<>":
            command, at = command + letter, at + 1
        elif letter == "^":
            command, at = command + string[at + 1 : at + 2], at + 2
        elif letter == ">":
            append = string.startswith(">>", at)
            found = re.match(r"\s*(\S+)\s*", string[at + 1 + append :])
            if not found or target:
                refuse(string)
            target = (found[1], "a" if append else "w")
            at += 1 + append + found.end()
        elif letter == "<" or (string[at : at + 2] not in {"&&", "||"} and letter == "|"):
            refuse(string)
        else:
            yield operator, command, target
            target = None
            operator = string[at : at + 2] if string[at : at + 2] in {"&&", "||"} else "&"
            command, at = "", at + len(operator)
    yield operator, command, target


def run_in_cmd(command, target):
    name, _, rest = command.partition(" ")
    if name.lower() == "echo":
        if not rest.strip():
            refuse("echo without a text")
        if target is None:
            say(rest)
            return 0
        path, mode = target
        with open(local(path), mode, newline="") as file:
            file.write(rest + "\r\n")
        return 0
    if name.lower() == "exit":
        sys.exit(int(rest or 0))
    if name.lower() == "ver":
        say("\nMicrosoft Windows [Version 10.0.0.0]")
        return 0
    if name.lower() == "type" and rest.strip().lower() == "nul" and target is not None:
        Path(local(target[0])).touch()
        return 0
    if name.lower() == "type":
        write(Path(local(rest.strip('"'))).read_text())
        return 0
    if name.lower() in PROGRAMS:
        return subprocess.run(["/windows/run", command]).returncode
    write(
        f"'{name}' is not recognized as an internal or external command,\noperable program or batch file.\n", sys.stderr
    )
    return 1


# -- PowerShell -------------------------------------------------------------------------------------------------


def powershell(line):
    words = words_of(line)
    options = "powershell -nologo -noprofile -noninteractive -executionpolicy bypass -encodedcommand"
    *given, encoded = words
    if " ".join(given).lower() != options:
        refuse(line)
    script = base64.b64decode(encoded, validate=True).decode("utf-16-le")
    utf8 = "[Console]::OutputEncoding=[Text.UTF8Encoding]::new();"
    page = "utf-8" if utf8 in script else None
    script = script.replace("$ProgressPreference='SilentlyContinue';", "").replace(utf8, "")
    errors = [] if "Silently" in base64.b64decode(encoded).decode("utf-16-le") else [progress()]
    code = 0
    for statement in statements_of(script):
        name, _, rest = statement.partition(" ")
        if name == "Write-Output":
            write(value_of(rest) + "\n", page=page) if page else say(value_of(rest))
        elif name == "Write-Error":
            errors.append(record("Error", value_of(rest) + "_x000D__x000A_"))
        elif name == "throw":
            errors.append(record("Error", value_of(rest) + "_x000D__x000A_"))
            code = 1
            break
        elif name == "exit":
            code = int(rest)
            break
        elif statement == "Clear-DnsClientCache":
            flush()
        else:
            refuse(statement)
    if errors:
        xml = '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">'
        write("#< CLIXML\n" + xml + "".join(errors) + "</Objs>", sys.stderr)
    sys.exit(code)


def record(kind, text):
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return f'<S S="{kind}">{text}</S>'


def progress():
    return '<Obj S="progress" RefId="0"><MS><I64 N="SourceId">1</I64></MS></Obj>'


def statements_of(script):
    """Split at line ends and semicolons outside of quotes."""
    return [one.strip() for one in re.findall(r"(?:'(?:[^']|'')*'|[^;\n'])+", script) if one.strip()]


def value_of(text):
    text = text.strip()
    if text.startswith("$env:"):
        return os.environ.get(text[5:], "")
    if re.fullmatch(r"'(?:[^']|'')*'", text, re.DOTALL):
        return text[1:-1].replace("''", "'")
    return refuse(text)


# -- the others -------------------------------------------------------------------------------------------------


def ipconfig(line):
    if [word.lower() for word in words_of(line)[1:]] != ["/flushdns"]:
        refuse(line)
    say("\nWindows IP Configuration\n")
    if os.getuid() != 0:
        say("The requested operation requires elevation.")
        sys.exit(1)
    flush()
    say("Successfully flushed the DNS Resolver Cache.")


def flush():
    if os.path.exists("/run/nscd/socket"):
        subprocess.run(["nscd", "--invalidate=hosts"], check=True)


def tar(line):
    """Windows has bsdtar, which reads its input to the end (libarchive archive_read_open_filename.c)."""
    words = words_of(line)[1:]
    if words[:3] == ["-x", "-f", "-"] and words[3] == "-C":
        with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as archive:
            archive.extractall(local(words[4]))
        sys.stdin.buffer.read()
    elif words[:3] == ["-c", "-f", "-"] and words[3] == "-C":
        folder = local(words[4])
        if not os.path.exists(f"{folder}/{words[5]}"):
            write(f"tar: {words[5]}: Couldn't find file: No such file or directory\n", sys.stderr)
            sys.exit(1)
        with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
            archive.add(f"{folder}/{words[5]}", words[5])
    else:
        refuse(line)


def appcmd(line):
    import iis

    try:
        iis.appcmd(words_of(line)[1:])
    except (iis.Refused, KeyError) as problem:
        refuse(f"{line}: {problem!r}")


def icacls(line):
    """Whoever may write into the sites: here everybody who runs a site may anyway."""
    if words_of(line)[1:] != ["C:\\sites", "/grant", "*S-1-5-32-568:(OI)(CI)M", "/T", "/Q"]:
        refuse(line)


def agent(line):
    """What the entry point for Windows does beside serving."""
    import iis

    verb, *given = words_of(line)[1:]
    if verb != "account":
        refuse(line)
    iis.add_account(*given)


def mysqldump(line):
    os.execvp("mysqldump", words_of(line))


def ping(line):
    """Until ended, or once; then as Windows has it: a host that does not answer is no error, and one without a name is."""
    words = words_of(line)[1:]
    host = words[-1]
    if words == ["-t", host]:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        while True:
            say(f"Reply from ::1: time<1ms to {host}")
            time.sleep(1)
    if words != ["-4", "-n", "1", host]:
        refuse(line)
    try:
        address = socket.gethostbyname(host)
    except OSError:
        say(f"Ping request could not find host {host}. Please check the name and try again.")
        sys.exit(1)
    say(f"\nPinging {host} [{address}] with 32 bytes of data:")
    try:
        socket.create_connection((address, 9), 2).close()
    except ConnectionRefusedError:
        say(f"Reply from {address}: bytes=32 time<1ms TTL=128")
    except OSError:
        say("Request timed out.")


def box(line):
    os.execv("/windows/box.py", words_of(line))


PROGRAMS = {
    "cmd": cmd,
    "powershell": powershell,
    "ipconfig": ipconfig,
    "tar": tar,
    "box": box,
    "appcmd": appcmd,
    "icacls": icacls,
    "agent": agent,
    "mysqldump": mysqldump,
    "ping": ping,
}

if __name__ == "__main__":
    program = os.path.basename(sys.argv[0])
    if program.endswith(".exe"):
        # By the entry point, which gives the rest of the line as one argument.
        whole = f"{program} {sys.argv[1]}"
    elif program == "run":
        whole = sys.argv[1]
    else:
        refuse(sys.argv)
    name = re.split(r"[\\/]", words_of(whole)[0])[-1].lower().removesuffix(".exe")
    if name not in PROGRAMS:
        refuse(whole)
    PROGRAMS[name](whole)
