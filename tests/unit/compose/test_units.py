import pytest

from pytest_wincontainers.compose import units

SECOND = 10**9


@pytest.mark.parametrize(
    ("text", "amount", "written"),
    [
        ("10s", 10 * SECOND, "10s"),
        ("1m30s", 90 * SECOND, "1m30s"),
        ("90s", 90 * SECOND, "1m30s"),
        ("1h2m", 3720 * SECOND, "1h2m0s"),
        ("1.5m", 90 * SECOND, "1m30s"),
        ("1.5s", 3 * SECOND // 2, "1.5s"),
        ("500ms", SECOND // 2, "500ms"),
        ("1h0.5s", 3600 * SECOND + SECOND // 2, "1h0m0.5s"),
        ("20us", 20_000, "20µs"),
        ("5ns", 5, "5ns"),
        ("0", 0, "0s"),
    ],
)
def test_a_duration(text, amount, written):
    assert units.nanoseconds(text) == amount
    assert units.duration(amount) == written


@pytest.mark.parametrize("text", ["", "5", "s", "1x", "1m 30s", "-", "1d", "one"])
def test_no_duration(text):
    assert units.nanoseconds(text) is None


@pytest.mark.parametrize(
    ("text", "amount"),
    [("1024", 1024), ("1k", 1024), ("64m", 64 << 20), ("64MB", 64 << 20), ("1.5g", 3 << 29), ("2GiB", 2 << 30),
     ("1 t", 1 << 40), ("5b", 5), (".5k", 512)],
)  # fmt: skip
def test_a_size(text, amount):
    assert units.size(text) == amount


@pytest.mark.parametrize("text", ["", "m", "5q", "-1", "1..5g", "five"])
def test_no_size(text):
    assert units.size(text) is None


def test_words():
    assert units.words(r"""a "b c" 'd "e' f\ g "" """) == ["a", "b c", 'd "e', "f g", ""]
    assert units.words("a 'b") is None
