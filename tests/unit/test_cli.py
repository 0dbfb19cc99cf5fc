"""The command `wincontainers`."""

import json
import os
import select
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
from click.shell_completion import ShellComplete

from pytest_wincontainers.cli import COMMANDS, main, wincontainers
from pytest_wincontainers.cli.completion import COMPLETE
from pytest_wincontainers.engines.registry import docker_address
from pytest_wincontainers.run.removal import Swept
from pytest_wincontainers.run.stack import Stacks, project_of
from pytest_wincontainers.testing import FakeEngine
from tests.unit.test_stack import BOX, kept, stack

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


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["transform"], "Missing argument 'WEB.CONFIG'"),
        (["transform", "web.config"], "Missing argument 'TRANSFORM...'"),
        (["nothing"], "there is no command 'nothing'"),
        (["tranform"], "did you mean 'transform'?"),
        (["plan", "--profil=x"], "--profile"),
        (["doctor", "--port=0"], "--port"),
        (["doctor", "--engine="], "is empty (option --engine)"),
    ],
)
def test_usage(arguments, says, capsys):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("Usage: wincontainers")
    assert says in error


def test_every_command_has_a_help(capsys):
    assert main(["--help"]) == 0
    every = capsys.readouterr().out
    for name in COMMANDS:
        assert f"  {name} " in every
        assert main([name, "-h"]) == 0
        assert capsys.readouterr().out.startswith(f"Usage: wincontainers {name} ")


def test_help_needs_nothing_heavy():
    code = "import sys\nfrom pytest_wincontainers.cli import main\nmain(['--help'])\nassert not {'docker', 'pytest', 'lxml'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "XDT" in done.stdout


def test_whoever_has_read_enough_sees_no_error():
    code = "import sys\nfrom pytest_wincontainers.cli import main\nsys.stdin.read()\nsys.exit(main(['--help']))"
    with subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, stderr=-1) as process:
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 1


@pytest.mark.parametrize(("no_color", "shown"), [("", "\x1b[1mweb\x1b[0m\r\n"), ("1", "web\r\n")])
def test_colours_are_for_terminals_that_want_them(no_color, shown):
    pty = pytest.importorskip("pty", reason="pseudo-terminals are POSIX's")
    code = "import click\nfrom pytest_wincontainers.cli.output import out\nout(click.style('web', bold=True))"
    environment = {**os.environ, "NO_COLOR": no_color}
    near, far = pty.openpty()
    subprocess.run([sys.executable, "-c", code], stdout=far, env=environment, check=True)
    os.close(far)
    assert os.read(near, 1024).decode() == shown
    os.close(near)
    piped = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert piped.stdout == "web\n"


# -- completion -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["bash", "zsh", "powershell"])
def test_the_script_for_a_shell(shell, capsys):
    if shell == "bash" and shutil.which("bash") is None:
        pytest.skip("click asks bash for its version")
    assert main(["completion", shell]) == 0
    assert "_WINCONTAINERS_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "word", "found"),
    [
        (["wincontainers"], "", ["init", "plan", "transform", "completion"]),
        (["wincontainers", "tr"], "tr", ["transform"]),
        (["wincontainers", "plan", "--pro"], "--pro", ["--profile", "--project-directory"]),
    ],
)
def test_what_a_shell_is_told(words, word, found, monkeypatch, capsys):
    monkeypatch.setenv("_WINCONTAINERS_COMPLETE", "powershell_complete")
    monkeypatch.setenv("WINCONTAINERS_WORDS", "\n".join(words))
    monkeypatch.setenv("WINCONTAINERS_WORD", word)
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 0
    told = [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()]
    assert [one for one in told if one in found] == sorted(found, key=told.index)
    assert set(found) <= set(told)
    assert all(one.startswith(word) for one in told)


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


@pytest.mark.parametrize("conftest", ["def (", "def pytest_configure(config):\n    raise RuntimeError('not today')"])
def test_the_plan_of_a_suite_that_cannot_be_loaded(conftest, tmp_path):
    (tmp_path / "conftest.py").write_text(conftest)
    command = [sys.executable, "-m", "pytest_wincontainers.cli", "plan"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error: " in done.stderr


# -- init -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "site/web.config": '<configuration><connectionStrings><add name="Shop" connectionString='
        '"Server=h;Port=3306;Database=shop;Uid=a"/></connectionStrings></configuration>',
        "site/Default.aspx": "",
        "db/V1__a.sql": "SELECT 1;",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return tmp_path


def test_the_first_files_are_written_and_explained(project, capsys):
    assert main(["init"]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    assert output.out.startswith("wrote conftest.py\nwrote test_containers.py\n")
    assert "migrations of shop: db\n  because it has 1 SQL file with Flyway's names\n" in output.out
    assert output.out.endswith("run the tests: pytest -p wincontainers\n")
    assert '@mysql_container(database="shop", migrations="db")' in (project / "conftest.py").read_text("utf-8")
    assert "def test_the_site_answers(web):" in (project / "test_containers.py").read_text("utf-8")


def test_an_existing_conftest_is_kept(project, capsys):
    (project / "conftest.py").write_text("mine = 1\n", encoding="utf-8")
    assert main(["init", str(project)]) == 1
    output = capsys.readouterr()
    assert '@mysql_container(database="shop", migrations="db")' in output.out
    assert "exists and is not overwritten" in output.err
    assert "hint: " in output.err
    assert (project / "conftest.py").read_text("utf-8") == "mine = 1\n"
    assert not (project / "test_containers.py").exists()
    assert main(["init", "--output", "more.py"]) == 0
    assert "Site(" in (project / "more.py").read_text("utf-8")
    assert main(["init", "--output", "more.py"]) == 1
    assert "more.py exists and is not overwritten\nhint: " in capsys.readouterr().err


def test_an_existing_test_file_is_kept(project, capsys):
    (project / "test_containers.py").write_text("", encoding="utf-8")
    assert main(["init"]) == 0
    assert "kept test_containers.py, which exists\n" in capsys.readouterr().out
    assert (project / "test_containers.py").read_text("utf-8") == ""


@pytest.mark.parametrize("option", ["--stdout", "--dry-run"])
def test_what_would_be_written(project, option, capsys):
    assert main(["init", option]) == 0
    output = capsys.readouterr()
    compile(output.out, "both", "exec")
    assert "database: shop\n  because " in output.err
    assert not (project / "conftest.py").exists()


def test_the_guesses_as_json(project, capsys):
    assert main(["init", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["databases"] == [
        {"fixture": "database", "database": "shop", "migrations": {"folder": "db", "pattern": None}}
    ]
    assert {"subject", "value", "reason"} == set(found["guesses"][0])
    assert not (project / "conftest.py").exists()


def test_nothing_found_is_an_example(tmp_path, capsys):
    assert main(["init", str(tmp_path)]) == 0
    assert "No site, database or compose file was found" in capsys.readouterr().out
    assert "mysql_container" in (tmp_path / "conftest.py").read_text("utf-8")


def test_wrong_use_of_init(project, capsys):
    assert main(["init", "--json", "--stdout"]) == 2
    assert "exclude each other" in capsys.readouterr().err
    assert main(["init", "nowhere"]) == 1
    assert "nowhere is not a directory\nhint: " in capsys.readouterr().err
    assert main(["init", "--output", "none/conftest.py"]) == 1
    assert "No such file" in capsys.readouterr().err


def write_command(folder):
    """The command as a shell finds it."""
    (folder / "wincontainers").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pytest_wincontainers.cli "$@"\n')
    (folder / "wincontainers").chmod(0o755)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("line", "found"),
    [("wincontainers re", {"restart", "reset"}), ("wincontainers ps --a", {"--all"}), ("wincontainers up ", set())],
)
def test_bash_itself_completes(line, found, tmp_path):
    write_command(tmp_path)
    words = line.split(" ")
    script = (
        f'PATH="{tmp_path}:$PATH"; eval "$(wincontainers completion bash)"; COMP_WORDS=({line}); '
        f'[ -n "{words[-1]}" ] || COMP_WORDS+=(""); COMP_CWORD={len(words) - 1}; '
        "$(complete -p wincontainers | sed 's/.*-F \\([^ ]*\\).*/\\1/') wincontainers; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path)
    assert (set(done.stdout.split()), done.stderr) == (found, "")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("logs ", ["cache", "database"]),
        ("exec da", ["database"]),
        ("restart cache ", ["database"]),
        ("reset database c", ["cache"]),
        ("logs --run ", ["abc"]),
        ("down --run x", []),
    ],
)
def test_names_of_containers_are_completed(line, found, tmp_path, monkeypatch):
    monkeypatch.delenv("WINCONTAINERS_STATE", raising=False)
    (tmp_path / "pytest.ini").write_text("[pytest]\nwincontainers_state = state\n")
    monkeypatch.chdir(tmp_path)
    containers = {"database": BOX, "cache": BOX}
    Stacks(tmp_path / "state").save(replace(stack(), project=project_of(tmp_path), containers=containers))
    *before, word = line.split(" ")
    complete = ShellComplete(wincontainers, {}, "wincontainers", COMPLETE)
    assert [one.value for one in complete.get_completions(before, word)] == found


def test_nothing_is_completed_where_a_setting_is_wrong(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WINCONTAINERS_RETRIES", "many")
    assert ShellComplete(wincontainers, {}, "wincontainers", COMPLETE).get_completions(["logs"], "") == []


SUITE = """
from pytest_wincontainers import container

@container(image="box:1")
def box():
    pass
"""


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """A suite whose commands run in processes of their own."""
    monkeypatch.setenv("WINCONTAINERS_STATE", str(tmp_path / "state"))
    (tmp_path / "conftest.py").write_text(SUITE)

    def command(*words):
        words = [sys.executable, "-m", "pytest_wincontainers.cli", *words]
        return subprocess.run(words, capture_output=True, text=True, cwd=tmp_path)

    command.folder = tmp_path
    return command


@pytest.mark.parametrize(
    "ini",
    [
        "filterwarnings = error\nwincontainers_keep_hours = 1",
        "filterwarnings = error\naddopts = -n2 --of-a-plugin\nwincontainers_keep_hours = 1",
    ],
)
def test_what_a_suite_has_for_its_tests_is_not_for_lists(suite, ini):
    (suite.folder / "pytest.ini").write_text(f"[pytest]\n{ini}\n")
    done = suite("ps")
    assert (done.stdout.split(), done.stderr, done.returncode) == (NO_STACKS, "", 0)


NO_STACKS = ["NAME", "SERVICE", "STATE", "CONTAINER", "ADDRESS", "UNTIL", "RUN"]


@pytest.mark.parametrize("addopts", ["", "-n2", "-n2 --junitxml=x.xml -p no:cacheprovider", "-p no:xdist"])
def test_a_plan_does_not_need_the_plugins_of_tests(suite, addopts, monkeypatch):
    (suite.folder / "pytest.ini").write_text(f"[pytest]\naddopts = {addopts}\n")
    if not addopts:
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    done = suite("plan")
    assert (done.stdout.splitlines()[0], done.returncode) == ("box: container from box:1", 0)


def test_a_plan_is_of_the_suite_around_or_of_a_compose_file(suite):
    below = suite.folder / "src"
    below.mkdir()
    assert suite("plan", "-C", "src").stdout.startswith("box: container from box:1\n")
    (below / "compose.yaml").write_text("services: {cache: {image: redis}}")
    assert "cache" in suite("plan", "-C", str(below)).stdout
    assert "cache" in suite("plan", "-C", "src", "compose.yaml").stdout
    assert suite("plan", "-C", "nowhere").returncode == 2


def test_an_internal_error_of_pytest_is_a_failure(suite):
    (suite.folder / "conftest.py").write_text(f"{SUITE}\ndef pytest_sessionfinish():\n    raise ValueError('mine')\n")
    done = suite("plan")
    assert ("ValueError: mine" in done.stderr, done.returncode) == (True, 1)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such files")
def test_a_pipe_is_written_to_and_stays_one(files):
    os.mkfifo(files / "pipe")
    reader = subprocess.Popen([sys.executable, "-c", "print(len(open('pipe', 'rb').read()))"], stdout=subprocess.PIPE)
    assert main(["transform", "web.config", "sets.config", "-o", "pipe"]) == 0
    assert int(reader.communicate(timeout=30)[0]) == len(CONFIG.replace(b"nobody", b"me"))
    assert (files / "pipe").is_fifo()


def test_what_is_on_an_engine_that_is_gone_can_be_forgotten(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("WINCONTAINERS_STATE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    gone = docker_address("tcp://127.0.0.1:1")
    kept(tmp_path, replace(stack(), project=project_of(tmp_path), engine=gone))
    assert main(["down"]) == 1
    assert "if that engine is gone, `wincontainers down --forget --run abc` forgets" in capsys.readouterr().err
    assert Stacks(tmp_path).all() != []
    assert main(["down", "--forget"]) == 0
    assert capsys.readouterr().out == "forgot box (run abc)\n"
    assert Stacks(tmp_path).all() == []


def test_what_cannot_be_removed_of_a_killed_run_fails_prune(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("WINCONTAINERS_STATE", str(tmp_path))
    swept = Swept(["removed the containers left by run abc, which was killed"], ["box could not be removed: busy"])
    monkeypatch.setattr("pytest_wincontainers.engines.registry.make_engine", lambda address: FakeEngine())
    monkeypatch.setattr("pytest_wincontainers.run.removal.sweep", lambda engine, state, run: swept)
    assert main(["prune"]) == 1
    told = capsys.readouterr()
    assert told.out == "removed the containers left by run abc, which was killed\n"
    assert told.err == "wincontainers: box could not be removed: busy\n"
    swept.problems.clear()
    assert main(["prune"]) == 0


def test_a_run_is_removed_from_wherever_one_is(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("WINCONTAINERS_STATE", str(tmp_path / "state"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    gone = docker_address("tcp://127.0.0.1:1")
    kept(tmp_path / "state", replace(stack(), project=project_of(tmp_path / "suite"), engine=gone))
    # The one of a variable that is not set does not mean all of them.
    for words in (["down", "--forget", "--run", "abd"], ["down", "--run", ""], ["logs", "box", "--run", "abd"]):
        assert main(words) == 1
        assert f"no containers of a run {words[words.index('--run') + 1]!r} stay" in capsys.readouterr().err
    assert main(["down", "--forget"]) == 0
    assert capsys.readouterr().out.startswith("nothing to remove for ")
    assert main(["down", "--forget", "--run", "abc"]) == 0
    assert capsys.readouterr().out == "forgot box (run abc)\n"


@pytest.mark.skipif(shutil.which("zsh") is None, reason="there is no zsh")
def test_zsh_itself_completes(tmp_path):
    pty = pytest.importorskip("pty", reason="pseudo-terminals are POSIX's")
    write_command(tmp_path)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "TERM": "dumb", "HOME": str(tmp_path)}
    near, far = pty.openpty()
    shell = subprocess.Popen(["zsh", "-f", "-i"], stdin=far, stdout=far, stderr=far, env=environment)
    os.close(far)

    def typed(keys, shown):
        os.write(near, keys)
        seen = b""
        while shown not in seen:
            assert select.select([near], [], [], 60)[0], seen
            seen += os.read(near, 65536)

    try:
        typed(b'autoload -Uz compinit; compinit -u -D; eval "$(wincontainers completion zsh)"; echo do""ne\n', b"done")
        typed(b"wincontainers rest\t", b"restart")
        typed(b"\x15wincontainers ps --pass\t", b"--passwords")
    finally:
        shell.kill()
        shell.wait()
        os.close(near)
