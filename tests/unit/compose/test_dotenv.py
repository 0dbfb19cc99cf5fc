"""Files of variables. The expected values are those that Docker Compose 5.6.1 printed."""

import pytest

from pytest_wincontainers.compose.dotenv import read_variables
from pytest_wincontainers.compose.problems import Problems


def read(tmp_path, content, variables=None, **options):
    file = tmp_path / "vars.env"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    problems = Problems()
    found = read_variables(file, (variables or {}).get, problems, **options)
    return found, [f"{one.place.line}: {one.text}" for one in problems.errors], problems.notes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1\nB = spaced  \n", {"A": "1", "B": "spaced"}),
        ("C=a#b\nD=a #b\nE=#b\n", {"C": "a#b", "D": "a", "E": ""}),
        ("export F=f\nG: yaml\n", {"F": "f", "G": "yaml"}),
        ('H="a $A \\n b\\ty \\$A \\"q\\"" # no\n', {"H": 'a proc \n b\ty $A "q"'}),
        ("I='a $A \\n'\n", {"I": "a $A \\n"}),
        ('J="multi\nline" # after\nK=\n', {"J": "multi\nline", "K": ""}),
        ("A\nNOT_THERE\nL=1", {"A": "proc", "L": "1"}),
        ("M=a\\nb\nN=$$A\nO=C:\\new\n", {"M": "a\\nb", "N": "$A", "O": "C:\\new"}),
        ("P=one\nQ=$P-${P}-${NO:-d}-$A\n", {"P": "one", "Q": "one-one-d-proc"}),
        ("a-b=1\na.b=2\na[0]=3\n", {"a-b": "1", "a.b": "2", "a[0]": "3"}),
        ("# only a comment\n\n   \n", {}),
        ('R="x"y\n', {"R": "x"}),
    ],
)
def test_values(tmp_path, text, expected):
    assert read(tmp_path, text, {"A": "proc"})[:2] == (expected, [])
    assert read(tmp_path, b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(), {"A": "proc"})[0] == expected


def test_the_order_of_look_ups(tmp_path):
    text = "X=file\nR=$W-$X-$Y-$Z\n"
    found = read(tmp_path, text, {"W": "known"}, earlier={"W": "no", "X": "no", "Y": "earlier"})[0]
    assert found["R"] == "known-file-earlier-"


def test_a_variable_without_a_value_is_noted(tmp_path):
    assert [str(one.text) for one in read(tmp_path, "A=$NO\n")[2]] == [
        "the variable NO is not set; it is replaced by an empty string"
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("A=1\nB C=2\n", "2: the name of the variable 'B C' has a space"),
        ("A=1\nB='x\n", "2: the value begins with ' and does not end with it"),
        ("\n%=2\n", "2: '%=2' is not NAME=value"),
        ("A=${B:?must}\n", "1: the variable B is required but not set: must"),
        ("A=${\n", "1: '${' has a ${ that is not closed"),
    ],
)
def test_mistakes(tmp_path, text, problem):
    assert read(tmp_path, text)[1] == [problem]


def test_raw_values_are_taken_as_they_are(tmp_path):
    text = 'A="quotes $stay"\n# no\nB=  a #b\nC\n'
    assert read(tmp_path, text, raw=True)[0] == {"A": '"quotes $stay"', "B": "  a #b"}


def test_a_file_that_is_not_utf_8(tmp_path):
    assert read(tmp_path, b"A=\xe4\n")[1] == ["1: the file of variables cannot be read: it is not UTF-8"]
