"""The suite that a command is for: its directory, and its settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.settings import Settings, from_environment, resolve

_CONFIGURATIONS: Mapping[str, str] = {
    "pytest.ini": "",
    ".pytest.ini": "",
    "pytest.toml": "",
    ".pytest.toml": "",
    "pyproject.toml": "[tool.pytest",
    "tox.ini": "[pytest]",
    "setup.cfg": "[tool:pytest]",
}
"""The files in which pytest looks for its configuration, and what is in those that have it."""


def project_of(folder: Path) -> Path:
    """The directory itself or the nearest one above it that has a suite; itself if none has.

    Without a configuration file pytest takes the current directory for the root, and reads no conftest.py above it.
    """
    # pytest reads those of the current directory, too. Further up they may be anybody's.
    if any(folder.glob("test*/conftest.py")):
        return folder
    return next((one for one in (folder, *folder.parents) if _has_suite(one)), folder)


def settings_of(folder: Path, **options: str | None) -> Settings:
    """The settings of a command about the suite of a directory: its options, the environment, and the suite's ini keys.

    Options in the suite's addopts do not count, as they may be for plugins of its conftest.py, which is not imported.
    Raises DeclarationError if a value is invalid, or pytest refuses the configuration.
    """
    files = (one / name for one in (folder, *folder.parents) for name in _CONFIGURATIONS)
    if not any(_configures(path, "wincontainers_") for path in files):
        return from_environment(os.environ, **options)
    reader = _SettingsReader()
    given = [f"--wincontainers-{name.replace('_', '-')}={value}" for name, value in options.items() if value]
    addopts = os.environ.pop("PYTEST_ADDOPTS", None)
    try:
        with redirect_stdout(StringIO()) as said, redirect_stderr(said):
            # The command has imported this package already, and a suite's warnings may be errors.
            words = ["-p", "wincontainers", "-W", "ignore", "--noconftest", "-o", "addopts=", *given]
            pytest.main([*words, str(project_of(folder))], plugins=[reader])
    except Exception as problem:
        raise DeclarationError(f"pytest cannot read its configuration for {folder}", details=str(problem)) from problem
    finally:
        if addopts is not None:
            os.environ["PYTEST_ADDOPTS"] = addopts
    if reader.problem is not None:
        raise DeclarationError(str(reader.problem), hint="correct it, or leave it out")
    if reader.settings is None:
        raise DeclarationError(f"pytest cannot read its configuration for {folder}", details=said.getvalue().strip())
    return reader.settings


class _SettingsReader:
    """A plugin that takes the place of the whole session."""

    def __init__(self) -> None:
        self.settings: Settings | None = None
        self.problem: pytest.UsageError | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> int:
        try:
            self.settings = resolve(config)
        except pytest.UsageError as problem:
            self.problem = problem
        return 0


def _has_suite(folder: Path) -> bool:
    configured = any(_configures(folder / name, text) for name, text in _CONFIGURATIONS.items())
    return configured or (folder / "conftest.py").is_file()


def _configures(path: Path, text: str) -> bool:
    try:
        return text in path.read_text("utf-8", "replace")
    except OSError:
        return False
