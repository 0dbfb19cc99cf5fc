"""Code pages: of consoles, of what is captured, and of the programs that are run."""

import ctypes
import os
import subprocess
import sys

import pytest

from pytest_wincontainers.errors import MigrationError
from pytest_wincontainers.guests import text
from pytest_wincontainers.machine import MACHINE
from pytest_wincontainers.migrations.command import command, run_here
from tests.kit.suite import WITHOUT_HYPOTHESIS

WORDS = {"cp1252": "Grüße, 5 €", "cp932": "日本語 テスト", "cp437": "Größe ½"}

TEST = """
import sys

def test_it(cache):
    print("{words} → ✓")
    assert False, "{words} → ✓"
"""
DECLARED = """
from pytest_wincontainers.errors import PreparationError

def explain(endpoint):
    raise PreparationError("{words} → ✓", hint="→ {words}")

@container(image="app:1", prepare=explain)
def app():
    pass
"""


def run(suite, encoding, *arguments):
    """The suite's run with standard output in an encoding that, as Windows' own, takes no other character."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", *WITHOUT_HYPOTHESIS, "-v", *arguments],
        cwd=suite.folder,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
    )


@pytest.mark.parametrize("encoding", ["cp1252", "cp932"])
def test_reports_reach_a_console_of_any_code_page(suite, encoding, mode):
    words = WORDS[encoding]
    suite.put(suite.folder, TEST.format(words=words) + "\n\ndef test_app(app):\n    pass\n")
    conftest = suite.folder / "conftest.py"
    conftest.write_text(conftest.read_text("utf-8") + DECLARED.format(words=words), "utf-8")
    done = run(suite, encoding, *mode)
    output = done.stdout.decode(encoding)
    assert "INTERNALERROR" not in output
    assert done.returncode == 1, output
    assert "1 failed, 1 error" in output
    # pytest writes what the code page lacks as an escape, and then everything else of that text, too.
    for line in (words, f"-> {words}", "hint: "):
        assert line in output or line.encode("unicode-escape").decode() in output or line.startswith("->")


@pytest.mark.parametrize("encoding", ["cp1252", "cp932", "utf-8"])
def test_what_a_tool_writes_is_read_as_utf_8_or_else_in_the_consoles_code_page(tmp_path, encoding):
    words = WORDS.get(encoding, "Grüße → 日本語")
    script = f"import os, sys; os.write(1, {words.encode(encoding)!r}); sys.exit(3)"
    with pytest.raises(MigrationError, match="exit code 3") as failed:
        run_here(command(sys.executable, "-c", script), tmp_path, lambda _: None)
    shown = words if encoding == "utf-8" else words.encode(encoding).decode(MACHINE.code_page, "replace")
    assert failed.value.details == shown


def test_the_code_page_is_the_consoles(monkeypatch):
    for page in (437, 850, 932):
        monkeypatch.setattr(ctypes.windll.kernel32, "GetOEMCP", lambda page=page: page, raising=False)
        assert text.decode(WORDS["cp437"].encode("cp437")) == WORDS["cp437"].encode("cp437").decode(
            f"cp{page}", "replace"
        )


def test_it_is_with_pythons_utf_8_mode_too():
    """Which is the default from Python 3.15 on."""
    script = (
        "from pytest_wincontainers.guests.text import decode\n"
        "import ctypes, sys\n"
        "page = f'cp{ctypes.windll.kernel32.GetOEMCP()}'\n"
        "sys.exit(decode(b'\\x9b\\x9d') != b'\\x9b\\x9d'.decode(page, 'replace'))\n"
    )
    assert subprocess.run([sys.executable, "-X", "utf8", "-c", script]).returncode == 0


def test_a_batch_file_writes_in_the_consoles_code_page(tmp_path):
    """cmd itself writes what it echoes in the code page of the console that it has."""
    (tmp_path / "tool.cmd").write_bytes(
        b"@echo off\r\necho " + "Größe".encode(MACHINE.code_page) + b"\r\nexit /b 3\r\n"
    )
    with pytest.raises(MigrationError) as failed:
        run_here(command("./tool.cmd"), tmp_path, lambda _: None)
    assert failed.value.details.strip() == "Größe"
