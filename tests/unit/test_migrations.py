"""Splitting scripts and ordering files. What a server makes of them is in tests/engine/test_databases.py."""

import os
import subprocess
import sys
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_wincontainers.errors import Cancelled, DeclarationError, MigrationError
from pytest_wincontainers.migrations import goose
from pytest_wincontainers.migrations.command import command, judge, run_here
from pytest_wincontainers.migrations.files import checksum, find, lines_of, natural
from pytest_wincontainers.migrations.split import ScriptError, split
from tests.kit.links import needs_links
from tests.kit.waiting import wait_for


def texts(script):
    return [statement.text for statement in split(script)]


@pytest.mark.parametrize(
    ("script", "statements"),
    [
        ("", []),
        (" ;; \n;", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1; SELECT 2 ;", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';'; SELECT \"a;b\"; SELECT `a;b`", ["SELECT ';'", 'SELECT "a;b"', "SELECT `a;b`"]),
        (
            r"SELECT 'it\'s;'; SELECT 'it''s;'; SELECT '\\';x",
            [r"SELECT 'it\'s;'", "SELECT 'it''s;'", r"SELECT '\\'", "x"],
        ),
        ("-- no;\nSELECT 1; # no;\n/* no; */ SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("SELECT 1 -- yes;\n+ 1", ["SELECT 1 -- yes;\n+ 1"]),
        ("SELECT 5--1; SELECT 2", ["SELECT 5--1", "SELECT 2"]),
        ("SELECT 1 --", ["SELECT 1 --"]),
        # As the client has it: only a quoted delimiter is none in there.
        ("/*!40101 SET @a = ';' */; /*M!100 x;y */", ["/*!40101 SET @a = ';' */", "/*M!100 x", "y */"]),
        ("DELIMITER //\nBEGIN; END//\ndelimiter ;\nSELECT 1;", ["BEGIN; END", "SELECT 1"]),
        ("DELIMITER $$\r\nSELECT 1$$\r\nDELIMITER ;\r\nSELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("DELIMITER --\nSELECT 1--\nSELECT 2--", ["SELECT 1", "SELECT 2"]),
        ("DELIMITER go\nSELECT 1 go SELECT 2 GO", ["SELECT 1", "SELECT 2 GO"]),
        ("--x\nSELECT 1--x;", ["SELECT 1--x"]),
        (
            "SELECT 1 --- no;\n; SELECT 2 -----\n; ----- no;\nSELECT 3",
            ["SELECT 1 --- no;", "SELECT 2 -----", "SELECT 3"],
        ),
        (
            "SELECT delimiter\nFROM t; SELECT\ndelimiter INT, x",
            ["SELECT delimiter\nFROM t", "SELECT\ndelimiter INT, x"],
        ),
        ("SELECT delimiter_x FROM t;", ["SELECT delimiter_x FROM t"]),
        ("USE shop; SELECT 1", ["USE shop", "SELECT 1"]),
        ("/*M!999999\\- enable the sandbox mode */ \nSELECT 1;", ["SELECT 1"]),
        ("SELECT '" + "\\'" * 1000 + ";'; SELECT " + "'a', " * 1000 + "2", 2),
    ],
)
def test_statements(script, statements):
    assert texts(script) == statements or len(texts(script)) == statements


def test_a_long_line_takes_no_more_memory_than_a_few_of_it():
    row = "(1, 'a''b', \"c\\\"d\", `e`, '" + "\\'x" * 50 + "'), "
    script = "INSERT INTO t VALUES " + row * 20_000 + "(1);"
    tracemalloc.start()
    try:
        assert len(texts(script)) == 1
        assert tracemalloc.get_traced_memory()[1] < 5 * len(script)
    finally:
        tracemalloc.stop()


def test_each_statement_knows_its_line():
    script = "-- a\n\nSELECT 1;\n\n/* b\nc */ SELECT\n2;\nSELECT 3"
    assert [(one.text, one.line) for one in split(script)] == [("SELECT 1", 3), ("SELECT\n2", 6), ("SELECT 3", 8)]


@pytest.mark.parametrize(
    ("script", "line", "words"),
    [
        ("SELECT 1;\nSELECT 'x", 2, "the ' opened here is never closed"),
        ("SELECT `x", 1, "the ` opened here is never closed"),
        ("\n\n/* x", 3, "the comment opened here is never closed"),
        ("SELECT 1;\nSELECT 2\nDELIMITER //", 3, "DELIMITER inside the statement that starts in line 2"),
        ("SELECT 1; DELIMITER //", 1, "DELIMITER must be at the start of a line"),
        ("SELECT 1 \\G", 1, "\\G is a command of the mysql client, not SQL"),
        ("SELECT 1;\nstatus\n", 2, "status is a command of the mysql client, not SQL"),
        ("source x.sql;", 1, "source is a command of the mysql client, not SQL"),
        ("DELIMITER '\n", 1, "the delimiter contains a quote or a backslash"),
        ("SELECT 1;\nsource other.sql", 2, "source is a command of the mysql client, not SQL"),
        ("\\. other.sql", 1, "\\. is a command of the mysql client, not SQL"),
        ("DELIMITER\nSELECT 1", 1, "DELIMITER without a delimiter"),
    ],
)
def test_what_cannot_be_split(script, line, words):
    with pytest.raises(ScriptError) as caught:
        texts(script)
    assert str(caught.value) == words
    assert caught.value.line == line


@given(st.text("';\"`\\-#*/!\n adelimtr$"))
def test_any_text_gives_statements_or_a_script_error(script):
    try:
        found = list(split(script))
    except ScriptError as problem:
        assert 1 <= problem.line <= script.count("\n") + 1
        return
    lines = script.split("\n")
    for statement in found:
        assert statement.text == statement.text.strip() != ""
        # Each begins on the line it names.
        assert statement.text.split("\n")[0].strip() in lines[statement.line - 1]


@given(
    st.lists(st.sampled_from(["SELECT 1", "SELECT ';'", "SELECT 'a\\'b'", "/*! x */ ", "SELECT `;`"])),
    st.sampled_from([";", "$$", "//"]),
)
def test_joined_statements_come_apart_again(statements, delimiter):
    script = f"DELIMITER {delimiter}\n" + "".join(f"{one}{delimiter} -- ;\n" for one in statements)
    assert texts(script) == [one.rstrip() for one in statements]


def made(folder, *names, content=""):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def test_numbers_in_names_are_numbers(tmp_path):
    names = ["10_c.sql", "2_b.sql", "1.10-x.sql", "1.9-x.sql", "b.sql", "A.SQL", "a10b2.sql", "a9b30.sql", "skip.txt"]
    ordered = [one.path.name for one in find(made(tmp_path, *names)).files]
    # In any letter case, on every system.
    assert "A.SQL" in ordered
    assert ordered.index("2_b.sql") < ordered.index("10_c.sql")
    assert ordered.index("1.9-x.sql") < ordered.index("1.10-x.sql")
    assert ordered.index("a9b30.sql") < ordered.index("a10b2.sql") < ordered.index("b.sql")
    assert "skip.txt" not in ordered


def test_names_of_flyway(tmp_path):
    made(tmp_path, "V2__b.sql", "V1_1__a_b.sql", "V1.10__c.sql", "R__views.sql", "R__a.sql", "U2__b.sql")
    found = find(tmp_path)
    assert found.style == "flyway"
    assert [(one.name, one.version, one.description) for one in found.files] == [
        ("V1_1__a_b.sql", "1.1", "a b"),
        ("V1.10__c.sql", "1.10", "c"),
        ("V2__b.sql", "2", "b"),
        ("R__a.sql", None, "a"),
        ("R__views.sql", None, "views"),
    ]


def test_names_of_golang_migrate(tmp_path):
    made(tmp_path, "10_b.up.sql", "10_b.down.sql", "2_a.up.sql", "2_a.down.sql")
    found = find(tmp_path)
    assert found.style == "golang"
    assert [one.name for one in found.files] == ["2_a.up.sql", "10_b.up.sql"]


def test_lower_case_names_are_none_of_flyways(tmp_path):
    made(tmp_path, "v2__b.sql", "r__c.sql", "v10__d.sql")
    found = find(tmp_path)
    assert found.style == "plain"
    assert [one.name for one in found.files] == ["r__c.sql", "v2__b.sql", "v10__d.sql"]


def test_a_pattern_of_ones_own(tmp_path):
    made(tmp_path, "b/2.up", "a/10.up", "a/9.up", "a/x.sql")
    (tmp_path / "c.up").mkdir()
    assert [one.name for one in find(tmp_path, "**/*.up").files] == ["a/9.up", "a/10.up", "b/2.up"]
    assert [one.name for one in find(tmp_path, "a/*.up").files] == ["a/9.up", "a/10.up"]
    assert [one.name for one in find(tmp_path, "?\\[0-9].up").files] == ["a/9.up", "b/2.up"]
    assert [one.name for one in find(tmp_path, "*/1*").files] == ["a/10.up"]


@pytest.mark.parametrize("pattern", ["/etc/*.sql", "C:\\x\\*.sql", "../*.sql", "a/../*.sql", "", ".", "C:*.sql"])
def test_patterns_that_cannot_be(tmp_path, pattern):
    made(tmp_path, "a/1.sql", "1.sql")
    with pytest.raises(DeclarationError, match="migrations_pattern=") as caught:
        find(tmp_path, pattern)
    assert "relative to migrations=" in caught.value.hint


@needs_links
def test_links_inside_of_the_folder_are_followed(tmp_path):
    made(tmp_path, "sql/a/1.sql", "sql/b/2.sql")
    (tmp_path / "sql" / "a" / "linked").symlink_to("../b")
    (tmp_path / "sql" / "b" / "3.sql").symlink_to("../a/1.sql")
    (tmp_path / "entry").symlink_to("sql")
    names = ["a/1.sql", "a/linked/2.sql", "a/linked/3.sql", "b/2.sql", "b/3.sql"]
    assert [one.name for one in find(tmp_path / "sql", "**/*.sql").files] == names
    assert [one.name for one in find(tmp_path / "entry", "**/*.sql").files] == names


@needs_links
@pytest.mark.parametrize("link", ["sql/2.sql", "sql/a/2.sql", "sql/linked"])
def test_a_link_that_leads_out_is_refused(tmp_path, link):
    made(tmp_path, "sql/a/1.sql", "sql-of-others/2.sql")
    target = tmp_path / "sql-of-others"
    (tmp_path / link).symlink_to(target if link == "sql/linked" else target / "2.sql")
    with pytest.raises(DeclarationError) as caught:
        find(tmp_path / "sql", "**/*.sql")
    assert str(caught.value).startswith(f"the link {tmp_path / link} leads out of {tmp_path / 'sql'}")
    # What the pattern leaves out does not matter.
    assert find(tmp_path / "sql", "a/1.sql").files


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["V1__a.sql", "other.sql"], "other.sql does not follow Flyway's naming"),
        (["V1__a.sql", "v2__b.sql"], "v2__b.sql does not follow Flyway's naming"),
        (["V1__a.sql", "r__b.sql"], "r__b.sql does not follow Flyway's naming"),
        (["V1__a.sql", "V2__b.SQL"], "V2__b.SQL does not follow Flyway's naming"),
        (["V1__a.sql", "V1.0__b.sql"], "two migrations have the same version 1\n"),
        (["1_a.up.sql", "01_b.up.sql"], "two migrations have the same version 1"),
        (["1_a.up.sql", "b.sql"], "b.sql ends in neither .up.sql nor .down.sql"),
        (["readme.txt"], "contains no .sql files"),
    ],
)
def test_names_that_do_not_go_together(tmp_path, names, words):
    with pytest.raises(DeclarationError) as caught:
        find(made(tmp_path, *names))
    assert words in str(caught.value)
    assert caught.value.hint


def test_checksums_are_flyways_and_know_no_line_ends(tmp_path):
    # What Flyway's own ChecksumCalculator gives: CRC-32 over the lines, one after the other.
    (tmp_path / "a").write_bytes(b"SELECT 1;\nSELECT 2;\n")
    (tmp_path / "b").write_bytes(b"\xef\xbb\xbfSELECT 1;\r\nSELECT 2;")
    assert (
        checksum(lines_of(tmp_path / "a")) == checksum(lines_of(tmp_path / "b")) == checksum(["SELECT 1;", "SELECT 2;"])
    )
    # The check value of CRC-32, and one that Java shows with a sign.
    assert checksum(["1234", "56789"]) == 0xCBF43926 - (1 << 32)
    assert checksum([]) == 0


GOOSE = """-- +goose Up
CREATE TABLE a (x INT);
-- +goose StatementBegin
CREATE FUNCTION f() RETURNS INT
BEGIN
  RETURN 1; -- ;
END;
-- +goose StatementEnd
INSERT INTO a VALUES (1);

-- +goose Down
DROP TABLE a;
"""


def test_the_up_part_of_goose():
    assert goose.is_goose(GOOSE.split("\n"))
    assert not goose.is_goose(["-- goose Up", "SELECT 1"])
    found = list(goose.split_up(GOOSE.split("\n")))
    assert [one.text for one in found] == [
        "CREATE TABLE a (x INT)",
        "CREATE FUNCTION f() RETURNS INT\nBEGIN\n  RETURN 1; -- ;\nEND",
        "INSERT INTO a VALUES (1)",
    ]
    assert [one.line for one in found] == [2, 4, 9]


@pytest.mark.parametrize(
    ("script", "line", "words"),
    [
        ("-- +goose Up\n-- +goose StatementBegin\nSELECT 1;", 2, "has no StatementEnd"),
        ("-- +goose Up\n-- +goose StatementEnd", 2, r"unexpected -- \+goose StatementEnd"),
        ("-- +goose Up\n-- +goose ENVSUB ON\nSELECT '${X}'", 2, "ENVSUB is not supported"),
    ],
)
def test_goose_without_its_ends(script, line, words):
    with pytest.raises(ScriptError, match=words) as caught:
        list(goose.split_up(script.split("\n")))
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (command(), "command() has no program to run"),
        (command("x", "{hst}"), "unknown placeholder in command(): {hst}"),
        (command("x", "{"), "in command()"),
        (command("x", "--password={password}"), "process arguments are visible to every user"),
        (command("x", environment={"A": "{nothing}"}), "unknown placeholder in command(): {nothing}"),
        (command("no-such-program"), "the program no-such-program was not found on this machine"),
        (command("x", folder="nowhere"), "nowhere, which command() names, does not exist"),
        (command("x", folders={"/a": "."}), "folders= is only for a command in a container"),
    ],
)
def test_commands_that_cannot_be(tmp_path, given, words):
    with pytest.raises(DeclarationError) as caught:
        given.check(tmp_path)
    assert words in str(caught.value)


def test_a_command_gets_its_values(tmp_path):
    code = "import os, sys; print(sys.argv[1:], os.environ['URL'], os.getcwd()); sys.exit(3)"
    given = command(sys.executable, "-c", code, "{host}:{port}", "{{x}}", environment={"URL": "{url}"})
    given.check(tmp_path)
    values = {"host": "h", "port": 1, "url": "mysql://secret"}
    with pytest.raises(MigrationError) as caught:
        run_here(given.filled(values), tmp_path, lambda _: None)
    assert "failed with exit code 3" in caught.value.message
    assert caught.value.details == f"['h:1', '{{x}}'] mysql://secret {tmp_path}"
    judge(given, 0, "")


def test_a_command_that_takes_too_long_is_ended(tmp_path):
    given = command(sys.executable, "-c", "import time; print('x', flush=True); time.sleep(60)", timeout=0.5)
    with pytest.raises(MigrationError, match="timed out after 0.5 s"):
        run_here(given, tmp_path, lambda _: None)


def test_what_a_command_has_started_is_ended_with_it(tmp_path):
    child = "import pathlib, time; time.sleep(1.5); pathlib.Path('late').touch()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with pytest.raises(MigrationError, match="timed out after"):
        run_here(command(sys.executable, "-c", parent, timeout=0.8), tmp_path, lambda _: None)
    time.sleep(2)
    assert not (tmp_path / "late").exists()


OWNER = """
import os, sys, time
from pathlib import Path
from pytest_wincontainers.migrations.command import command, run_here

beat = '''
import os, time
while not os.path.exists("stop"):
    with open("beats", "a") as file:
        file.write("x")
    time.sleep(0.05)
'''
tool = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {beat!r}])"

def progress(text):
    if sys.argv[1] == "forks" and not os.path.exists("forked"):
        Path("forked").touch()
        if os.fork() == 0:
            while not os.path.exists("stop"):
                time.sleep(0.1)
            os._exit(0)

run_here(command(sys.executable, "-c", tool, environment={"PASSWORD": "secret"}), Path.cwd(), progress)
"""


@pytest.mark.parametrize(
    "owner",
    ["alone", pytest.param("forks", marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks"))],
)
def test_a_command_ends_when_the_process_that_runs_it_is_killed(tmp_path, owner):
    beats = tmp_path / "beats"
    (tmp_path / "owner.py").write_text(OWNER)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    running = subprocess.Popen([sys.executable, "owner.py", owner], cwd=tmp_path, env=environment)

    def quiet():
        before = beats.stat().st_size
        time.sleep(1)
        return beats.stat().st_size == before

    try:
        wait_for(lambda: beats.exists() and beats.stat().st_size > 2)
        running.kill()
        wait_for(quiet, seconds=20)
    finally:
        running.kill()
        running.wait()
        (tmp_path / "stop").touch()


def test_a_program_that_cannot_be_run_says_why(tmp_path):
    (tmp_path / "tool").write_bytes(b"no program")
    with pytest.raises(MigrationError, match="failed with exit code 126") as caught:
        run_here(command(str(tmp_path / "tool")), tmp_path, lambda _: None)
    assert f"{tmp_path / 'tool'} could not be run: " in caught.value.details


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals")
def test_a_command_that_a_signal_has_ended(tmp_path):
    with pytest.raises(MigrationError, match="failed with exit code 143"):
        run_here(command(sys.executable, "-c", "import os; os.kill(os.getpid(), 15)"), tmp_path, lambda _: None)


@pytest.mark.skipif(sys.platform == "win32", reason="without a link, a copy of Python does not run")
def test_a_program_is_named_from_its_folder(tmp_path):
    (tmp_path / "build" / "bin").mkdir(parents=True)
    (tmp_path / "build" / "bin" / "tool").symlink_to(sys.executable)
    given = command("bin/tool", "-c", "raise SystemExit(3)", folder="build")
    with pytest.raises(MigrationError, match="exit code 3"):
        run_here(given, tmp_path, lambda _: None)


def test_a_run_that_is_over_ends_its_command(tmp_path):
    begun = time.monotonic()

    def over(text):
        if time.monotonic() - begun > 0.3:
            raise Cancelled("over")

    with pytest.raises(Cancelled):
        run_here(command(sys.executable, "-c", "import time; time.sleep(60)"), tmp_path, over)
    assert time.monotonic() - begun < 20


@given(st.lists(st.text("ab01_.", min_size=1), unique=True), st.randoms())
def test_any_names_have_one_order(names, random):
    ordered = sorted(sorted(names), key=natural)
    shuffled = list(names)
    random.shuffle(shuffled)
    assert sorted(sorted(shuffled), key=natural) == ordered
