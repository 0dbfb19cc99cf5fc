"""YAML with the places of its values."""

import pytest

from pytest_wincontainers.compose.problems import Problems
from pytest_wincontainers.compose.reading import parse, read
from pytest_wincontainers.compose.tree import plain


def parsed(text, tmp_path):
    problems = Problems()
    documents = parse(text, tmp_path / "compose.yaml", problems)
    return documents, [f"{one.place.line}: {one.text}" for one in problems.errors]


def test_a_value_is_at_the_line_of_its_key(tmp_path):
    (document,), _ = parsed("a:\n  b:\n\n    - 1\n    - c: |\n        x\n", tmp_path)
    assert document.at("a", "b").place.line == 2
    assert [one.place.line for one in document.at("a").entries("b")] == [4, 5]
    assert document.at("a", "b").items[1].at("c").place.line == 5


def test_crlf_bom_and_umlauts(tmp_path):
    (document,), errors = parsed("a: ä\r\nb: |\r\n  x\r\n  y\r\n".encode("utf-8-sig"), tmp_path)
    assert (plain(document), errors) == ({"a": "ä", "b": "x\ny\n"}, [])


def test_utf_16_as_notepad_writes_it(tmp_path):
    (document,), _ = parsed("a: ä\n".encode("utf-16"), tmp_path)
    assert plain(document) == {"a": "ä"}


def test_an_anchor_may_be_used_again(tmp_path):
    (document,), errors = parsed("a: &x 1\nb: *x\nc: &x 2\nd: *x\n", tmp_path)
    assert (plain(document), errors) == ({"a": 1, "b": 1, "c": 2, "d": 2}, [])


def test_merge_keys(tmp_path):
    text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\none: {<<: *x, b: 3}\ntwo: {<<: [*y, *x], d: 4}\n"
    (document,), _ = parsed(text, tmp_path)
    assert plain(document)["one"] == {"a": 1, "b": 3}
    assert plain(document)["two"] == {"a": 1, "b": 2, "c": 2, "d": 4}


def test_tags(tmp_path):
    (document,), errors = parsed(
        'a: !reset [1]\nb: !override "01"\nc: !!str 01\nd: !!int "5"\ne: !reset null\n', tmp_path
    )
    assert {key: (plain(one), one.tag) for key, one in document.fields.items()} == {
        "a": ([1], "reset"),
        "b": ("01", "override"),
        "c": ("01", ""),
        "d": (5, ""),
        "e": (None, "reset"),
    }
    assert errors == []


def test_several_documents_without_empty_ones(tmp_path):
    documents, _ = parsed("a: 1\n---\n---\nb: 2\n", tmp_path)
    assert [plain(one) for one in documents] == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a:\n\tb: 1\n", "2: this is not YAML: while scanning for the next token: "),
        ("a: b: c\n", "1: this is not YAML: mapping values are not allowed here"),
        ("a: 1\nb: 2\na: 3\n", "3: a is given twice here, first on line 1"),
        ("1: a\n", "1: 1 is a key but not a string"),
        ("true: a\n", "1: true is a key but not a string"),
        ("[a]: b\n", "1: this is a key but not a string"),
        ("a: &a\n  b: *a\n", "1: an alias stands for a value that contains the alias"),
        ("a: !foo b\n", "1: the YAML tag !foo is not known"),
        ("a: *b\n", "1: this is not YAML: found undefined alias 'b'"),
        (b"a: \xff\n", "1: this is not YAML: "),
    ],
)
def test_mistakes(tmp_path, text, problem):
    errors = parsed(text, tmp_path)[1]
    assert len(errors) == 1
    assert errors[0].startswith(problem)


def test_aliases_that_grow_without_end(tmp_path):
    text = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True)
    )
    assert "aliases stand for more than" in parsed(text, tmp_path)[1][0]


def test_a_file_that_is_not_there(tmp_path):
    problems = Problems()
    assert read(tmp_path / "no.yaml", problems) == []
    assert problems.errors[0].text == f"the file {tmp_path / 'no.yaml'} does not exist"
