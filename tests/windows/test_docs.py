"""The documentation's table of rules is the rules."""

from pathlib import Path

from tests.windows import rules, standins

PAGE = Path(__file__).parents[2] / "docs" / "windows.md"
# Of these the plugin never comes near: it makes no volumes.
NOT_THE_PLUGINS = {"volume_names_are_not_devices", "no_security_options_in_builds"}


def test_the_page_has_the_table():
    assert rules.as_markdown() in PAGE.read_text("utf-8")


def test_every_rule_has_tests():
    assert standins.builds_begin_with_windows
    marked = rules.marked()
    known = {rule.name for rule in rules.RULES if not rule.source.startswith(("the proxy's", "the faults"))}
    assert set(marked) == known
    plugins = {name for name, tests in marked.items() if any("test_plugin.py" in test for test in tests)}
    assert known - plugins == NOT_THE_PLUGINS | {"programs_that_are_missing_fail_the_start"}
