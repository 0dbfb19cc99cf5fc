"""The PowerShell of the images and of the package: by a grammar it is right, and it is run whatever the host's policy."""

import base64
import json
import re

import pytest
import tree_sitter
import tree_sitter_pwsh

from pytest_wincontainers.doctor.windows_host import CONDITIONS, SERVICES
from pytest_wincontainers.guests import windows
from pytest_wincontainers.hosts.base import EXCLUDED_PORTS, FLUSH_DNS
from pytest_wincontainers.hosts.events import EVENTS
from tests.kit.dockerfile import Dockerfile
from tests.kit.docs import ROOT

PLACES = [ROOT / "pytest_wincontainers", ROOT / "examples"]
PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_pwsh.language()))
DOCKERFILES = {
    path.relative_to(ROOT).as_posix(): Dockerfile(path.read_text("utf-8"))
    for place in PLACES
    for path in place.glob("**/windows/*/Dockerfile")
}
FILES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for place in PLACES
    for path in sorted(place.glob("**/*.ps1"))
}
RUNS = {
    f"{name} RUN {number}": run
    for name, dockerfile in DOCKERFILES.items()
    for number, run in enumerate(dockerfile.runs("powershell"), 1)
}
SNIPPETS = {
    "guests.windows": base64.b64decode(windows.powershell("Get-Date")[-1]).decode("utf-16-le"),
    "FLUSH_DNS": FLUSH_DNS.script,
    "EXCLUDED_PORTS": EXCLUDED_PORTS.script,
    "SERVICES": SERVICES.script,
    "CONDITIONS": CONDITIONS.script,
    "EVENTS": EVENTS.script,
}


def faults(script):
    """What the grammar does not know, by line."""
    found, open_ = [], [PARSER.parse(script.encode()).root_node]
    while open_:
        node = open_.pop()
        if node.is_error or node.is_missing:
            found.append((node.start_point.row + 1, node.text.decode() or f"{node.type} is missing"))
        open_ += node.children
    return sorted(found)


def command(run):
    """What PowerShell gets of a RUN instruction, which stands on a command line as it is."""
    assert not re.search(r'(?<!\\)"', run), "a quote without \\ is taken for the command line's own; write \\\""
    return run.replace('\\"', '"')


def test_every_image_has_some():
    assert len(DOCKERFILES) >= 4
    # cmd is enough for these.
    without = {"examples/frontend/images/windows/browser/Dockerfile", "examples/solution/images/windows/sdk/Dockerfile"}
    assert all(any(run.startswith(name) for run in RUNS) for name in DOCKERFILES.keys() - without)
    assert FILES


@pytest.mark.parametrize("name", [*FILES, *SNIPPETS])
def test_scripts_are_right(name):
    assert faults({**FILES, **SNIPPETS}[name]) == []


@pytest.mark.parametrize(
    "command", [FLUSH_DNS, EXCLUDED_PORTS, SERVICES, CONDITIONS, EVENTS], ids=lambda one: one.script[:20]
)
def test_a_command_for_hosts_fits_on_winrms_line(command):
    """Of 8,191 characters (diyan/pywinrm#184)."""
    assert len(" ".join(windows.powershell(command.script))) < 8_000


@pytest.mark.parametrize("name", RUNS)
def test_commands_of_builds_are_right(name):
    assert faults(command(RUNS[name])) == []


@pytest.mark.parametrize("name", DOCKERFILES)
def test_no_policy_keeps_scripts_from_running(name):
    dockerfile = DOCKERFILES[name]
    lines = [json.loads(rest) for one in ("SHELL", "ENTRYPOINT", "CMD") for rest in dockerfile.all(one)]
    for words in [[word.lower() for word in line] for line in lines]:
        if words[0] == "powershell":
            assert words[words.index("-executionpolicy") + 1] == "bypass"


BROKEN = [
    "if ($x) { 'a'",
    "$x = @{ a = 1; b = }",
    "throw 'no end",
    "function { }",
    "foreach ($one of $all) { }",
    "$x = (1 + ",
    "if $x { 1 }",
    "if ($x) { 1 } $y = 2 $z = 3",
]


@pytest.mark.parametrize("script", BROKEN)
def test_a_broken_script_is_seen(script):
    assert faults(script)


@pytest.mark.parametrize("name", [*RUNS, *FILES])
def test_a_bracket_that_is_missing_is_seen(name):
    whole = command(RUNS[name]) if name in RUNS else FILES[name]
    # Those in texts are no brackets.
    code = re.sub(r"(?m)#.*$|'[^']*'|\"(?:[^\"`]|`.)*\"", lambda text: "x" * len(text[0]), whole)
    for found in re.finditer(r"[{}()]", code):
        assert faults(whole[: found.start()] + whole[found.end() :]), whole[: found.end()]


def test_a_quote_of_the_command_line_is_seen():
    with pytest.raises(AssertionError, match="taken for the command line's own"):
        command('throw "no"')
