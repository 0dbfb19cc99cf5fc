"""The stand-in for Windows' cmd, where it is easily wrong; tests/windows_process compares it with cmd itself."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "guest"))
import windows as standin


def test_a_percent_sign_that_begins_no_variable_stays_and_the_next_may_begin_one(monkeypatch):
    """The example of stackoverflow.com/questions/4094699."""
    monkeypatch.setenv("b", "a")
    monkeypatch.delenv("a ", raising=False)
    assert standin.expanded("%a %b% c%") == "%a a c%"


def test_blanks_before_an_operator_are_written(capsys):
    with pytest.raises(SystemExit):
        standin.cmd('cmd /D /S /V:OFF /C "echo a & echo b"')
    assert capsys.readouterr().out.replace("\r\n", "\n") == "a \nb\n"
