"""Splitting scripts and ordering files. What a server makes of them is in tests/engine/test_databases.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_wincontainers.migrations.runner import in_order, natural
from pytest_wincontainers.migrations.split import ScriptError, split


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
        ("/*!40101 SET @a = ';' */; /*M!100 x;y */", ["/*!40101 SET @a = ';' */", "/*M!100 x;y */"]),
        ("DELIMITER //\nBEGIN; END//\ndelimiter ;\nSELECT 1;", ["BEGIN; END", "SELECT 1"]),
        ("DELIMITER $$\r\nSELECT 1$$\r\nDELIMITER ;\r\nSELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("DELIMITER --\nSELECT 1--\nSELECT 2--", ["SELECT 1", "SELECT 2"]),
        ("DELIMITER go\nSELECT 1 GO SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("SELECT delimiter_x FROM t;", ["SELECT delimiter_x FROM t"]),
        ("USE shop; SELECT 1", ["USE shop", "SELECT 1"]),
    ],
)
def test_statements(script, statements):
    assert texts(script) == statements


def test_each_statement_knows_its_line():
    script = "-- a\n\nSELECT 1;\n\n/* b\nc */ SELECT\n2;\nSELECT 3"
    assert [(one.text, one.line) for one in split(script)] == [("SELECT 1", 3), ("SELECT\n2", 6), ("SELECT 3", 8)]


@pytest.mark.parametrize(
    ("script", "line", "words"),
    [
        ("SELECT 1;\nSELECT 'x", 2, "the ' that opens here is never closed"),
        ("SELECT `x", 1, "the ` that opens here is never closed"),
        ("\n\n/* x", 3, "the comment that opens here is never closed"),
        ("SELECT 1; /*! x", 1, "the comment that opens here is never closed"),
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
    st.lists(st.sampled_from(["SELECT 1", "SELECT ';'", "SELECT 'a\\'b'", "/*! x */", "SELECT `;`"])),
    st.sampled_from([";", "$$", "//"]),
)
def test_joined_statements_come_apart_again(statements, delimiter):
    script = f"DELIMITER {delimiter}\n" + "".join(f"{one}{delimiter} -- ;\n" for one in statements)
    assert texts(script) == statements


def test_numbers_in_names_are_numbers(tmp_path):
    names = [
        "10_c.sql",
        "2_b.sql",
        "V1.10__x.sql",
        "V1.9__x.sql",
        "b.sql",
        "A.SQL",
        "a10b2.sql",
        "a9b30.sql",
        "skip.txt",
    ]
    for name in names:
        (tmp_path / name).touch()
    ordered = [path.name for path in in_order(tmp_path)]
    assert ordered.index("2_b.sql") < ordered.index("10_c.sql")
    assert ordered.index("V1.9__x.sql") < ordered.index("V1.10__x.sql")
    assert ordered.index("a9b30.sql") < ordered.index("a10b2.sql") < ordered.index("b.sql")
    assert "skip.txt" not in ordered


@given(st.lists(st.text("ab01_.", min_size=1), unique=True), st.randoms())
def test_any_names_have_one_order(names, random):
    ordered = sorted(sorted(names), key=natural)
    shuffled = list(names)
    random.shuffle(shuffled)
    assert sorted(sorted(shuffled), key=natural) == ordered
