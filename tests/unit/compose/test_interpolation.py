"""Variables in values. The expected values are those that Docker Compose 5.6.1 printed."""

import pytest

from pytest_wincontainers.compose.interpolation import InterpolationError, substitute

VARIABLES = {"X": "x", "EMPTY": "", "lower": "l", "_U1": "u"}


def replaced(template):
    unset = []
    return substitute(template, VARIABLES.get, unset.append), unset


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ("$X", "x"), ("${X}", "x"), ("a$X.b", "ax.b"), ("$X-y", "x-y"), ("$lower$_U1", "lu"),
        ("$$X", "$X"), ("$$$X", "$x"), ("$$$$", "$$"),
        ("${X:-d}", "x"), ("${EMPTY:-d}", "d"), ("${EMPTY-d}", ""), ("${NO-d}", "d"), ("${NO:-}", ""),
        ("${X:?e}", "x"), ("${EMPTY?e}", ""),
        ("${X:+r}", "r"), ("${EMPTY:+r}", ""), ("${EMPTY+r}", "r"), ("${NO+r}", ""),
        ("${NO:-${NO:-${X}}}", "x"), ("${NO:-a-$X}b", "a-xb"), ("${NO:-{}}", "{}"), ("${NO-a:-b?c}", "a:-b?c"),
        ("${NO-b}c}", "bc}"), ("${NO:-http://h:1/?a=b-c}", "http://h:1/?a=b-c"),
        ("$", "$"), ("a $ b", "a $ b"), ("$5", "$5"), ("^a$|b", "^a$|b"), ("$(x)", "$(x)"), ("$ {X}", "$ {X}"),
        ("${NO:-$}", "$"),
    ],
)  # fmt: skip
def test_a_value(template, result):
    assert replaced(template) == (result, [])


def test_a_variable_that_is_not_set_is_told():
    assert replaced("[$NO][${NO2}]${NO3:-}") == ("[][]", ["NO", "NO2"])


@pytest.mark.parametrize("template", ["${}", "${5}", "${X!y}", "${X:y}", "${ X }", "${X:=5}", "${-d}"])
def test_braces_without_a_variable(template):
    with pytest.raises(InterpolationError, match="begins no variable"):
        replaced(template)


@pytest.mark.parametrize("template", ["${X", "${X:-a", "${X:-${Y}", "a${"])
def test_braces_that_are_not_closed(template):
    with pytest.raises(InterpolationError, match="not closed"):
        replaced(template)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("${NO:?say $X}", "the variable NO is required but not set: say x"),
        ("${EMPTY:?}", "the variable EMPTY is required but not set"),
        ("${NO?}", "the variable NO is required but not set"),
        ("${NO:-${NO2?inner}}", "the variable NO2 is required but not set: inner"),
    ],
)
def test_a_required_variable(template, message):
    with pytest.raises(InterpolationError) as caught:
        replaced(template)
    assert str(caught.value) == message


def test_a_default_that_is_not_used_is_not_looked_at():
    assert replaced("${X:-${NO?inner}}") == ("x", [])
