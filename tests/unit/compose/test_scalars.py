"""What an unquoted word means. The expected values are those that Docker Compose 5.6.1 printed."""

import math

import pytest

from pytest_wincontainers.compose.scalars import as_text, resolve


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("yes", "yes"), ("on", "on"), ("NO", "NO"), ("True", True), ("FALSE", False), ("tRUE", "tRUE"),
        ("", None), ("~", None), ("Null", None), ("nULL", "nULL"),
        ("0123", 83), ("0o14", 12), ("0129", 129.0), ("0", 0), ("00", 0), ("0x1F", 31), ("0b11", 3), ("0xZ", "0xZ"),
        ("1_000", 1000), ("-5", -5), ("+5", 5), ("-0x10", -16), ("18446744073709551615", 18446744073709551615),
        ("18446744073709551616", 18446744073709551616.0),
        ("8.0", 8.0), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("1_0.5", 10.5), (".", "."), ("-", "-"), ("+", "+"),
        ("22:22", "22:22"), ("190:20:30", "190:20:30"), ("1.2.3", "1.2.3"), ("5m", "5m"),
        (".inf", math.inf), ("-.INF", -math.inf), (".Inf2", ".Inf2"),
        ("2001-01-02", "2001-01-02 00:00:00 +0000 UTC"),
        ("2001-1-2", "2001-01-02 00:00:00 +0000 UTC"),
        ("2001-13-45", "2001-13-45"),
        ("2001-01-02T03:04:05.50Z", "2001-01-02 03:04:05.5 +0000 UTC"),
        ("2001-01-02T03:04:05+02:00", "2001-01-02 03:04:05 +0200 +0200"),
    ],
)  # fmt: skip
def test_a_plain_word(word, value):
    found = resolve(word)
    assert (type(found), found) == (type(value), value)


def test_not_a_number():
    assert math.isnan(resolve(".nan"))
    assert as_text(math.nan) == "NaN"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"), (False, "false"), (None, ""), ("x", "x"), (83, "83"),
        (8.0, "8"), (1.5, "1.5"), (1e20, "100000000000000000000"), (1e21, "1e+21"), (1.5e30, "1.5e+30"),
        (1.2345678901234568e29, "1.2345678901234568e+29"), (0.0001, "0.0001"), (0.00001, "1e-05"), (-2.5e-7, "-2.5e-07"),
        (0.0, "0"), (-1.0, "-1"), (1e100, "1e+100"), (math.inf, "+Inf"), (-math.inf, "-Inf"),
    ],
)  # fmt: skip
def test_as_go_writes_it(value, text):
    assert as_text(value) == text
