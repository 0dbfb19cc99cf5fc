"""One failing suite in every kind of report, read back by what reads such reports."""

import base64
import html
import json
import os
import re
import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import fastjsonschema
import pytest

from tests.kit import pictures
from tests.kit.pictures import picture_of
from tests.kit.reports import FOLDER, with_reports
from tests.kit.suite import WITHOUT_HYPOTHESIS

CONFTEST = """
import collections
from datetime import datetime, timezone
from pathlib import Path

import pytest
from pictures import picture_of
from pytest_wincontainers import container
from pytest_wincontainers.services import Attachment, Shown
from pytest_wincontainers.testing import FakeEngine

attempts = collections.Counter()


def pytest_wincontainers_engine(config):
    return FakeEngine()


@container(image="web:1")
def web():
    pass


@container(image="cache:1")
def cache():
    pass


class Page:
    kind = "page"
    name = "web"

    def __init__(self, test):
        attempts[test] += 1
        self.test = test
        self.attempt = attempts[test]

    def gather(self, folder, stem, mask):
        picture, source = folder / f"{stem}.png", folder / f"{stem}.html"
        picture.write_bytes(picture_of(self.test, self.attempt))
        source.write_text(f"<h1>{self.test} {self.attempt}</h1>")
        files = Attachment("page picture", str(picture), "image/png"), Attachment("page source", str(source), "text/html")
        return Shown(f"title: {self.test} {self.attempt}", files)

    def close(self):
        pass


def say(endpoint, text):
    # As the owner does what the container has written.
    with open(endpoint._link.info().log, "a") as log:
        log.write(f"{datetime.now(timezone.utc).isoformat().replace('+00:00', 'Z')} {text}\\n")


@pytest.fixture
def page(web, request):
    page = Page(request.node.name)
    web._link.evidence().opened(page)
    yield page
    web._link.evidence().done_with(page)
"""

SUITE = """
import pytest
from conftest import say


def test_passes(web):
    say(web, "of the one that passes")


def test_fails(web, cache, page):
    say(web, "web said this")
    say(cache, "cache said that")
    assert 1 == 2


@pytest.fixture
def broken(cache):
    say(cache, "while it was set up")
    raise RuntimeError("no set-up")


def test_errs(broken):
    pass


tries = []


def test_recovers(web, page):
    tries.append(1)
    say(web, f"try {len(tries)}")
    assert len(tries) > 1
"""


class Reported:
    """The reports of one run."""

    def __init__(self, path, result):
        self.path = path
        self.result = result
        self.output = result.stdout.str()

    def artifact(self, pattern):
        (found,) = (self.path / ".wincontainers").glob(f"*-*-*/{pattern}")
        return found

    @property
    def junit(self):
        return self.path / "junit.xml"

    @property
    def manifest(self):
        return json.loads(self.artifact("run.json").read_text("utf-8"))


def run(pytester, *arguments, environment=()):
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_shop=SUITE)
    shutil.copy(pictures.__file__, pytester.path)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**with_reports(), **dict(environment)}.items():
            patch.setenv(name, value)
        result = pytester.runpytest_subprocess(*WITHOUT_HYPOTHESIS, *arguments)
    return Reported(pytester.path, result)


def source_of(test, attempt):
    return f"<h1>{test} {attempt}</h1>"


RERUNS = ["--reruns=1", "--only-rerun=AssertionError"]
SCHEMA_OF_MANIFESTS = json.loads((Path(__file__).parents[2] / "docs" / "run.schema.json").read_text("utf-8"))
_RUNS = {}


@pytest.fixture
def reported(pytester, mode):
    """One run in each mode, which nobody changes."""
    key = tuple(mode)
    if key not in _RUNS:
        files = ["--junitxml=junit.xml", "--html=report.html", "--alluredir=allure"]
        _RUNS[key] = run(pytester, *mode, *RERUNS, *files)
    return _RUNS[key]


def line_of(path, code):
    """The number of a line in the suite."""
    return [line.strip() for line in (path / "test_shop.py").read_text().splitlines()].index(code) + 1


def cases_of(reported):
    return {case.get("name"): case for case in ET.parse(reported.junit).iter("testcase")}


def test_every_report_says_which_container_a_line_is_from(reported):
    reported.result.assert_outcomes(passed=2, failed=1, errors=1)
    failed = cases_of(reported)["test_fails"]
    text = failed.find("failure").text
    for title, line in (("web: output", "web said this"), ("cache: output", "cache said that")):
        section = rf"-+ {title} -+\n\d\d:\d\d:\d\d\.\d{{3}} {line}\n"
        assert re.search(section, reported.output)
        assert re.search(section, text)
    assert "while it was set up" in cases_of(reported)["test_errs"].find("error").text
    assert "of the one that passes" not in reported.output


def test_junit_xml_has_attachments_and_is_what_ci_servers_read(reported):
    sys.path.append(str(FOLDER))
    from junitparser import JUnitXml

    (suite,) = JUnitXml.fromfile(str(reported.junit))
    assert (suite.tests, suite.failures, suite.errors) == (4, 1, 1)
    assert_valid(reported.junit)
    # It has a case for each test, whatever the number of attempts.
    failed = cases_of(reported)["test_fails"]
    properties = [(one.get("name"), Path(one.get("value"))) for one in failed.iter("property")]
    attached = [Path(path) for path in re.findall(r"(?m)^\[\[ATTACHMENT\|(.*)\]\]$", failed.find("system-out").text)]
    assert [path for name, path in properties if name != "wincontainers_files"] == attached
    folders = [path for name, path in properties if name == "wincontainers_files"]
    assert [path.parent for path in attached] == [folders[0], folders[0], folders[1], folders[1]]
    for attempt, (picture, source) in enumerate((attached[:2], attached[2:]), 1):
        assert picture.read_bytes() == picture_of("test_fails", attempt)
        assert source.read_text("utf-8") == source_of("test_fails", attempt)
    assert "title: test_fails 2" in failed.find("failure").text
    assert "title: test_fails 1" not in failed.find("failure").text
    recovered = cases_of(reported)["test_recovers"]
    (picture, _) = re.findall(r"(?m)^\[\[ATTACHMENT\|(.*)\]\]$", recovered.find("system-out").text)
    assert Path(picture).read_bytes() == picture_of("test_recovers", 1)
    assert cases_of(reported)["test_passes"].find("system-out") is None


# Of the schema of Jenkins' xUnit plugin (junit-10), what pytest and this plugin write.
SCHEMA = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:complexType name="text" mixed="true"><xs:attribute name="message" type="xs:string"/><xs:attribute name="type" type="xs:string"/></xs:complexType>
  <xs:complexType name="properties"><xs:sequence><xs:element name="property" maxOccurs="unbounded"><xs:complexType>
    <xs:attribute name="name" type="xs:string" use="required"/><xs:attribute name="value" type="xs:string" use="required"/>
  </xs:complexType></xs:element></xs:sequence></xs:complexType>
  <xs:element name="testcase"><xs:complexType><xs:choice minOccurs="0" maxOccurs="unbounded">
    <xs:element name="skipped" type="text"/><xs:element name="error" type="text"/><xs:element name="failure" type="text"/>
    <xs:element name="system-out" type="xs:string"/><xs:element name="system-err" type="xs:string"/>
    <xs:element name="properties" type="properties"/>
  </xs:choice>
  <xs:attribute name="name" type="xs:string" use="required"/><xs:attribute name="classname" type="xs:string"/>
  <xs:attribute name="time" type="xs:decimal"/></xs:complexType></xs:element>
  <xs:element name="testsuite"><xs:complexType><xs:choice minOccurs="0" maxOccurs="unbounded">
    <xs:element ref="testcase"/><xs:element name="properties" type="properties"/>
  </xs:choice>
  <xs:attribute name="name" type="xs:string" use="required"/><xs:attribute name="tests" type="xs:integer" use="required"/>
  <xs:attribute name="failures" type="xs:integer" use="required"/><xs:attribute name="errors" type="xs:integer" use="required"/>
  <xs:attribute name="skipped" type="xs:integer"/><xs:attribute name="time" type="xs:decimal"/>
  <xs:attribute name="timestamp" type="xs:dateTime"/><xs:attribute name="hostname" type="xs:string"/></xs:complexType></xs:element>
  <xs:element name="testsuites"><xs:complexType><xs:sequence><xs:element ref="testsuite" maxOccurs="unbounded"/></xs:sequence>
  <xs:attribute name="name" type="xs:string"/></xs:complexType></xs:element>
</xs:schema>"""


def assert_valid(path):
    from lxml import etree

    schema = etree.XMLSchema(etree.fromstring(SCHEMA))
    assert schema.validate(etree.parse(str(path))), schema.error_log


def rows_of(reported):
    """The rows of pytest-html's report: outcome, test, log and extras."""
    page = (reported.path / "report.html").read_text("utf-8")
    blob = json.loads(html.unescape(re.search(r'data-jsonblob="([^"]*)"', page)[1]))
    return [row for tests in blob["tests"].values() for row in tests]


def test_pytest_html_has_what_each_attempt_shows(reported):
    rows = {}
    for row in rows_of(reported):
        rows.setdefault((row["testId"].partition("::")[2], row["result"]), []).append(row)
    # It has a row for each report of an attempt that is run again, and every row has the extras of all attempts so far.
    assert set(rows) == {
        ("test_passes", "Passed"),
        ("test_fails", "Rerun"),
        ("test_fails", "Failed"),
        ("test_errs::setup", "Error"),
        ("test_recovers", "Rerun"),
        ("test_recovers", "Passed"),
    }
    (failed,) = rows["test_fails", "Failed"]
    (recovered,) = rows["test_recovers", "Passed"]
    for row in rows["test_fails", "Rerun"]:
        assert titles_in(row) == ["test_fails 1"]
    for row in rows["test_recovers", "Rerun"]:
        assert titles_in(row) == ["test_recovers 1"]
        assert "try 1" in row["log"]
    assert "try 1" not in recovered["log"]
    assert titles_in(failed) == ["test_fails 2"]
    assert "web: output" in failed["log"]
    assert shown_in(reported, failed) == {
        "page picture": picture_of("test_fails", 1),
        "page source": source_of("test_fails", 1).encode(),
        "page picture (attempt 2)": picture_of("test_fails", 2),
        "page source (attempt 2)": source_of("test_fails", 2).encode(),
    }
    assert shown_in(reported, recovered) == {
        "page picture": picture_of("test_recovers", 1),
        "page source": source_of("test_recovers", 1).encode(),
    }


def titles_in(row):
    return re.findall(r"(?m)^title: (.*)$", row["log"])


def shown_in(reported, row):
    """What the extras of a row show."""
    return {extra["name"]: _content(reported.path, extra["content"]) for extra in row["extras"]}


def _content(folder, place):
    if place.startswith("data:"):
        return base64.b64decode(place.partition(";base64,")[2])
    return (folder / place).read_bytes()


def test_a_self_contained_report_of_pytest_html_has_the_same(pytester, mode):
    reported = run(pytester, *mode, "--reruns=1", "--html=report.html", "--self-contained-html", "-k", "test_fails")
    # pytest-html warns of what is not in the report.
    reported.result.assert_outcomes(failed=1, warnings=0)
    (failed,) = [row for row in rows_of(reported) if row["result"] == "Failed"]
    assert shown_in(reported, failed) == {
        "page picture": picture_of("test_fails", 1),
        "page source": source_of("test_fails", 1).encode(),
        "page picture (attempt 2)": picture_of("test_fails", 2),
        "page source (attempt 2)": source_of("test_fails", 2).encode(),
    }


def test_allure_has_attachments_with_types(reported):
    results = [json.loads(path.read_text("utf-8")) for path in (reported.path / "allure").glob("*-result.json")]
    assert sorted((one["name"], one["status"]) for one in results)[:2] == [
        ("test_errs", "broken"),
        ("test_fails", "failed"),
    ]
    # It makes a result of each attempt.
    for test, attempts in (("test_fails", 2), ("test_recovers", 1)):
        failed = [one for one in results if one["name"] == test and one["status"] == "failed"]
        failed.sort(key=lambda one: one["start"])
        assert len(failed) == attempts
        for attempt, result in enumerate(failed, 1):
            of = f" (attempt {attempt})" if attempt > 1 else ""
            attached = {
                (one["name"], one["type"]): (reported.path / "allure" / one["source"]).read_bytes()
                for one in result["attachments"]
            }
            assert attached[f"page picture{of}", "image/png"] == picture_of(test, attempt)
            assert attached[f"page source{of}", "text/html"].decode() == source_of(test, attempt)
            assert attached[f"web: page{of}", "text/plain"].decode() == f"title: {test} {attempt}"
            line = b"web said this" if test == "test_fails" else b"try 1"
            assert line in attached[f"web: output{of}", "text/plain"]


def test_each_attempt_has_files_of_its_own(reported):
    folder = reported.artifact("tests/*test_fails*")
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()) == [
        "attempt-2/call.json",
        "attempt-2/web.html",
        "attempt-2/web.png",
        "call.json",
        "web.html",
        "web.png",
    ]


def test_a_password_on_the_command_line_is_not_in_the_manifest(pytester):
    conftest = "def pytest_addoption(parser):\n    parser.addoption('--db-password')\n    parser.addoption('--other')\n"
    pytester.makepyfile(options=conftest)
    reported = run(pytester, "-poptions", "--db-password=hunter22", "--other=seen", "-k", "test_passes")
    assert {"--db-password=***", "--other=seen"} < set(reported.manifest["command"])


def test_the_manifest_has_it_all(reported, mode):
    tests = {(test["id"].rpartition(":")[2], test["attempt"]): test for test in reported.manifest["tests"]}
    assert {key: test["outcome"] for key, test in tests.items()} == {
        ("test_passes", 1): "passed",
        ("test_fails", 1): "rerun",
        ("test_fails", 2): "failed",
        ("test_errs", 1): "error",
        ("test_recovers", 1): "rerun",
        ("test_recovers", 2): "passed",
    }
    failed = tests["test_fails", 2]
    (phase,) = [one for one in failed["phases"] if one["outcome"] == "failed"]
    assert (phase["file"], phase["line"]) == ("test_shop.py", line_of(reported.path, "assert 1 == 2"))
    assert phase["message"].startswith("assert 1 == 2")
    evidence = json.loads((reported.artifact("run.json").parent / phase["evidence"]).read_text("utf-8"))
    assert [one["name"] for one in evidence["containers"]] == ["web", "cache"]
    assert sorted(failed["containers"]) == ["cache", "web"]
    assert (failed["worker"] != "") == (mode == ["-n2"])
    assert reported.manifest["state"] == "finished"
    fastjsonschema.validate(SCHEMA_OF_MANIFESTS, reported.manifest)
    assert [(one["name"], one["end"]) for one in reported.manifest["containers"]] == [
        ("web", "ready"),
        ("cache", "ready"),
    ]


TOGETHER = {
    "meeting": """
import time
from pathlib import Path

def tell(what):
    Path(what).touch()

def wait_for(what):
    deadline = time.monotonic() + 30
    while not Path(what).exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
""",
    "test_one": """
from conftest import say
from meeting import tell, wait_for

def test_before(web):
    say(web, "before both")

def test_one(web):
    say(web, "one alone")
    tell("one has begun")
    wait_for("two has begun")
    say(web, "one beside two")
    tell("one has spoken")
    wait_for("two has spoken")
    assert 0

def test_after(cache):
    tell("one is over")
    say(cache, "nobody else")
    assert 0
""",
    "test_two": """
from conftest import say
from meeting import tell, wait_for

def test_before():
    wait_for("one has begun")

def test_two(web):
    tell("two has begun")
    wait_for("one has spoken")
    say(web, "two beside one")
    tell("two has spoken")
    wait_for("one is over")
    say(web, "two alone")
    assert 0
""",
}


def sections_of(text):
    """The lines of each section of a failure's text, without their times, by its title."""
    _, *found = re.split(r"(?m)^-+ (\w+: \w+) -+\n", text)
    lines = (re.sub(r"(?m)^[\d:.]+ ", "", part).splitlines() for part in found[1::2])
    return dict(zip(found[::2], lines, strict=True))


def test_tests_that_use_a_container_at_the_same_time_have_their_own_seconds_and_are_told(pytester):
    pytester.makepyfile(**TOGETHER)
    reported = run(pytester, "-n2", "--dist=loadfile", "test_one.py", "test_two.py", "--junitxml=junit.xml")
    reported.result.assert_outcomes(passed=2, failed=3)
    failed = {
        name: sections_of(case.find("failure").text)
        for name, case in cases_of(reported).items()
        if case.find("failure") is not None
    }
    told = {name: sections.pop("web: meanwhile", []) for name, sections in failed.items()}
    assert failed == {
        "test_one": {"web: output": ["one alone", "one beside two", "two beside one"]},
        "test_two": {"web: output": ["one beside two", "two beside one", "two alone"]},
        "test_after": {"cache: output": ["nobody else"]},
    }
    for name, other in (("test_one", "test_two"), ("test_two", "test_one")):
        (line,) = told[name]
        assert re.fullmatch(rf"{other}\.py::{other} used it at the same time in gw\d \(\d+\.\d\d s\)", line)
        # The terminal has the same.
        (shown,) = re.findall(
            rf"(?s)\n_+ {name} _+\n.*?-+ web: output -+\n(.*?)\n-+ web: meanwhile -+\n(.*?)\n", reported.output
        )
        assert re.sub(r"(?m)^[\d:.]+ ", "", shown[0]).splitlines() == failed[name]["web: output"]
        assert shown[1] == line
    assert told["test_after"] == []


def test_whatever_bytes_a_container_writes(pytester, mode):
    pytester.makepyfile(test_bytes=BYTES)
    reported = run(pytester, *mode, "test_bytes.py", "--junitxml=junit.xml", "--html=report.html", "--alluredir=allure")
    reported.result.assert_outcomes(failed=1)
    assert "INTERNALERROR" not in reported.output
    failure = cases_of(reported)["test_bytes"].find("failure").text
    assert "an error in red" in failure
    assert "Größe" in failure
    assert "no access" in failure
    assert re.search(r"x{9900,}… \(the whole line is in ", failure)
    assert reported.manifest["tests"][0]["outcome"] == "failed"
    page = reported.artifact("index.html").read_text("utf-8")
    assert not set(page) & {"\x00", "\x1b", "\x07"}


BYTES = """
import random
from datetime import datetime, timezone


def test_bytes(web):
    now = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z").encode() + b" "
    random.seed(7)
    lines = [
        b"\\x1b[91man error in \\x1b]0;title\\x07red\\x1b[0m",
        "Gr\\u00f6\\u00dfe".encode(),
        b"a\\x00b\\x07\\x0b\\x0c\\x85",
        b"\\xed\\xa0\\x80 half a character",
        b"#< CLIXML",
        b'<Objs Version="1.1.0.1"><S S="Error">no access_x000D__x000A_</S></Objs>',
        b"x" * 3_000_000,
        b"]]> </failure> <!-- & --",
        *(bytes(random.choices([c for c in range(256) if c != 10], k=200)) for _ in range(150)),
    ]
    with open(web._link.info().log, "ab") as log:
        log.write(b"".join(now + line + b"\\n" for line in lines))
    assert 0
"""


# -- CI servers -----------------------------------------------------------------------------------------------------


GITHUB = {"GITHUB_ACTIONS": "true"}


def test_github_actions(pytester, mode, tmp_path):
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    reported = run(
        pytester,
        *mode,
        environment={**GITHUB, "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_WORKSPACE": str(pytester.path.parent)},
    )
    found = annotations_in(reported.output)
    assert set(found) == {"test_fails", "test_errs", "test_recovers"}
    properties, message = found["test_fails"]
    # Its files are named below the directory that was checked out, wherever pytest runs.
    place = f"{pytester.path.name}/test_shop.py"
    assert (properties["file"], int(properties["line"])) == (place, line_of(pytester.path, "assert 1 == 2"))
    assert message.startswith("assert 1 == 2")
    assert "web: output\n" in message
    assert "web said this" in message
    text = summary.read_text("utf-8")
    assert text.startswith("before\n## Tests with containers\n")
    assert "| cache | " in text
    assert "web said this" in text


def annotations_in(output):
    """By test, what GitHub is told of it: properties and message."""
    found = {}
    for line in output.splitlines():
        # The grammar of actions/runner src/Runner.Common/ActionCommand.cs.
        match = re.fullmatch(r"::error (?P<properties>[^:]*)::(?P<message>.*)", line)
        if match:
            properties = dict(one.split("=", 1) for one in match["properties"].split(","))
            test = unescaped(properties["title"]).rpartition(":")[2]
            assert test not in found
            found[test] = (properties, unescaped(match["message"]))
    return found


def assert_each_attempt_is_told(message):
    """Of a test that has failed twice: the message and lines of the last attempt, and the folders of both."""
    assert "title: test_fails 2" in message
    assert "title: test_fails 1" not in message
    for attempt, folder in re.findall(r"(?m)^files of attempt (\d): (.*)$", message):
        assert (Path(folder) / "web.png").read_bytes() == picture_of("test_fails", int(attempt))
    assert message.count("files of attempt ") == 2


def test_github_actions_with_reruns(pytester, mode, tmp_path):
    summary = tmp_path / "summary.md"
    reported = run(pytester, *mode, *RERUNS, environment={**GITHUB, "GITHUB_STEP_SUMMARY": str(summary)})
    reported.result.assert_outcomes(passed=2, failed=1, errors=1)
    found = annotations_in(reported.output)
    # What passes in the end is no problem.
    assert set(found) == {"test_fails", "test_errs"}
    assert_each_attempt_is_told(found["test_fails"][1])
    assert "files of attempt" not in found["test_errs"][1]
    text = summary.read_text("utf-8")
    assert "\n1 error, 1 failed, 2 passed, 2 rerun\n" in text
    told = dict(re.findall(r"(?s)<summary>test_shop.py::(\w+)</summary>(.*?)</details>", text))
    assert set(told) == {"test_fails", "test_errs"}
    assert_each_attempt_is_told(told["test_fails"])


def unescaped(text):
    for code, char in (("%0A", "\n"), ("%0D", "\r"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, char)
    return text


MANY = """
from conftest import say


def test_much(web):
    for number in range(30):
        say(web, f"line {number}")
    assert 0
"""


COMMANDS = """
from conftest import say

WORDS = ["::error::mine", "##vso[task.complete result=Succeeded]", "##[error]mine"]


def test_commands(web):
    # IIS's events have no time in front.
    with open(web._link.info().log, "a") as log:
        for word in WORDS:
            say(web, word)
    assert 0
"""


def test_what_a_container_says_is_no_command(pytester):
    pytester.makepyfile(test_commands=COMMANDS)
    environment = {"GITHUB_ACTIONS": "", "TF_BUILD": "True"}
    shown = run(pytester, "test_commands.py", environment=environment).output.split("- web: output -")[1]
    assert "## vso[task.complete result=Succeeded]" in shown
    assert "##vso[task.complete" not in shown
    assert "##[error]" not in shown


def test_long_parts_are_folded_in_ci_and_nowhere_else(pytester, mode):
    pytester.makepyfile(test_much=MANY)
    reported = run(pytester, *mode, "test_much.py", "--junitxml=junit.xml", environment={"GITHUB_ACTIONS": "true"})
    begin, end = reported.output.index("::group::web: output"), reported.output.index("::endgroup::")
    assert reported.output[begin:end].count("line ") == 30
    assert "::group::" not in reported.junit.read_text("utf-8")
    plain = run(pytester, *mode, "test_much.py")
    assert "::group::" not in plain.output
    assert "line 29" in plain.output


def issues_in(output):
    """What Azure Pipelines is told of failing tests: properties and message; and the paths of summaries."""
    # The grammar of microsoft/azure-pipelines-agent src/Agent.Sdk/Command.cs.
    commands = re.findall(r"(?m)^##vso\[(\S+) ?([^\]]*)\](.*)$", output)
    issues = [
        (dict(one.split("=", 1) for one in given.split(";") if one), unescaped(message))
        for name, given, message in commands
        if name == "task.logissue"
    ]
    return issues, [Path(path) for name, _, path in commands if name == "task.uploadsummary"]


AZURE = {"TF_BUILD": "True", "GITHUB_ACTIONS": ""}


def test_azure_pipelines(pytester, mode):
    pytester.makepyfile(test_much=MANY)
    reported = run(pytester, *mode, environment={**AZURE, "BUILD_SOURCESDIRECTORY": str(pytester.path)})
    issues, (path,) = issues_in(reported.output)
    assert {(one["type"], Path(one["sourcepath"]).name) for one, _ in issues} == {
        ("error", "test_shop.py"),
        ("error", "test_much.py"),
    }
    assert "##[group]web: output" in reported.output
    assert path.read_text("utf-8").startswith("## Tests with containers")


def test_azure_pipelines_with_reruns(pytester, mode):
    reported = run(pytester, *mode, *RERUNS, environment=AZURE)
    issues, (summary,) = issues_in(reported.output)
    told = {message.partition(": ")[0]: message for _, message in issues}
    assert len(told) == len(issues)
    assert set(told) == {"test_shop.py::test_fails", "test_shop.py::test_errs"}
    assert_each_attempt_is_told(told["test_shop.py::test_fails"])
    assert "<summary>test_shop.py::test_recovers<" not in summary.read_text("utf-8")


# -- a sink of somebody else's --------------------------------------------------------------------------------------------


FOREIGN = """
import os

def pytest_wincontainers_failure(item, evidence):
    # Two workers at the same time would cost a line on Windows.
    with open("told-" + os.environ.get("PYTEST_XDIST_WORKER", ""), "a") as file:
        print(item.name, evidence.when, evidence.attempt, [one.name for one in evidence.containers], file=file)
"""


def test_a_sink_of_somebody_elses(pytester, mode, monkeypatch):
    monkeypatch.setitem(globals(), "CONFTEST", CONFTEST + FOREIGN)
    run(pytester, *mode)
    told = [line for path in pytester.path.glob("told-*") for line in path.read_text().splitlines()]
    assert sorted(told) == [
        "test_errs setup 1 ['cache']",
        "test_fails call 1 ['web', 'cache']",
        "test_recovers call 1 ['web']",
    ]


def test_a_sink_that_raises_costs_neither_the_report_nor_the_run(pytester, mode, monkeypatch):
    monkeypatch.setitem(globals(), "CONFTEST", CONFTEST + "\n\ndef pytest_wincontainers_failure():\n    1 / 0\n")
    reported = run(pytester, *mode)
    reported.result.assert_outcomes(passed=1, failed=2, errors=1, warnings=3)
    assert "a plugin that shows failures raised ZeroDivisionError: division by zero" in reported.output
    assert "web said this" in reported.output


# -- settings -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "failing", "passing"), [("never", False, False), ("always", True, True)])
def test_whose_logs_are_shown(pytester, mode, value, failing, passing):
    reported = run(pytester, *mode, "-rA", f"--wincontainers-logs={value}")
    assert bool(re.search(r"(?m)^[\d:.]+ web said this$", reported.output)) == failing
    assert bool(re.search(r"(?m)^[\d:.]+ of the one that passes$", reported.output)) == passing


@pytest.mark.parametrize(("value", "tests"), [("off", 0), ("only-on-failure", 2), ("on", 2)])
def test_of_which_tests_pictures_are_kept(pytester, mode, value, tests):
    run(pytester, *mode, f"--wincontainers-screenshot={value}")
    assert len(list(pytester.path.glob(".wincontainers/*-*-*/tests/*/web.png"))) == tests


def test_a_quiet_run_says_where_to_look_only_if_something_failed(pytester, mode):
    reported = run(pytester, *mode, "-q")
    folder = reported.artifact("run.json").parent
    assert f"logs and screenshots: {folder}" in reported.output
    assert f"page: {folder / 'index.html'}" in reported.output
    assert (pytester.path / ".wincontainers" / "latest" / "run.json").exists() or os.name == "nt"
    green = run(pytester, *mode, "-q", "-k", "test_passes")
    assert "wincontainers" not in green.output
