"""What a rule is, and what the rules of several areas share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import Literal

from tests.windows.proxy import Call

BOOKKEEPING = "the proxy's own book-keeping"
FAULTS = "the faults that a test asked for"
"""The sources of rules that are none of Windows."""

CREATE = "/containers/create"
ONE = "/containers/[^/]+"
"""The path of one container."""

When = Literal["asked", "answered", "failed"]
Act = Callable[[Call], None]


@dataclass(frozen=True)
class Rule:
    """One rule. `says` is what it does, for the table."""

    name: str
    says: str
    source: str
    methods: tuple[str, ...]
    pattern: re.Pattern[str]
    act: Act
    when: When

    @property
    def of_windows(self) -> bool:
        """Whether Windows has it, and not the proxy itself."""
        return self.source not in {BOOKKEEPING, FAULTS}

    def before(self, call: Call) -> None:
        if self.when == "asked" and call.answer is None:
            self._apply(call)

    def after(self, call: Call) -> None:
        if self.when == ("answered" if call.status < 400 else "failed"):
            self._apply(call)

    def _apply(self, call: Call) -> None:
        if call.method in self.methods and self.pattern.fullmatch(call.path):
            self.act(call)


class Area:
    """The rules of one area, in the order of its module; its methods decorate the functions that they are made of."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    def asked(self, methods: str, pattern: str, source: str) -> Callable[[Act], Act]:
        """A rule about requests: it refuses, changes or answers them."""
        return self._decorator(methods, pattern, source, "asked")

    def answered(self, methods: str, pattern: str, source: str) -> Callable[[Act], Act]:
        """A rule about answers."""
        return self._decorator(methods, pattern, source, "answered")

    def failed(self, methods: str, pattern: str, source: str) -> Callable[[Act], Act]:
        """A rule about refusals, the real engine's and those of other rules."""
        return self._decorator(methods, pattern, source, "failed")

    def _decorator(self, methods: str, pattern: str, source: str, when: When) -> Callable[[Act], Act]:
        def decorate(act: Act) -> Act:
            says = " ".join((act.__doc__ or "").split())
            name = act.__name__
            self._rules.append(Rule(name, says, source, tuple(methods.split()), re.compile(pattern), act, when))
            return act

        return decorate


def isolation(call: Call) -> str:
    """The isolation that a container is created with."""
    asked = call.host_config.get("Isolation") or "default"
    return call.proxy.preset.isolation if asked == "default" else asked


def windows_path(path: str) -> str:
    """A path of the guest as the real container has it."""
    return "/" + PureWindowsPath(path).as_posix().partition(":/")[2] if ":" in path else path.replace("\\", "/")


def command_line(words: list[str]) -> str:
    """The words joined as Go joins them, and as C programs take them apart (golang/go syscall.EscapeArg)."""
    return " ".join(_escaped(word) for word in words)


def _escaped(word: str) -> str:
    if word and not re.search(r'[\s"]', word):
        # A backslash in front of a quote is the only one that counts.
        return word
    word = re.sub(r'(\\*)"', r'\1\1\\"', word)
    return '"' + re.sub(r"(\\+)$", r"\1\1", word) + '"'
