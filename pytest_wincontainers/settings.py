"""The table of settings: command-line option, environment variable, ini key, default, type and help.

A setting is an attribute of `Settings`. Its option, variable and ini key are made from its name, and so are the help
texts and the table in the documentation. The first one that is given is used, in this order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

import pytest

if TYPE_CHECKING:
    from typing_extensions import Self

    Parse = Callable[[str], Any]

ValueT = TypeVar("ValueT")


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty")
    return value.strip()


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        raise ValueError("is not a number of seconds") from None
    if not 0 < seconds < float("inf"):
        raise ValueError("is not a positive number of seconds")
    return seconds


def _count(value: str) -> int:
    if not value.strip().isdecimal():
        raise ValueError("is not a whole number of at least 0")
    return int(value)


def _mebibytes(value: str) -> int:
    if not value.strip().isdecimal() or not int(value):
        raise ValueError("is not a whole number of at least 1")
    return int(value)


def _one_of(*words: str) -> Parse:
    def parse(value: str) -> str:
        if value not in words:
            raise ValueError(f"is not one of {', '.join(words)}")
        return value

    parse.__name__ = "|".join(words)
    return parse


class Secret:
    """A password from the environment, with a repr() that does not show it."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "***"

    def reveal(self) -> str:
        """The password itself."""
        return self._value


# Plain classes, as a dataclass takes a millisecond to make, and every pytest run in this environment pays it.


class Setting(Generic[ValueT]):
    """One row of the table, and the attribute of `Settings` that has its value.

    `default` is in the form that `parse` returns; `default_text` describes a default that is computed later. A
    `private` setting can only be set by its environment variable, as others can read command lines and files.
    """

    def __init__(
        self,
        parse: Parse,
        default: ValueT,
        metavar: str,
        help: str,  # noqa: A002 - argparse's own word
        *,
        default_text: str | None = None,
        private: bool = False,
    ) -> None:
        self.name = ""
        self.parse = parse
        self.default = default
        self.metavar = metavar
        self.private = private
        shown = default_text if default_text is not None else f"{default:g}" if isinstance(default, float) else default
        self.help = help if private else f"{help} (default: {shown})"

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, settings: None, owner: type) -> Self: ...
    @overload
    def __get__(self, settings: Settings, owner: type) -> ValueT: ...
    def __get__(self, settings: Settings | None, owner: type) -> Self | ValueT:
        if settings is None:
            return self
        value: ValueT = settings.values[self.name]
        return value

    def __set__(self, settings: Settings, value: ValueT) -> None:
        raise AttributeError("settings cannot be changed during a run")

    @property
    def option(self) -> str:
        return "--wincontainers-" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return "WINCONTAINERS_" + self.name.upper()

    @property
    def ini(self) -> str:
        return "wincontainers_" + self.name

    @property
    def destination(self) -> str:
        return self.ini


class Settings:
    """The effective values; `sources` says where each value that is not a default came from."""

    def __init__(self, values: Mapping[str, Any], sources: Mapping[str, str]) -> None:
        self.values = values
        self.sources = sources

    @classmethod
    def defaults(cls) -> Settings:
        """The values if nothing is given."""
        return cls({setting.name: setting.default for setting in TABLE}, {})

    engine: Setting[str | None] = Setting(
        _text,
        None,
        "URL",
        "the URL of the Docker engine, in the form of DOCKER_HOST",
        default_text="DOCKER_HOST, else the current docker context",
    )
    missing_engine: Setting[Literal["fail", "skip"]] = Setting(
        _one_of("fail", "skip"),
        "fail",
        "fail|skip",
        "whether tests that need a container fail or are skipped when no engine answers",
    )
    artifacts: Setting[Path] = Setting(
        Path,
        Path(".wincontainers"),
        "DIR",
        "the directory for logs, screenshots and page sources, with one subdirectory per run; the newest 10 are kept, "
        "and those of runs that are still running",
        default_text=".wincontainers in the root directory",
    )
    timeout: Setting[float] = Setting(
        _seconds,
        180.0,
        "SECONDS",
        "how long a started container may take to become ready",
    )
    parallel_starts: Setting[int] = Setting(
        _count,
        0,
        "N",
        "how many containers may start at once on the engine, across all runs of this user on this machine; "
        "0 chooses by the engine: 8 on Linux, 2 on Windows",
    )
    retries: Setting[int] = Setting(
        _count,
        5,
        "N",
        "how often a start, pull, build or removal is retried after a transient failure, with pauses from 1 to 15 "
        "seconds",
    )
    snapshots: Setting[Literal["auto", "never", "refresh"]] = Setting(
        _one_of("auto", "never", "refresh"),
        "auto",
        "auto|never|refresh",
        "images of prepared databases: auto uses and creates them as each declaration says, never does neither, "
        "refresh recreates them",
    )
    isolation: Setting[Literal["auto", "process", "hyperv"]] = Setting(
        _one_of("auto", "process", "hyperv"),
        "auto",
        "auto|process|hyperv",
        "the isolation of Windows containers whose declaration sets none; auto is the engine's default if the image "
        "fits the host that way, otherwise the other one",
    )
    windows_base: Setting[Literal["auto", "ltsc2016", "ltsc2019", "ltsc2022", "ltsc2025"]] = Setting(
        _one_of("auto", "ltsc2016", "ltsc2019", "ltsc2022", "ltsc2025"),
        "auto",
        "auto|TAG",
        "the Windows release that services' images are built on, as in ltsc2022; auto is the one that fits the host "
        "best, or an older one if the host lacks its updates",
    )
    winrm: Setting[str | None] = Setting(
        _text,
        None,
        "HOST",
        "the engine's machine if it is not this one, as host or https://host:port/wsman; its DNS client cache is then "
        "flushed too; needs pytest-wincontainers[winrm]",
        default_text="none",
    )
    winrm_transport: Setting[Literal["ntlm", "basic"]] = Setting(
        _one_of("ntlm", "basic"),
        "ntlm",
        "ntlm|basic",
        "how to log on to the WinRM host; both use HTTPS",
    )
    winrm_ca: Setting[Path | None] = Setting(
        Path,
        None,
        "FILE",
        "the certificate of the authority that signed the WinRM host's certificate",
        default_text="the authorities that requests trusts",
    )
    winrm_user: Setting[str | None] = Setting(_text, None, "NAME", "the account on the WinRM host", private=True)
    winrm_password: Setting[Secret | None] = Setting(
        Secret, None, "PASSWORD", "the password of that account", private=True
    )
    reach: Setting[Literal["auto", "direct", "published"]] = Setting(
        _one_of("auto", "direct", "published"),
        "auto",
        "auto|direct|published",
        "how tests reach containers: direct uses their own addresses, published uses ports published on the engine's "
        "machine; auto is direct if the engine is on this machine",
    )
    order: Setting[Literal["needs", "file"]] = Setting(
        _one_of("needs", "file"),
        "needs",
        "needs|file",
        "needs runs the test files that need no container first, while containers start; file keeps pytest's order",
    )
    log_lines: Setting[int] = Setting(
        _count,
        200,
        "N",
        "how many lines of each container's log a failing test's report shows at most; the log file has all of them",
    )
    log_size: Setting[int] = Setting(
        _mebibytes,
        64,
        "MIB",
        "the largest size of each container's log file in MiB; the rest of a longer log is left out, which the log and "
        "the run's summary say",
    )
    state: Setting[Path | None] = Setting(
        Path,
        None,
        "DIR",
        "the directory of the locks that all runs on this machine share",
        default_text="pytest-wincontainers in the user's state directory",
    )

    def describe(self) -> str:
        """The values that are not defaults and where they came from, for the report header."""
        return ", ".join(f"{name}={self.values[name]} (from {source})" for name, source in self.sources.items())


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
            metavar=setting.metavar,
            default=None,
            help=setting.help,
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


def _value(setting: Setting[Any], config: pytest.Config, environ: Mapping[str, str]) -> tuple[Any, str]:
    # A path on the command line is resolved against the current folder, one in a file against the file's own.
    here = config.invocation_params.dir
    beside = config.inipath.parent if config.inipath else config.rootpath
    variable = (environ.get(setting.variable) or None, f"environment {setting.variable}", here)
    option = (config.getoption(setting.destination, None), f"option {setting.option}", here)
    ini = (None if setting.private else config.getini(setting.ini), f"ini {setting.ini}", beside)
    for given, source, base in (option, variable, ini):
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
            "" if one.private else f"`{one.option}={one.metavar}`",
            f"`{one.variable}`",
            "" if one.private else f"`{one.ini}`",
            one.help,
        ]
        for one in TABLE
    ]
    lines = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in [heading, ["---"] * 4, *rows]]
    return "\n".join(f"| {line} |" for line in lines)
