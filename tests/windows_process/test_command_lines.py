"""Command lines, quoted as the plugin does, taken apart by Windows' own programs."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_wincontainers.guests.windows import cmd
from pytest_wincontainers.machine import MACHINE
from tests.kit.soak import amount
from tests.kit.wine import under_wine

sys.path.insert(0, str(Path(__file__).parents[1] / "guest"))
import windows as standin

PIECES = [
    *"abcÄé日€",
    '"',
    '""',
    "\\",
    "\\\\",
    '\\"',
    "'",
    " ",
    "\t",
    "%",
    "%PATH%",
    "^",
    "&",
    "|",
    "<",
    ">",
    "!",
    "(",
    ")",
    "*",
    ";",
    "=",
    ",",
    "/",
    "-",
]
LONGEST = 30_000
# Each process reports all its words, up to a mark, of many lists at once.
MARK = "::"
ECHO = "import json, sys; sys.stdout.buffer.write(json.dumps(sys.argv[1:]).encode())"


def words(draw):
    return ["".join(draw.choices(PIECES, k=draw.randrange(9))) for _ in range(draw.randrange(1, 6))]


def lists(count, seed):
    draw = random.Random(seed)
    return [words(draw) for _ in range(count)]


def batches(given):
    """As many lists as one command line takes."""
    batch, length = [], 0
    for one in given:
        more = len(subprocess.list2cmdline([*one, MARK])) + 1
        if batch and length + more > LONGEST:
            yield batch
            batch, length = [], 0
        batch.append(one)
        length += more
    yield batch


def test_a_program_gets_the_words_that_were_meant():
    """By `subprocess.list2cmdline`, with which calls of appcmd are written, and Windows' CreateProcess."""
    for batch in batches(lists(10_000, 1)):
        flat = [word for one in batch for word in (*one, MARK)]
        told = subprocess.run(
            [sys.executable, "-I", "-S", "-c", ECHO, *flat], stdout=subprocess.PIPE, check=True
        ).stdout
        assert json.loads(told) == flat
        # The stand-in for Windows' containers takes the line apart in the same way.
        assert standin.words_of(subprocess.list2cmdline(flat)) == flat


# -- cmd ---------------------------------------------------------------------------------------------------------

# Neither ^", which Wine 8 takes for a caret and a quote, nor a % before a variable, which it takes for a name's
# beginning up to the next one, nor ^^ behind a quoted text, which it leaves as it is; Windows does none of that
# (stackoverflow.com/questions/4094699).
WORDS = [*"abc xyz!'(),;=/\\", "  ", "%ABC%", "%abc%", "%NONE%"]
QUOTED = ['"a & b"', '"<x> | y"']
ESCAPED = ["^^", "^&", "^|", "^<"]
VALUE = "some words"
ERROR_INTERNAL_ERROR = 1359


def lines(count):
    """One to three commands that write something, as they would be typed."""
    draw = random.Random(2)
    for _ in range(count):
        texts = WORDS + draw.choice([QUOTED, ESCAPED])
        commands = ["echo x" + "".join(draw.choices(texts, k=draw.randrange(9))) for _ in range(draw.randrange(1, 4))]
        # Not ||, after which Wine 8 goes on although echo has succeeded.
        operator = draw.choice([" & ", "&", " && ", "&&"])
        # A quote that nothing closes reaches to the end.
        yield operator.join(commands) + draw.choice(["", " 100%", '" & echo y'])


@pytest.fixture
def by_standin(monkeypatch, capsys):
    """What the stand-in for Windows' containers writes of a command line, and its exit code."""
    monkeypatch.setenv("ABC", VALUE)

    def run(line):
        with pytest.raises(SystemExit) as ended:
            standin.cmd(line)
        return ended.value.code or 0, capsys.readouterr().out.replace("\r\n", "\n")

    return run


def by_windows(line, **environment):
    """The same of this system's cmd."""
    try:
        done = subprocess.run(line, env={**os.environ, "ABC": VALUE, **environment}, capture_output=True)
    except OSError as problem:
        # Of some hundreds of processes, Wine 8 fails to start one.
        if not under_wine() or problem.winerror != ERROR_INTERNAL_ERROR:
            raise
        return by_windows(line, **environment)
    return done.returncode, done.stdout.replace(b"\r\n", b"\n").decode(MACHINE.code_page)


@pytest.mark.soak
def test_the_stand_in_for_cmd_does_as_cmd_does(by_standin):
    for line in lines(amount(60, 2_000)):
        whole = f'cmd /D /S /V:OFF /C "{line}"'
        assert by_standin(whole) == by_windows(whole), line


@pytest.mark.skipif(
    under_wine(), reason="Wine 8's cmd looks for operators before it expands variables, and for its program's name, too"
)
def test_cmd_takes_a_line_from_a_variable(by_standin, monkeypatch):
    """Which it expands before anything else (stackoverflow.com/questions/4094699)."""
    for line in lines(amount(60, 2_000)):
        command, environment = cmd(line)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        whole = subprocess.list2cmdline(command)
        assert by_standin(whole) == by_windows(whole, **environment), line
