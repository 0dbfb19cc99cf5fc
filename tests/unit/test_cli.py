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


COMPOSE = """\
services:
  web:
    image: web:${TAG-1}
    ports: ["8080:80"]
    depends_on: [db]
    restart: always
  db:
    image: db
  more:
    image: more
    profiles: [more]
"""


@pytest.fixture
def compose(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TAG", raising=False)
    (tmp_path / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
    return tmp_path


def test_the_plan_of_a_compose_file(compose, capsys):
    assert main(["plan"]) == 0
    output = capsys.readouterr()
    assert output.out.splitlines() == [
        f"{compose.name}: {compose / 'compose.yaml'}",
        "web: container, image web:1",
        "  ports 80",
        "  on the network as web",
        "  needs db, and is ready after it",
        "db: container, image db",
        "  on the network as db",
        f"note: {compose / 'compose.yaml'}:6: services.web.restart has no effect: a container that ends is an error of "
        "the tests that need it",
    ]
    assert output.err == ""


def test_what_the_plan_is_for(compose, capsys):
    (compose / "vars").write_text("TAG=2", encoding="utf-8")
    assert main(["plan", "compose.yaml", "--service", "web", "--env-file", "vars"]) == 0
    assert "image web:2" in capsys.readouterr().out
    assert main(["plan", "--profile", "more", "."]) == 0
    assert "more: container, image more" in capsys.readouterr().out
    assert main(["plan", "--service", "db"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["db: container, image db", "  on the network as db"]


def test_problems_of_a_plan(compose, capsys):
    (compose / "compose.yaml").write_text(COMPOSE.replace("[db]", "[bd]").replace("image: db", "imgae: db"), "utf-8")
    assert main(["plan"]) == 2
    output = capsys.readouterr()
    assert "web: container" in output.out
    assert output.err.count("compose.yaml:") == 3
    assert "services.db: a service has no option 'imgae'; did you mean 'image'?" in output.err
    assert main(["plan", "nowhere.yaml"]) == 2
    assert "nowhere.yaml does not exist" in capsys.readouterr().err
