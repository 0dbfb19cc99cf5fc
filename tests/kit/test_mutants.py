"""The faults that are made on purpose."""

import ast

import pytest

from tests.mutation import violations
from tests.mutation.measurement import PACKAGE
from tests.mutation.mutants import ROOMS, Mutant, draw, mutants


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("a = b == c", ["a = b != c"]),
        ("a = b <= c", ["a = b > c"]),
        ("a = b not in c", ["a = b in c"]),
        ("a = x.b is None", ["a = x.b is not None"]),
        ("a = b and c", ["a = b or c"]),
        ("a = not b", ["a = b"]),
        ("a = b if c else d", ["a = b if not c else d"]),
        ("a = 1", ["a = 2"]),
        ("a = True", ["a = False"]),
        ("a = 'ü' == b", ["a = 'ü' != b"]),
        ("call(b)", ["pass"]),
        ("a = 'text'", []),
        ("a: Literal[1] = b", []),
        ("POLL_SECONDS = 1.0", []),
        ("call(timeout=1)", ["pass"]),
        ("if TYPE_CHECKING: call()", []),
        ("@dataclass(frozen=True, order=True)\nclass C: ...", ["@dataclass(frozen=True, order=False)\nclass C: ..."]),
    ],
)
def test_each_fault_of_a_line(line, changed):
    assert [one.applied(line) for one in mutants(line, "x.py")] == changed


def test_what_a_function_returns():
    source = "def f(a):\n    if a:\n        return a\n    return None\n"
    assert [one.applied(source) for one in mutants(source, "x.py")] == [
        source.replace("if a", "if not a"),
        source.replace("return a", "return None"),
    ]


def test_what_runs_at_import_is_known():
    source = "A = 1\nclass C:\n    b = 2\n    def f(self, c=3):\n        return 4 + 5\n"
    assert [one.line for one in mutants(source, "x.py") if one.at_import] == [1, 3, 4]


def test_those_of_the_package_are_python_and_drawn_by_seed():
    drawn = draw(PACKAGE, 300, 1)
    assert drawn == draw(PACKAGE, 300, 1) != draw(PACKAGE, 300, 2)
    assert {one.path.split("/")[0] for one in drawn} == set(ROOMS)
    for one in drawn:
        ast.parse(one.applied((PACKAGE / one.path).read_text("utf-8")))
    assert str(Mutant("run/a.py", 3, 0, 1, "a", "b")) == "run/a.py:3: a -> b"


def test_every_rule_that_the_plugin_can_break_has_a_way():
    """`python3 dev.py mutate --rules` breaks them."""
    assert set(violations.tests_by_rule()) == set(violations.VIOLATIONS) - {violations.NOTHING}
