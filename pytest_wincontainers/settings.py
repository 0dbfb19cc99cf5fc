"""The one table of settings: command-line option, environment variable, ini key, default and help.

Option, variable and ini key of a setting are made from its name, and so are the help texts and the
table in the documentation. The first that is given counts, in that order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import pytest

if TYPE_CHECKING:
    Parse = Callable[[str], Any]


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
        raise ValueError("is not a whole number from 0 up")
    return int(value)


def _one_of(*words: str) -> Parse:
    def parse(value: str) -> str:
        if value not in words:
            raise ValueError(f"is none of {', '.join(words)}")
        return value

    parse.__name__ = "|".join(words)
    return parse


class Secret:
    """A password from the environment, which no report shows by accident."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "***"

    def reveal(self) -> str:
        """The password itself."""
        return self._value


# Named tuples, as a dataclass takes a millisecond to make, and every pytest run in this environment pays it.


class Setting(NamedTuple):
    """One row of the table. `default` is in the same form as `parse` returns."""

    name: str
    parse: Parse
    default: Any
    metavar: str
    help: str
    private: bool = False
    """Whether it has only the variable, as command lines and files are read by many."""

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


TABLE: tuple[Setting, ...] = (
    Setting(
        "engine",
        _text,
        None,
        "URL",
        "the Docker engine, as in DOCKER_HOST (default: DOCKER_HOST, else the current docker context)",
    ),
    Setting(
        "missing_engine",
        _one_of("fail", "skip"),
        "fail",
        "fail|skip",
        "what happens to tests that need a container when no engine answers (default: fail)",
    ),
    Setting(
        "artifacts",
        Path,
        Path(".wincontainers"),
        "DIR",
        "where logs, screenshots and page sources go, in a folder per run; the newest 10 are kept "
        "(default: .wincontainers in the root folder)",
    ),
    Setting(
        "timeout",
        _seconds,
        180.0,
        "SECONDS",
        "how long a started container may take to become ready (default: 180)",
    ),
    Setting(
        "parallel_starts",
        _count,
        0,
        "N",
        "how many containers start at once on the engine, over all runs of this user on this machine; "
        "0 lets the engine's kind decide: 8 on Linux, 2 on Windows (default: 0)",
    ),
    Setting(
        "retries",
        _count,
        5,
        "N",
        "how often a start, pull, build or removal is tried again after a failure that is known to pass, with pauses "
        "from 1 to 15 seconds (default: 5)",
    ),
    Setting(
        "snapshots",
        _one_of("auto", "never", "refresh"),
        "auto",
        "auto|never|refresh",
        "images of prepared databases: used and made as each declaration says, neither, or made anew (default: auto)",
    ),
    Setting(
        "isolation",
        _one_of("auto", "process", "hyperv"),
        "auto",
        "auto|process|hyperv",
        "the isolation of Windows containers that do not name one: process where the image fits the host, else "
        "Hyper-V, or always the one named (default: auto)",
    ),
    Setting(
        "winrm",
        _text,
        None,
        "HOST",
        "the engine's machine, as host or https://host:port/wsman, where it is not this one: for flushing its DNS "
        "client cache; needs pytest-wincontainers[winrm] (default: none)",
    ),
    Setting(
        "winrm_transport",
        _one_of("ntlm", "basic"),
        "ntlm",
        "ntlm|basic",
        "how to log on to it, both over HTTPS (default: ntlm)",
    ),
    Setting(
        "winrm_ca",
        Path,
        None,
        "FILE",
        "the certificate of the authority that signed the machine's own (default: those that requests trusts)",
    ),
    Setting("winrm_user", _text, None, "NAME", "the account on that machine", private=True),
    Setting("winrm_password", Secret, None, "PASSWORD", "the account's password", private=True),
    Setting(
        "reach",
        _one_of("auto", "direct", "published"),
        "auto",
        "auto|direct|published",
        "how tests reach containers: by their own address, by ports published on the engine's machine, or "
        "directly where the engine is on this machine (default: auto)",
    ),
    Setting(
        "order",
        _one_of("needs", "file"),
        "needs",
        "needs|file",
        "run the test files that need no container first, while containers start, or keep pytest's order "
        "(default: needs)",
    ),
    Setting(
        "log_lines",
        _count,
        200,
        "N",
        "at most so many lines of each container's log in a failing test's report; the file has them all "
        "(default: 200)",
    ),
    Setting(
        "state",
        Path,
        None,
        "DIR",
        "where the locks lie that runs on this machine share "
        "(default: pytest-wincontainers in the user's own state folder)",
    ),
)


class Settings(NamedTuple):
    """The values in force; `sources` says where each that is not a default came from."""

    engine: str | None
    missing_engine: Literal["fail", "skip"]
    artifacts: Path
    timeout: float
    parallel_starts: int
    retries: int
    snapshots: Literal["auto", "never", "refresh"]
    isolation: Literal["auto", "process", "hyperv"]
    winrm: str | None
    winrm_transport: Literal["ntlm", "basic"]
    winrm_ca: Path | None
    winrm_user: str | None
    winrm_password: Secret | None
    reach: Literal["auto", "direct", "published"]
    order: Literal["needs", "file"]
    log_lines: int
    state: Path
    sources: Mapping[str, str]

    def describe(self) -> str:
        """The values that are not defaults and where they came from, for the report header."""
        return ", ".join(f"{name}={getattr(self, name)} (from {source})" for name, source in self.sources.items())


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
    """The settings in force. Raises pytest.UsageError where a value cannot be read."""
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for setting in TABLE:
        values[setting.name], source = _value(setting, config, environ)
        if source:
            sources[setting.name] = source
    values["artifacts"] = config.rootpath / values["artifacts"]
    values["state"] = values["state"] or state_folder(environ)
    return Settings(**values, sources=sources)


def _value(setting: Setting, config: pytest.Config, environ: Mapping[str, str]) -> tuple[Any, str]:
    # A folder given by hand is meant from where the person stands, one in a file from where the file is.
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


def state_folder(environ: Mapping[str, str], *, windows: bool = os.name == "nt") -> Path:
    """Where the user's own state lies on this system."""
    if windows:
        base = Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path(environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return base / "pytest-wincontainers"


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
