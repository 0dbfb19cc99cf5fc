"""What an override changes; whole files are in `cases`."""

import pytest

from pytest_wincontainers.compose.merging import merge
from pytest_wincontainers.compose.problems import Problems
from pytest_wincontainers.compose.reading import parse
from pytest_wincontainers.compose.tree import plain


def merged(base, override, key, tmp_path):
    (document,) = parse(f"base: {{k: {base}}}\nover: {{k: {override}}}", tmp_path / "x", Problems())
    found = merge(*(one.with_value({key: one.fields["k"]}) for one in document.fields.values()))
    return plain(found).get(key, "removed")


@pytest.mark.parametrize(
    ("key", "base", "override", "result"),
    [
        ("image", "a", "b", "b"),
        ("image", "a", "", "a"),
        ("command", "[a]", "[b]", ["b"]),
        ("command", "[a]", "", None),
        ("dns_search", "[a, b]", "[b, c]", ["a", "b", "c"]),
        ("other", "[a, b]", "[b]", ["a", "b", "b"]),
        ("environment", "{A: 1, B: 2}", "{B: , C: 3}", {"A": 1, "B": None, "C": 3}),
        ("labels", "{A: 1}", "{A: }", {"A": 1}),
        ("labels", "{A: 1, B: 2}", "{A: !reset x}", {"B": 2}),
        ("labels", "{A: 1}", "!override {B: 2}", {"B": 2}),
        ("labels", "{A: 1}", "!reset {}", "removed"),
        ("x-a", "{A: 1}", "{B: 2}", {"B": 2}),
        ("volumes", "[{target: /a, source: x}, {target: /b}]", "[{target: /a, source: y}]",
         [{"target": "/a", "source": "y"}, {"target": "/b"}]),
        ("ports", "[{target: 1, published: 2}]", "[{target: 1, published: 3}]",
         [{"target": 1, "published": 2}, {"target": 1, "published": 3}]),
        ("secrets", "[{source: a}]", "[{source: b, target: /run/secrets/a}]",
         [{"source": "b", "target": "/run/secrets/a"}]),
        ("logging", "{driver: a, options: {x: 1}}", "{driver: b}", {"driver": "b"}),
        ("logging", "{driver: a, options: {x: 1}}", "{options: {y: 2}}", {"driver": "a", "options": {"x": 1, "y": 2}}),
    ],
)  # fmt: skip
def test_an_override(tmp_path, key, base, override, result):
    assert merged(base, override, key, tmp_path) == result
