"""The pytest plugin: its hooks, each of which only delegates. The logic is in `session`.

A run without containers must not be slowed down by this plugin: everything heavier than a dictionary lookup is
imported only once something has been declared or marked.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any

import pytest

from pytest_wincontainers import settings
from pytest_wincontainers.session.stash import ROLE

if TYPE_CHECKING:
    from pytest_wincontainers.session.owner import Owner
    from pytest_wincontainers.session.role import Role

_SESSION = pytest.StashKey[pytest.Session]()
_RESULTS = "pytest_wincontainers.session.results"


def pytest_addoption(parser: pytest.Parser) -> None:
    settings.add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    from pytest_wincontainers import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "wincontainers(name, ...): start these containers for the test, even if it does not use their fixtures",
    )


def pytest_report_header(config: pytest.Config) -> str | None:
    given = settings.resolve(config).describe()
    return f"wincontainers: {given}" if given else None


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[_SESSION] = session
    # Whoever declares has imported the decorators.
    if "pytest_wincontainers.services.declaration" in sys.modules:
        from pytest_wincontainers.session.fixtures import register_declarations

        manager = session.config.pluginmanager
        register_declarations(manager, manager.get_plugins())
        _take_part(session.config, manager.get_plugins())


def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, name: str, obj: object) -> pytest.Item | None:
    # Whoever has one has imported its module.
    suite = sys.modules.get("pytest_wincontainers.services.job.suite")
    if suite is None or not isinstance(obj, suite.JobResults) or not collector.funcnamefilter(name):
        return None
    from pytest_wincontainers.session import results

    return results.make_item(collector, name, obj)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    role = item.config.stash.get(ROLE, None)
    if role is not None:
        role.wait_for_needs(item)
    results = sys.modules.get(_RESULTS)
    if results is None or not isinstance(item, results.ResultsItem):
        return None
    results.run(item, nextitem)
    return True


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None, None, None]:
    role = config.stash.get(ROLE, None)
    late = "pytest_wincontainers.services.declaration" in sys.modules
    if role is None and (late or _any_marked(items)):
        role = _take_part(config, plugins=())
    if role is not None:
        role.collected(items)
    results = sys.modules.get(_RESULTS)
    taken = results.take_known(config, items) if results is not None else []
    yield
    if results is not None:
        results.put_back(items, taken)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    role = session.config.stash.get(ROLE, None)
    if role is not None:
        role.finished_collecting(session)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    owner = _owner(session.config)
    if owner is not None and not session.config.option.collectonly:
        owner.start(sorted(owner.needed))


# Not tryfirst: pytest's own look at skip marks comes first, and a skipped test waits for nothing.
def pytest_runtest_setup(item: pytest.Item) -> None:
    role = item.config.stash.get(ROLE, None)
    if role is not None:
        role.begin(item)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    role = item.config.stash.get(ROLE, None)
    if role is not None:
        role.reported(item, call, report)
    if _RESULTS in sys.modules:
        sys.modules[_RESULTS].complete(item, report, in_worker=hasattr(item.config, "workerinput"))
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    role = session.config.stash.get(ROLE, None)
    if role is not None:
        role.finished_session(exitstatus, failed=bool(session.testsfailed))
    _close(session.config)
    if role is not None and role.interrupted:
        session.exitstatus = pytest.ExitCode.INTERRUPTED


def pytest_unconfigure(config: pytest.Config) -> None:
    _close(config)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    owner = _owner(config)
    lines = owner.summary() if owner is not None else []
    if lines:
        terminalreporter.section("wincontainers")
        for line in lines:
            terminalreporter.line(line)


@pytest.hookimpl(tryfirst=True)
def pytest_report_from_serializable(config: pytest.Config, data: dict[str, Any]) -> None:
    # In pytest-xdist's controller, of the test of a job; see `session.results`.
    case = data.pop("wincontainers_case", None)
    if case is not None:
        data["nodeid"] = case["nodeid"]
        if case["further"] and data["when"] == "setup":
            config.stash[_SESSION].testscollected += 1


# pytest-xdist's hooks, called in the controller only.


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    owner = _owner(node.config)
    if owner is not None:
        from pytest_wincontainers.session.worker import INPUT

        node.workerinput[INPUT] = owner.worker_joins(node.gateway.id)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    owner = _owner(node.config)
    if owner is not None:
        owner.worker_leaves(node.gateway.id)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any) -> None:
    owner = _owner(node.config)
    if owner is not None:
        owner.worker_finished_collecting(node.gateway.id)


def _any_marked(items: list[pytest.Item]) -> bool:
    # Each node once, as in a suite of thousands each look through an item's parents would be felt.
    parents = {parent for item in items for parent in (item.parent, item.getparent(pytest.Module)) if parent}
    return any(mark.name == "wincontainers" for node in (*items, *parents) for mark in node.own_markers)


def _take_part(config: pytest.Config, plugins: Iterable[object]) -> Role:
    from pytest_wincontainers.session.owner import Owner
    from pytest_wincontainers.session.worker import Worker

    worker_input = getattr(config, "workerinput", None)
    role = Owner(config, plugins) if worker_input is None else Worker(config, plugins, worker_input)
    config.stash[ROLE] = role
    return role


def _owner(config: pytest.Config) -> Owner | None:
    role = config.stash.get(ROLE, None)
    if role is None:
        return None
    from pytest_wincontainers.session.owner import Owner

    return role if isinstance(role, Owner) else None


def _close(config: pytest.Config) -> None:
    role = config.stash.get(ROLE, None)
    if role is not None:
        role.close()
