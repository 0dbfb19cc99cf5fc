"""The table of settings: command-line option, environment variable, ini key, default, type and help.

A setting is an attribute of `Settings`. Its option, variable and ini key are made from its name, and so are the help
texts and the table in the documentation. The first one that is given is used, in this order.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pytest

from pytest_wincontainers.settings.setting import (
    Secret,
    Setting,
    Values,
    one_of,
    parse_count,
    parse_hours,
    parse_names,
    parse_positive,
    parse_seconds,
    parse_switch,
    parse_text,
)


class Settings(Values):
    """The effective values; `sources` says where each value that is not a default came from."""

    def __init__(self, values: Mapping[str, Any], sources: Mapping[str, str]) -> None:
        super().__init__(values)
        self.sources = sources

    @classmethod
    def defaults(cls) -> Settings:
        """The values if nothing is given."""
        return cls({setting.name: setting.default for setting in TABLE}, {})

    engine: Setting[str | None] = Setting(
        parse_text,
        None,
        "URL",
        "the URL of the Docker engine, in the form of DOCKER_HOST",
        default_text="DOCKER_HOST, else the current docker context",
    )
    insecure_engine: Setting[str | None] = Setting(
        parse_text,
        None,
        "HOST",
        "the one machine whose engine may be connected to over TCP without TLS, or without verifying its certificate",
        default_text="none",
    )
    missing_engine: Setting[Literal["fail", "skip"]] = Setting(
        one_of("fail", "skip"),
        "fail",
        "fail|skip",
        "whether tests that need a container fail or are skipped when no engine answers",
    )
    artifacts: Setting[Path] = Setting(
        Path,
        Path(".wincontainers"),
        "DIR",
        "the directory for logs, screenshots and page sources, with one subdirectory per run; `latest` in it leads to "
        "the newest one",
        default_text=".wincontainers in the root directory",
    )
    artifact_runs: Setting[int] = Setting(
        parse_positive,
        10,
        "N",
        "how many runs' artifacts are kept; when there is one more, those of the oldest run are removed, unless it is "
        "still running",
    )
    artifact_days: Setting[int] = Setting(
        parse_count,
        30,
        "N",
        "after how many days a run's artifacts are removed by the next run; 0 keeps them whatever their age",
    )
    timeout: Setting[float] = Setting(
        parse_seconds,
        180.0,
        "SECONDS",
        "how long a started container may take to become ready",
    )
    parallel_starts: Setting[int] = Setting(
        parse_count,
        0,
        "N",
        "how many containers may start at once on the engine, across all runs of this user on this machine; "
        "0 chooses by the engine: 8 on Linux, 2 on Windows",
    )
    retries: Setting[int] = Setting(
        parse_count,
        5,
        "N",
        "how often a start, pull, build or removal is retried after a transient failure, with pauses from 1 to 15 "
        "seconds",
    )
    snapshots: Setting[Literal["auto", "never", "refresh"]] = Setting(
        one_of("auto", "never", "refresh"),
        "auto",
        "auto|never|refresh",
        "images of prepared databases: auto uses and creates them as each declaration says, never does neither, "
        "refresh recreates them",
    )
    isolation: Setting[Literal["auto", "process", "hyperv"]] = Setting(
        one_of("auto", "process", "hyperv"),
        "auto",
        "auto|process|hyperv",
        "the isolation of Windows containers whose declaration sets none; auto is the engine's default if the image "
        "fits the host that way, otherwise the other one",
    )
    windows_base: Setting[Literal["auto", "ltsc2016", "ltsc2019", "ltsc2022", "ltsc2025"]] = Setting(
        one_of("auto", "ltsc2016", "ltsc2019", "ltsc2022", "ltsc2025"),
        "auto",
        "auto|TAG",
        "the Windows release that services' images are built on, as in ltsc2022; auto is the one that fits the host "
        "best, or an older one if the host lacks its updates",
    )
    winrm: Setting[str | None] = Setting(
        parse_text,
        None,
        "HOST",
        "the engine's machine if it is not this one, as host or https://host:port/wsman; its DNS client cache is then "
        "flushed too; needs pytest-wincontainers[winrm]",
        default_text="none",
    )
    winrm_transport: Setting[Literal["ntlm", "basic", "kerberos", "certificate"]] = Setting(
        one_of("ntlm", "basic", "kerberos", "certificate"),
        "ntlm",
        "ntlm|basic|kerberos|certificate",
        "how to log on to the WinRM host, always over HTTPS; kerberos uses the ticket that is there and needs "
        "pywinrm[kerberos]",
    )
    winrm_cert: Setting[Path | None] = Setting(
        Path, None, "FILE", "the client certificate for winrm_transport=certificate, in PEM format", default_text="none"
    )
    winrm_key: Setting[Path | None] = Setting(
        Path, None, "FILE", "the key of that certificate, in PEM format without a passphrase", default_text="none"
    )
    winrm_ca: Setting[Path | None] = Setting(
        Path,
        None,
        "FILE",
        "the certificate of the authority that signed the WinRM host's certificate",
        default_text="the authorities that requests trusts",
    )
    winrm_user: Setting[str | None] = Setting(parse_text, None, "NAME", "the account on the WinRM host", private=True)
    winrm_password: Setting[Secret | None] = Setting(
        Secret,
        None,
        "PASSWORD",
        "the password of that account (default: the one in the system's keyring, with pytest-wincontainers[keyring])",
        private=True,
    )
    reach: Setting[Literal["auto", "direct", "published"]] = Setting(
        one_of("auto", "direct", "published"),
        "auto",
        "auto|direct|published",
        "how tests reach containers: direct uses their own addresses, published uses ports published on the engine's "
        "machine; auto is direct if the engine is on this machine",
    )
    order: Setting[Literal["needs", "file"]] = Setting(
        one_of("needs", "file"),
        "needs",
        "needs|file",
        "needs runs the test files that need no container first, while containers start; file keeps pytest's order",
    )
    log_lines: Setting[int] = Setting(
        parse_count,
        200,
        "N",
        "how many lines of each container's log a failing test's report shows at most; the log file has all of them",
    )
    log_size: Setting[int] = Setting(
        parse_positive,
        64,
        "MIB",
        "the size in MiB at which a container's log goes on in another file",
    )
    log_files: Setting[int] = Setting(
        parse_positive,
        32,
        "N",
        "how many files of each container's log are kept; when there is one more, the oldest is removed",
    )
    logs: Setting[Literal["on-failure", "always", "never"]] = Setting(
        one_of("on-failure", "always", "never"),
        "on-failure",
        "on-failure|always|never",
        "which tests' reports show what their containers logged: those of failing tests, of all tests, or none; the "
        "log files are written in any case",
    )
    screenshot: Setting[Literal["only-on-failure", "on", "off"]] = Setting(
        one_of("only-on-failure", "on", "off"),
        "only-on-failure",
        "only-on-failure|on|off",
        "of which tests the browsers' screenshots, page sources and consoles are saved: of failing tests, of all "
        "tests, or of none",
    )
    keep: Setting[Literal["never", "failed", "always"]] = Setting(
        one_of("never", "failed", "always"),
        "never",
        "never|failed|always",
        "whether containers stay after the run: never, if a test has failed, or always; the summary says how to get in "
        "and how to remove them",
    )
    reuse: Setting[bool] = Setting(
        parse_switch,
        False,
        "",
        "use the containers that `wincontainers up`, or a run with this option, has left, if nothing about them has "
        "changed; those of this run stay for the next one",
    )
    publish: Setting[tuple[str, ...]] = Setting(
        parse_names,
        (),
        "NAME,...",
        "the containers whose `publish=` and `password=` also count in a run after which they do not stay",
        default_text="none",
    )
    keep_hours: Setting[float] = Setting(
        parse_hours,
        12.0,
        "HOURS",
        "after how many hours without use containers that stay are removed by the next run",
    )
    state: Setting[Path | None] = Setting(
        Path,
        None,
        "DIR",
        "the directory of the locks that all runs on this machine share",
        default_text="pytest-wincontainers in the user's state directory",
    )

    def with_values(self, **values: Any) -> Settings:
        """These settings with other values for some."""
        return Settings({**self.values, **values}, self.sources)

    @property
    def stays(self) -> bool:
        """Whether containers may stay after the run."""
        return self.reuse or self.keep != "never"

    def describe(self) -> str:
        """The values that are not defaults and where they came from, for the report header."""
        return ", ".join(f"{name}={_shown(self.values[name])} (from {source})" for name, source in self.sources.items())


def _shown(value: object) -> object:
    return ",".join(map(str, value)) if isinstance(value, tuple) else value


TABLE: tuple[Setting[Any], ...] = tuple(one for one in vars(Settings).values() if isinstance(one, Setting))


def add_options(parser: pytest.Parser) -> None:
    """Add every setting as an option and as an ini key."""
    group = parser.getgroup("wincontainers", "containers for tests (pytest-wincontainers)")
    for setting in TABLE:
        if setting.private:
            continue
        group.addoption(
            setting.option,
            dest=setting.destination,
            default=None,
            help=setting.help,
            **({"metavar": setting.metavar} if setting.metavar else {"action": "store_const", "const": "yes"}),
        )
        parser.addini(setting.ini, setting.help, type="string", default=None)


def resolve(config: pytest.Config, environ: Mapping[str, str] = os.environ) -> Settings:
    """The effective settings. Raises pytest.UsageError if a value is invalid."""
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for setting in TABLE:
        values[setting.name], source = _value(setting, config, environ)
        if source:
            sources[setting.name] = source
    values["artifacts"] = config.rootpath / values["artifacts"]
    return Settings(values, sources)


def from_environment(environ: Mapping[str, str] = os.environ, **options: str | None) -> Settings:
    """The settings of a command, which has no pytest and so no ini file: from its options, else the environment.

    Raises DeclarationError if a value is invalid.
    """
    from pytest_wincontainers.errors import DeclarationError

    values, sources = {}, {}
    for setting in TABLE:
        option = (options.get(setting.name), f"option --{setting.name.replace('_', '-')}", Path.cwd())
        variable = (environ.get(setting.variable) or None, f"environment {setting.variable}", Path.cwd())
        try:
            values[setting.name], source = _first(setting, option, variable)
        except pytest.UsageError as problem:
            raise DeclarationError(str(problem), hint="correct it, or leave it out") from None
        if source:
            sources[setting.name] = source
    return Settings(values, sources)


def _value(setting: Setting[Any], config: pytest.Config, environ: Mapping[str, str]) -> tuple[Any, str]:
    # A path on the command line is resolved against the current folder, one in a file against the file's own.
    here = config.invocation_params.dir
    beside = config.inipath.parent if config.inipath else config.rootpath
    variable = (environ.get(setting.variable) or None, f"environment {setting.variable}", here)
    option = (config.getoption(setting.destination, None), f"option {setting.option}", here)
    ini = (None if setting.private else config.getini(setting.ini), f"ini {setting.ini}", beside)
    return _first(setting, option, variable, ini)


def _first(setting: Setting[Any], *places: tuple[str | None, str, Path]) -> tuple[Any, str]:
    """The first value that is given, and where; the default where none is."""
    for given, source, base in places:
        if given is None:
            continue
        try:
            value = setting.parse(given)
        except ValueError as problem:
            raise pytest.UsageError(f"{given!r} {problem} ({source})") from None
        return (base / value if isinstance(value, Path) else value), source
    return setting.default, ""


def as_markdown() -> str:
    """The table for the documentation."""
    heading = ["option", "environment variable", "ini key", "meaning"]
    rows = [
        [
            "" if one.private else f"`{one.option}{'=' if one.metavar else ''}{one.metavar}`",
            f"`{one.variable}`",
            "" if one.private else f"`{one.ini}`",
            one.help,
        ]
        for one in TABLE
    ]
    lines = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in [heading, ["---"] * 4, *rows]]
    return "\n".join(f"| {line} |" for line in lines)
