"""Needs no container, so it runs while they start."""

from decimal import Decimal


def test_prices_are_exact():
    assert Decimal("7.50") * 3 == Decimal("22.50")
