"""What is sent of a migration file: as the tool would send it whose file it is."""

import pytest

from pytest_wincontainers.errors import MigrationError
from pytest_wincontainers.migrations.files import find
from pytest_wincontainers.migrations.placeholders import replaced, values_for
from pytest_wincontainers.migrations.scripts import checksum_of, in_words, statements
from pytest_wincontainers.migrations.split import ScriptError

VALUES = {"schema": "shop", "empty": "", "flyway:database": "test"}


def sent(folder, name, content, placeholders=None):
    """The statements of a folder's only file."""
    (folder / name).write_bytes(content.encode())
    found = find(folder)
    values = values_for(placeholders, found.style, {"flyway:database": "test"})
    return [(one.text, one.line) for one in statements(found.files[0], found.style, values)]


# What Flyway's PlaceholderReplacingReader makes of them.
@pytest.mark.parametrize(
    ("line", "result"),
    [
        ("USE ${schema};", "USE shop;"),
        ("${schema}${schema}", "shopshop"),
        ("a${empty}b -- ${schema}", "ab -- shop"),
        ("'${flyway:database}'", "'test'"),
        ("$5 {schema} $ {schema} $", "$5 {schema} $ {schema} $"),
        # It reads a dollar and what follows it together.
        ("$${schema} $${nothing}", "$${schema} $${nothing}"),
        ("$$${schema}", "$$shop"),
    ],
)
def test_placeholders_are_replaced(line, result):
    assert list(replaced([line], VALUES)) == [result]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("SELECT '${other}'", "${other}"),
        ("-- ${Schema}", "${Schema}"),
        ("${}", "${}"),
        ("${schema", "${schema"),
        ("${flyway:nothing}", "${flyway:nothing}"),
        ("${ schema }", "${ schema }"),
    ],
)
def test_a_placeholder_without_a_value_is_refused(line, name):
    with pytest.raises(ScriptError) as caught:
        list(replaced(["SELECT 1;", line], VALUES))
    assert str(caught.value) == f"no value is given for the placeholder {name}"
    assert caught.value.line == 2
    assert "placeholders=" in caught.value.hint


def test_which_files_have_placeholders(tmp_path):
    text = "SELECT '${x}';"
    # A plain file goes as it is, unless placeholders are given.
    assert sent(tmp_path, "1_a.sql", text) == [("SELECT '${x}'", 1)]
    assert sent(tmp_path, "1_a.sql", text, {"x": "y"}) == [("SELECT 'y'", 1)]
    with pytest.raises(ScriptError):
        sent(tmp_path, "1_a.sql", text, {})
    (tmp_path / "1_a.sql").unlink()
    # Flyway replaces them always, unless it is told not to.
    with pytest.raises(ScriptError):
        sent(tmp_path, "V1__a.sql", text)
    assert sent(tmp_path, "V1__a.sql", text, False) == [("SELECT '${x}'", 1)]
    assert sent(tmp_path, "V1__a.sql", "SELECT '${flyway:database}${flyway:filename}'") == [
        ("SELECT 'testV1__a.sql'", 1)
    ]


def test_checksums_are_of_the_text_before_its_values_except_for_repeatable_files(tmp_path):
    def checksums(**placeholders):
        return [checksum_of(one, placeholders) for one in find(tmp_path).files]

    for name in ("V1__a.sql", "R__b.sql"):
        (tmp_path / name).write_text("SELECT '${x}'")
    first, second = checksums(x="1"), checksums(x="2")
    assert first[0] == second[0]
    assert first[1] != second[1]


def test_checksums_know_all_of_javas_line_ends(tmp_path):
    def checksum(content):
        (tmp_path / "V1__a.sql").write_bytes(content)
        return checksum_of(find(tmp_path).files[0], None)

    assert checksum(b"SELECT 1;\rSELECT 2;\r\n\r") == checksum(b"SELECT 1;\nSELECT 2;\n\n")
    assert checksum(b"SELECT 1;\x0bSELECT 2;") != checksum(b"SELECT 1;\nSELECT 2;")


GOOSE_UP = "-- +goose Up\nCREATE TABLE a (x INT);\n"


@pytest.mark.parametrize(
    ("script", "line", "words"),
    [
        ("SELECT 1;\n" + GOOSE_UP, 1, "SQL before -- +goose Up"),
        ("-- +goose StatementBegin\n" + GOOSE_UP, 1, "unexpected -- +goose StatementBegin"),
        ("-- +goose ENVSUB ON\n" + GOOSE_UP, 1, "ENVSUB is not supported"),
        ("-- +goose ENVSUBST ON\n" + GOOSE_UP, 1, "unknown annotation: -- +goose ENVSUBST ON"),
        (GOOSE_UP + "-- +goose up\nSELECT 1;", 3, "unexpected -- +goose up"),
        (GOOSE_UP + "-- +goose Down\nSELECT 1;\n-- +goose Up\nSELECT 1;", 5, "unexpected -- +goose Up"),
        ("-- +goose Down\nSELECT 1;\n" + GOOSE_UP, 1, "unexpected -- +goose Down"),
        (GOOSE_UP + "-- +goose Donw\nDROP TABLE a;", 3, "unknown annotation: -- +goose Donw"),
        (GOOSE_UP + "-- +goose\n", 3, "unknown annotation: -- +goose"),
        (
            GOOSE_UP + "-- +goose StatementBegin\nSELECT 1;\n-- +goose Down\n",
            3,
            "this StatementBegin has no StatementEnd",
        ),
    ],
)
def test_what_goose_refuses(tmp_path, script, line, words):
    with pytest.raises(ScriptError) as caught:
        sent(tmp_path, "1_a.sql", script)
    assert words in str(caught.value)
    assert caught.value.line == line


def test_what_goose_takes(tmp_path):
    script = "-- a comment\n\n-- +goose NO TRANSACTION\n-- +goose ENVSUB OFF\n" + GOOSE_UP
    down = "-- +goose Down\n-- +goose ENVSUB ON\nDROP TABLE ${x};\n"
    assert sent(tmp_path, "1_a.sql", script + down) == [("CREATE TABLE a (x INT)", 6)]


@pytest.mark.parametrize(
    ("script", "line", "words"),
    [
        (
            "-- migrate:up\nCREATE TABLE a (x INT);\n-- migrate:down\nDROP TABLE a;",
            1,
            "-- migrate:up belongs to dbmate",
        ),
        ("SELECT 1;\n--  migrate:up transaction:false\n", 2, "belongs to dbmate"),
        ("-- +migrate Up\nCREATE TABLE a (x INT);\n-- +migrate Down\nDROP TABLE a;", 1, "belongs to sql-migrate"),
        ("SELECT 1;\nCREATE TABLE\n$schema$.a (x INT);", 3, "$schema$ is a variable of DbUp"),
        ("USE `$schema$`;", 1, "$schema$ is a variable of DbUp"),
        ("CREATE TABLE $a$_$b$ (x INT);", 1, "$a$ is a variable of DbUp"),
    ],
)
def test_files_of_other_tools_are_refused(tmp_path, script, line, words):
    with pytest.raises(ScriptError) as caught:
        sent(tmp_path, "1_a.sql", script)
    assert words in str(caught.value)
    assert caught.value.line == line
    assert "command(" in caught.value.hint


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO a VALUES ('$2y$10$abcdef', \"$x$\", 'it''s $x$', '\\'$x$')",
        "SELECT a$b$c, 1 /* $x$ */ -- $x$\n + 1 # $x$\n + 2",
        "SELECT @$, '$'",
        "CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS $js$ return 1 $js$",
        "SELECT 1 -- migrate:update\n, '+migrate Up'",
    ],
)
def test_dollars_that_are_no_variables(tmp_path, statement):
    assert sent(tmp_path, "1_a.sql", statement + ";\n") == [(statement, 1)]


def test_other_tools_marks_are_comments_in_files_of_flyway(tmp_path):
    assert sent(tmp_path, "V1__a.sql", "-- +goose Up\nSELECT 1;\n-- migrate:down\nSELECT 2;") == [
        ("SELECT 1", 2),
        ("SELECT 2", 4),
    ]


ROUTINE = """CREATE OR REPLACE DEFINER=`root`@`%` PROCEDURE p()
BEGIN
  SELECT 'a;b'; -- it;
  INSERT INTO a VALUES (1);
END"""


# golang-migrate sends each file whole, and Flyway knows where a routine ends.
tools = pytest.mark.parametrize("name", ["1_a.up.sql", "V1__a.sql"])


@tools
def test_from_its_first_routine_on_a_file_goes_whole(tmp_path, name):
    script = f"INSERT INTO a VALUES (0);\nSELECT 1; {ROUTINE};\nINSERT INTO a VALUES (2);\nCREATE TABLE b (x INT);\n"
    assert sent(tmp_path, name, script) == [
        ("INSERT INTO a VALUES (0)", 1),
        ("SELECT 1", 2),
        (f"{ROUTINE};\nINSERT INTO a VALUES (2);\nCREATE TABLE b (x INT);", 2),
    ]


@tools
def test_a_routine_may_end_the_file_without_a_semicolon(tmp_path, name):
    assert sent(tmp_path, name, ROUTINE) == [(ROUTINE, 1)]


@tools
def test_routines_of_one_statement_are_split(tmp_path, name):
    trigger = "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.x = 1"
    assert sent(tmp_path, name, f"{trigger};\nSELECT 1;") == [(trigger, 1), ("SELECT 1", 2)]


@tools
@pytest.mark.parametrize(
    "begun",
    [
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN",
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW\nIF NEW.x = ';' THEN",
        "create definer='a'@'%' function f(x VARCHAR(5)) RETURNS INT BEGIN",
        "CREATE OR REPLACE PACKAGE BODY p AS BEGIN",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO label: BEGIN",
        "BEGIN NOT ATOMIC",
    ],
)
def test_what_begins_a_routine(tmp_path, name, begun):
    assert sent(tmp_path, name, f"{begun} SELECT 1; SELECT 2; END;\nSELECT 3;") == [
        (f"{begun} SELECT 1; SELECT 2; END;\nSELECT 3;", 1)
    ]


@tools
@pytest.mark.parametrize(
    "text", ["CREATE TABLE a (x INT) COMMENT 'a function to begin with'", "BEGIN", "START TRANSACTION"]
)
def test_what_begins_none(tmp_path, name, text):
    assert sent(tmp_path, name, f"{text};\nSELECT 3;") == [(text, 1), ("SELECT 3", 1 + 1)]


@tools
def test_a_file_with_delimiters_is_for_the_client(tmp_path, name):
    script = f"DELIMITER //\n{ROUTINE}//\nDELIMITER ;\nINSERT INTO a VALUES (2);"
    assert sent(tmp_path, name, script) == [(ROUTINE, 2), ("INSERT INTO a VALUES (2)", 8)]
    trigger = "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.x = IF(NEW.y, 1, 2)"
    assert sent(tmp_path, name, f"{trigger}; SELECT 1;\n{script}") == [
        (trigger, 1),
        ("SELECT 1", 1),
        (ROUTINE, 3),
        ("INSERT INTO a VALUES (2)", 9),
    ]


def test_other_files_are_for_the_client(tmp_path):
    assert len(sent(tmp_path, "1_a.sql", ROUTINE)) == 3


def test_a_lone_carriage_return_hides_no_sql(tmp_path):
    with pytest.raises(ScriptError, match="carriage return inside a comment") as caught:
        sent(tmp_path, "V1__a.sql", "SELECT 1;\n-- first\rCREATE TABLE a (x INT);")
    assert caught.value.line == 2
    # Where nothing follows it, it is a line's end.
    assert sent(tmp_path, "V1__a.sql", "-- first\r\r\nSELECT 1;\r") == [("SELECT 1", 2)]


def test_a_script_error_in_words(tmp_path):
    (tmp_path / "1_a.sql").write_text("")
    one = find(tmp_path).files[0]
    with pytest.raises(MigrationError) as caught, in_words(one):
        raise ScriptError("it is wrong", 3, hint="mend it")
    assert caught.value.message == "the migration 1_a.sql cannot be parsed: line 3: it is wrong"
    assert caught.value.hint == f"mend it; the file is {one.path}"
