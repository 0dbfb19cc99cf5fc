"""Variables, whose names Windows does not tell apart by case, and the tools that get them."""

import subprocess
import sys

import pytest

from pytest_wincontainers.migrations.command import command, run_here

SHOW = "import os, pathlib; pathlib.Path('seen').write_text(repr([os.environ.get(n) for n in ('PATH', 'NEW')]))"


def test_a_tool_gets_the_variable_that_it_was_given_whatever_its_case(tmp_path):
    given = command(sys.executable, "-c", SHOW, environment={"Path": "C:\\tool", "new": "1"})
    run_here(given, tmp_path, lambda _: None)
    assert (tmp_path / "seen").read_text() == repr(["C:\\tool", "1"])


@pytest.mark.parametrize("name", ["wincontainers_artifacts", "Wincontainers_Artifacts"])
def test_settings_come_from_variables_of_any_case(suite, tmp_path, monkeypatch, name):
    monkeypatch.setenv(name, str(tmp_path / "logs"))
    suite.run().assert_outcomes(passed=1)
    assert len(suite.logs(tmp_path / "logs")) == 1


BATCH = "@echo off\r\necho %1 %~2\r\nexit /b 3\r\n"


def test_a_batch_file_is_found_and_gets_its_words(tmp_path, monkeypatch):
    """As Flyway's and Liquibase's are."""
    (tmp_path / "flyway.cmd").write_bytes(BATCH.encode())
    monkeypatch.setenv("PATH", f"{tmp_path};C:\\Windows\\System32")
    with pytest.raises(Exception, match="exit code 3") as failed:
        run_here(command("flyway", "migrate", "a b"), tmp_path, lambda _: None)
    assert failed.value.details.strip() == "migrate a b"


def test_the_end_of_a_tool_is_that_of_all_it_has_started(tmp_path):
    """Also of what the tool itself has not waited for, whose parent is gone."""
    child = "import time; time.sleep(3); open('late', 'w').close()"
    starter = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}])"
    tool = f"import subprocess, sys, time; subprocess.run([sys.executable, '-c', {starter!r}]); time.sleep(60)"
    with pytest.raises(Exception, match="timed out"):
        run_here(command(sys.executable, "-c", tool, timeout=2.5), tmp_path, lambda _: None)
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run([sys.executable, "-c", "import time; time.sleep(9)"], timeout=4)
    assert not (tmp_path / "late").exists()
