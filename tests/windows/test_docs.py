"""The documentation's table of rules has their tests."""

from tests.windows import rules

# Of these the plugin never comes near: it makes no volumes.
NOT_THE_PLUGINS = {"volume_names_are_not_devices", "no_security_options_in_builds"}


def test_every_rule_has_tests():
    marked = rules.marked()
    known = {rule.name for rule in rules.RULES if rule.of_windows}
    assert set(marked) == known
    plugins = {name for name, tests in marked.items() if any("test_plugin.py" in test for test in tests)}
    assert known - plugins == NOT_THE_PLUGINS | {"programs_that_are_missing_fail_the_start"}
