"""How an error reads."""

from pytest_wincontainers.errors import MigrationError


def test_an_error_is_a_sentence_details_and_a_hint():
    error = MigrationError("it failed", details="a\nb", hint="mend it")
    assert str(error) == "it failed\n  | a\n  | b\nhint: mend it"
