"""For every test of this repository."""

pytest_plugins = [
    "pytester",
    "tests.kit.combinations",
    "tests.kit.engines",
    "tests.kit.other_host",
    "tests.kit.processes",
    "tests.kit.servers",
    "tests.kit.silence",
    "tests.kit.suite",
]
