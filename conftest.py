"""For every test of this repository."""

pytest_plugins = ["pytester", "tests.kit.combinations", "tests.kit.engines", "tests.kit.processes", "tests.kit.suite"]
