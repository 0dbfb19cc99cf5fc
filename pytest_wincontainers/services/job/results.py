"""The results of other tools' tests, in the files that these tools write: JUnit, TRX and NUnit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as ET

from pytest_wincontainers.errors import StartError

Outcome = Literal["passed", "failed", "skipped"]

_SKIPPED: Outcome = "skipped"
_OUTCOMES: Mapping[str, Outcome] = {
    "passed": "passed",
    "warning": "passed",
    **dict.fromkeys(("skipped", "inconclusive", "notexecuted", "pending"), _SKIPPED),
}
"""The words of TRX and NUnit, in lower case; all others are failures."""


@dataclass(frozen=True)
class Case:
    """One test of a job."""

    name: str
    """With that of its class or suite in front, as the tool writes it."""
    outcome: Outcome
    seconds: float = 0.0
    message: str = ""
    """Why it failed or was skipped, with the stack if there is one."""
    output: str = ""
    """What it wrote to its console."""


def read_cases(paths: Iterable[Path]) -> list[Case]:
    """The tests in result files, in their order; of two with one name, the second gets a number.

    Raises StartError for a file that cannot be read.
    """
    found: list[Case] = []
    taken: dict[str, int] = {}
    for path in paths:
        for case in _cases_in(path):
            count = taken[case.name] = taken.get(case.name, 0) + 1
            name = case.name if count == 1 else f"{case.name} ({count})"
            found.append(Case(name, case.outcome, case.seconds, case.message, case.output))
    return found


def _cases_in(path: Path) -> list[Case]:
    try:
        root = ET.parse(path).getroot()  # noqa: S314 - written by the user's own tests
    except (OSError, ET.ParseError) as problem:
        raise StartError(
            f"the test results in {path} cannot be read: {problem}",
            hint="results= names files in the format of JUnit, NUnit 3 or Visual Studio (TRX)",
        ) from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    readers = {"testsuites": _junit, "testsuite": _junit, "TestRun": _trx, "test-run": _nunit}
    if root.tag not in readers:
        raise StartError(
            f"the test results in {path} begin with <{root.tag}>, which is no known format",
            hint="results= names files in the format of JUnit, NUnit 3 or Visual Studio (TRX)",
        )
    return list(readers[root.tag](root))


def _junit(root: ET.Element) -> Iterator[Case]:
    for case in root.iter("testcase"):
        trouble = next((one for one in case if one.tag in ("failure", "error")), None)
        skipped = case.find("skipped")
        reason = trouble if trouble is not None else skipped
        yield Case(
            name=_joined(case.get("classname"), case.get("name")),
            outcome="failed" if trouble is not None else "skipped" if skipped is not None else "passed",
            seconds=_seconds(case.get("time")),
            message=_reason(reason.get("message"), reason.text) if reason is not None else "",
            output="\n".join(filter(None, (_text(case.find("system-out")), _text(case.find("system-err"))))),
        )


def _trx(root: ET.Element) -> Iterator[Case]:
    classes = {
        test.get("id"): method.get("className") for test in root.iter("UnitTest") for method in test.iter("TestMethod")
    }
    for result in root.iter("UnitTestResult"):
        outcome = _OUTCOMES.get((result.get("outcome") or "").lower(), "failed")
        output = result.find("Output")
        info = output.find("ErrorInfo") if output is not None else None
        name, owner = result.get("testName") or "", classes.get(result.get("testId")) or ""
        # Visual Studio's name of a test has its class in it, or has not, as its adapter likes.
        yield Case(
            name=name if name.startswith(owner.split(",")[0]) else _joined(owner.split(",")[0], name),
            outcome=outcome,
            seconds=_clock(result.get("duration")),
            message=_reason(_text(info.find("Message")), _text(info.find("StackTrace"))) if info is not None else "",
            output="\n".join(filter(None, (_text(output.find(one)) for one in ("StdOut", "StdErr"))))
            if output is not None
            else "",
        )


def _nunit(root: ET.Element) -> Iterator[Case]:
    for case in root.iter("test-case"):
        outcome = _OUTCOMES.get((case.get("result") or "").lower(), "failed")
        trouble = next((one for one in case if one.tag in ("failure", "reason")), None)
        yield Case(
            name=case.get("fullname") or case.get("name") or "",
            outcome=outcome,
            seconds=_seconds(case.get("duration")),
            message=_reason(_text(trouble.find("message")), _text(trouble.find("stack-trace")))
            if trouble is not None
            else "",
            output=_text(case.find("output")),
        )


def _joined(owner: str | None, name: str | None) -> str:
    return " ".join(filter(None, ((owner or "").strip(), (name or "").strip())))


def _reason(message: str | None, stack: str | None) -> str:
    message, stack = (message or "").strip(), (stack or "").strip()
    return stack if message and stack.startswith(message) else "\n".join(filter(None, (message, stack)))


def _text(element: ET.Element | None) -> str:
    return (element.text or "").strip() if element is not None else ""


def _seconds(text: str | None) -> float:
    try:
        # Some tools write thousands with commas.
        return float((text or "0").replace(",", ""))
    except ValueError:
        return 0.0


def _clock(text: str | None) -> float:
    """Seconds of a time such as 00:01:02.5."""
    total = 0.0
    for part in (text or "0").split(":"):
        total = total * 60 + _seconds(part)
    return total
