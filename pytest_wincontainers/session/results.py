"""The tests of a job as tests of pytest: known only when the job has ended, which is long after the collection.

A `job_results` is collected as one item. When its turn comes, an item for each of the job's tests takes its place, so
that every plugin that reports tests sees them as it sees all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import pytest
from _pytest.mark import KeywordMatcher
from _pytest.mark.expression import Expression
from _pytest.runner import runtestprotocol

from pytest_wincontainers.services.declaration import ENDPOINTS
from pytest_wincontainers.services.job.endpoint import JobEndpoint
from pytest_wincontainers.services.job.results import Case
from pytest_wincontainers.services.job.suite import JobResults
from pytest_wincontainers.session.needs import MARK

_KNOWN = "wincontainers/cases"
"""Where pytest's cache has the names of the last run's tests, by the id of their item."""
_CASE = "wincontainers_case"
"""Where a report has its own id on its way from a worker of pytest-xdist, which sends collected ids only; and whether
it is one more than was collected."""


class CaseItem(pytest.Item):
    """One test of a job."""

    def __init__(self, *, case: Case, origin: ResultsItem, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.case = case
        self.origin = origin
        self.own_markers.extend(origin.own_markers)
        # For -k, as the name of a class is for its methods.
        self.extra_keyword_matches.add(origin.name)

    def runtest(self) -> None:
        if self.case.output:
            self.add_report_section("call", "output", self.case.output)
        if self.case.outcome == "skipped":
            pytest.skip(self.case.message or "skipped by its job")
        if self.case.outcome == "failed":
            pytest.fail(self.case.message or "failed without a message", pytrace=False)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        return self.origin.path, None, f"{self.origin.name}: {self.name}"


class ResultsItem(pytest.Item):
    """What a `job_results` is collected as."""

    def __init__(self, *, results: JobResults, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.job = results.job
        self.cases: Sequence[Case] = ()
        # As if a function had it as a mark: an unknown name is refused, and the job is started.
        self.add_marker(getattr(pytest.mark, MARK)(self.job))
        cache = getattr(self.config, "cache", None)
        self.known: Sequence[str] = cache.get(_KNOWN, {}).get(self.nodeid, ()) if cache is not None else ()

    def runtest(self) -> None:
        endpoint = self.config.stash[ENDPOINTS](self.job)
        if not isinstance(endpoint, JobEndpoint) or not endpoint.has_results:
            hint = "job_results() is for a job_container with results="
            pytest.fail(f"{self.job} has no test results\nhint: {hint}", pytrace=False)
        self.cases = endpoint.cases
        if not self.cases:
            pytest.fail(f"there are no tests in the results of {self.job}", pytrace=False)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        return self.path, None, self.name


def make_item(collector: pytest.Collector, name: str, value: JobResults) -> ResultsItem:
    """The item of a `job_results` in a test file."""
    return ResultsItem.from_parent(collector, name=name, results=value)


def _case_item(origin: ResultsItem, case: Case) -> CaseItem:
    parent, nodeid = cast("pytest.Collector", origin.parent), f"{origin.nodeid}::{case.name}"
    return CaseItem.from_parent(parent, name=case.name, nodeid=nodeid, case=case, origin=origin)


def run(item: ResultsItem, nextitem: pytest.Item | None) -> None:
    """Wait for the job, then run an item for each of its tests; report the item itself only if that cannot be."""
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    # What follows has the same parents, which are to stay set up.
    sibling = _case_item(item, Case(item.name, "passed"))
    reports = runtestprotocol(item, log=False, nextitem=sibling)
    cases = _cases_of(item) if item.cases and all(report.passed for report in reports) else []
    if cases:
        _run_cases(item, cases, nextitem)
    else:
        told = [] if item.cases else [report for report in reports if report.when != "teardown"]
        ended = _tear_down(item, nextitem) or reports[-1]
        for report in [*told, ended] if told or ended.failed else ():
            item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def _tear_down(item: ResultsItem, nextitem: pytest.Item | None) -> pytest.TestReport | None:
    """Tear down what does not belong to what really follows; the report if that fails."""
    call = pytest.CallInfo.from_call(
        lambda: item.session._setupstate.teardown_exact(nextitem),
        when="teardown",
        reraise=(pytest.exit.Exception, KeyboardInterrupt),
    )
    if call.excinfo is None:
        return None
    report: pytest.TestReport = item.ihook.pytest_runtest_makereport(item=item, call=call)
    return report


def _cases_of(item: ResultsItem) -> list[CaseItem]:
    """The items of the job's tests that -k and -m select."""
    cases = [_case_item(item, one) for one in item.cases]
    _remember(item, (case.name for case in item.cases))
    marks = item.config.pluginmanager.get_plugin("mark")
    if marks is not None:
        marks.pytest_collection_modifyitems(items=cases, config=item.config)
    return cases


def _run_cases(item: ResultsItem, cases: Sequence[CaseItem], nextitem: pytest.Item | None) -> None:
    item.cases = [one.case for one in cases]
    item.session.testscollected += len(cases) - 1
    for case, after in zip(cases, [*cases[1:], nextitem], strict=True):
        if item.session.shouldfail or item.session.shouldstop:
            break
        # As pytest itself does, for plugins that see each test around all of its phases, as Allure's.
        case.ihook.pytest_runtest_protocol(item=case, nextitem=after)


def take_known(config: pytest.Config, items: list[pytest.Item]) -> list[tuple[int, pytest.Item]]:
    """Take out the items of which -k selects a test that is known from the last run, before pytest looks at them.

    Their places are returned, for `put_back`: pytest would judge them by their own names.
    """
    if not config.option.keyword or config.option.markexpr:
        return []
    try:
        expression = Expression.compile(config.option.keyword)
    except SyntaxError:
        # pytest says so.
        return []
    taken: list[tuple[int, pytest.Item]] = []
    for place, item in enumerate(items):
        if isinstance(item, ResultsItem):
            known = [_case_item(item, Case(name, "passed")) for name in item.known]
            if any(expression.evaluate(KeywordMatcher.from_item(case)) for case in known):
                taken.append((place, item))
    items[:] = [item for item in items if all(item is not other for _, other in taken)]
    return taken


def put_back(items: list[pytest.Item], taken: Iterable[tuple[int, pytest.Item]]) -> None:
    """Put items back to where they were, or to the end where others have gone."""
    for place, item in taken:
        items.insert(place, item)


def _remember(item: ResultsItem, names: Iterable[str]) -> None:
    cache = getattr(item.config, "cache", None)
    if cache is not None:
        cache.set(_KNOWN, {**cache.get(_KNOWN, {}), item.nodeid: list(names)})


def complete(item: pytest.Item, report: pytest.TestReport, *, in_worker: bool) -> None:
    """Give the report of a case the time that its test took, and an id that its worker may send."""
    if not isinstance(item, CaseItem):
        return
    if report.when == "call":
        report.duration = item.case.seconds
    if in_worker:
        further = item.case is not item.origin.cases[0]
        setattr(report, _CASE, {"nodeid": report.nodeid, "further": further})
        report.nodeid = item.origin.nodeid
