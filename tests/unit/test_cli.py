"""The command `wincontainers`."""

import subprocess
import sys

import pytest

from pytest_wincontainers.cli import main

CONFIG = b'<?xml version="1.0"?>\r\n<configuration>\r\n  <add key="Who" value="nobody" />\r\n</configuration>\r\n'
XDT = 'xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform"'
SETS = f'<configuration {XDT}><add key="Who" value="me" xdt:Transform="SetAttributes" xdt:Locator="Match(key)" /></configuration>'
VAIN = f'<configuration {XDT}><add key="No" xdt:Transform="Remove" xdt:Locator="Match(key)" /></configuration>'


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "web.config").write_bytes(CONFIG)
    (tmp_path / "sets.config").write_text(SETS)
    (tmp_path / "vain.config").write_text(VAIN)
    (tmp_path / "broken.config").write_text("<configuration>\n  <add></configuration>")
    return tmp_path


def test_the_result_is_written_as_it_is(files, capfdbinary):
    assert main(["transform", "web.config", "sets.config"]) == 0
    assert capfdbinary.readouterr() == (CONFIG.replace(b"nobody", b"me"), b"")
    assert (files / "web.config").read_bytes() == CONFIG


def test_to_a_file_in_a_chain(files, capsys):
    assert main(["transform", "web.config", "vain.config", "sets.config", "-o", "out.config"]) == 0
    assert (files / "out.config").read_bytes() == CONFIG.replace(b"nobody", b"me")
    assert capsys.readouterr().out == ""
    assert (files / "out.config").stat().st_mode == (files / "web.config").stat().st_mode
    assert sorted(path.name for path in files.iterdir()) == [
        "broken.config",
        "out.config",
        "sets.config",
        "vain.config",
        "web.config",
    ]


def test_what_is_named_in_vain_is_told(files, capsys):
    assert main(["transform", "web.config", "vain.config", "-o", "out.config"]) == 0
    assert capsys.readouterr().err.startswith("wincontainers: warning: vain.config, line 1: ")
    assert main(["transform", "web.config", "vain.config", "-o", "other.config", "--strict"]) == 1
    assert "the transforms produced warnings" in capsys.readouterr().err
    assert not (files / "other.config").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["none.config", "sets.config"], "none.config cannot be read"),
        (["web.config", "none.config"], "none.config cannot be read"),
        (["web.config", "broken.config"], "broken.config, line 2, column "),
        (["web.config", "sets.config", "-o", "web.config"], "web.config is the file to be transformed"),
        (["web.config", "sets.config", "-o", "sets.config"], "sets.config is one of the transforms"),
        (["web.config", "sets.config", "-o", "none/out.config"], "No such file"),
    ],
)
def test_bad_input_is_one_sentence_and_loses_nothing(files, capsys, arguments, says):
    assert main(["transform", *arguments]) == 1
    error = capsys.readouterr().err
    assert error.startswith("wincontainers: ")
    assert says in error
    assert (files / "web.config").read_bytes() == CONFIG


@pytest.mark.parametrize("arguments", [[], ["transform"], ["transform", "web.config"], ["nothing"]])
def test_usage(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: wincontainers" in capsys.readouterr().err


def test_help_needs_nothing_heavy():
    code = "import sys\nfrom pytest_wincontainers.cli import main\ntry:\n    main(['transform', '--help'])\nfinally:\n    assert not {'docker', 'pytest', 'lxml'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "XDT" in done.stdout
