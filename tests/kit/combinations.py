"""Which engine, which mode and which process each test meets.

A test with the fixtures `engine` and `mode` can run on each engine, in each mode. A normal run takes one pair for each
test, drawn so that the tests of a file meet every engine and every mode between them. `--combinations=SEED` draws
others; `--wide` takes them all. A test with `mode` alone costs little, and runs in all modes; but under Wine, where
processes start slowly, in one.

    linux_guest    about Linux containers: on the real engine only
    windows_guest  about Windows containers: behind the Windows rules only
    few_hosts      about what is in containers: on the real engine, and behind the rules of two hosts
    every_host     about what differs from host to host: on every engine in each run
    every_process  about what may differ from process to process: from Windows' Python, too, by `python3 dev.py windows`

A test that parametrizes `engine` itself is about the engines it names, and runs on all of them.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.kit.wine import under_wine
from tests.windows.presets import PRESETS

MODES = {"plain": [], "n0": ["-n0"], "n2": ["-n2"]}
"""A run without pytest-xdist, with it but in one process, and with two workers."""
# One with process isolation, one with Hyper-V's.
FEW = ("server2022", "windows11")
MODES_COST = under_wine()


@dataclass(frozen=True)
class Candidate:
    """One of the combinations in which a test can run. None stands for an axis that the test does not have."""

    area: str
    """The tests that meet every value between them."""
    test: Hashable
    """What is to run once."""
    engine: str | None
    mode: str | None
    item: Any = None

    @property
    def values(self) -> set[str]:
        return {value for value in (self.engine, self.mode) if value is not None}


def choose(candidates: Iterable[Candidate], seed: int) -> list[Candidate]:
    """For each test one candidate, and more where the tests of an area are too few to meet all that they can meet."""
    areas: dict[str, dict[Hashable, list[Candidate]]] = {}
    for one in candidates:
        areas.setdefault(one.area, {}).setdefault(one.test, []).append(one)
    return [chosen for area, tests in areas.items() for chosen in _choose(tests, random.Random(f"{seed} {area}"))]


def _choose(tests: dict[Hashable, list[Candidate]], draw: random.Random) -> list[Candidate]:
    met: Counter[Any] = Counter()
    chosen: list[Candidate] = []

    def take(among: Iterable[Candidate]) -> None:
        shuffled = sorted(among, key=lambda _: draw.random())
        best = min(shuffled, key=lambda one: (met[one.engine, one.mode], met[one.engine] + met[one.mode]))
        chosen.append(best)
        met.update([best.engine, best.mode, (best.engine, best.mode)])

    # Those with the least choice first, so that the others can make up for it.
    for several in sorted(tests.values(), key=lambda several: (len(several), draw.random())):
        take(several)
    every = [one for several in tests.values() for one in several]
    while missing := {value for one in every for value in one.values if not met[value]}:
        most = max(len(missing & one.values) for one in every)
        take(one for one in every if len(missing & one.values) == most)
    return chosen


# -- as a pytest plugin -------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("combinations", "engines and modes of this project's tests")
    group.addoption("--combinations", type=int, default=1, metavar="SEED", help="draw the combinations by this seed")
    group.addoption("--process", choices=["local", "windows"], default="local", help="whose Python runs the suites")
    group.addoption("--wide", action="store_true", help="run every test in all its combinations")


def pytest_configure(config: pytest.Config) -> None:
    for line in (__doc__ or "").splitlines():
        name, _, says = line.strip().partition("  ")
        if name.endswith(("_guest", "_hosts", "_host", "_process")) and says:
            config.addinivalue_line("markers", f"{name}: {says.strip()}")


def pytest_report_header(config: pytest.Config) -> str:
    if config.option.wide:
        return "combinations: all"
    return f"combinations: --combinations={config.option.combinations}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    mode, engines = "mode" in metafunc.fixturenames, _engines(metafunc)
    modes = list(MODES.items())
    for_linux = "engine" in metafunc.fixturenames and metafunc.definition.get_closest_marker("linux_guest")
    if for_linux and metafunc.config.option.process == "windows":
        away = pytest.mark.skip(reason="the engine of a Windows process is that of Windows")
        metafunc.parametrize("engine", [pytest.param("linux", marks=away)], indirect=True)
        engines = []
    if engines and mode:
        pairs = [pytest.param(name, words, id=f"{name}-{word}") for name in engines for word, words in modes]
        metafunc.parametrize(("engine", "mode"), pairs, indirect=["engine"])
    elif engines:
        metafunc.parametrize("engine", engines, indirect=True)
    elif mode:
        metafunc.parametrize("mode", [words for _, words in modes], ids=list(MODES))


def _engines(metafunc: pytest.Metafunc) -> list[str]:
    if "engine" not in metafunc.fixturenames or _names_its_engines(metafunc.definition):
        return []
    marked = metafunc.definition.get_closest_marker
    ruled = [] if marked("linux_guest") else [name for name in PRESETS if name in FEW or not marked("few_hosts")]
    if metafunc.config.option.process == "windows":
        return [name for name in ruled if name in FEW]
    return ruled if marked("windows_guest") else ["linux", *ruled]


def _names_its_engines(item: pytest.Item | Any) -> bool:
    return any("engine" in mark.args[0] for mark in item.iter_markers("parametrize"))


def candidate(item: pytest.Item) -> Candidate | None:
    """The combination that a test item is; None where it is none."""
    call = getattr(item, "callspec", None)
    if call is None or not ("engine" in call.params or (MODES_COST and "mode" in call.params)):
        return None
    axes = {"mode"} if _names_its_engines(item) else {"mode", "engine"}
    if not axes & set(call.params):
        return None
    engine = call.params.get("engine") if "engine" in axes else None
    mode = next((name for name, words in MODES.items() if words == call.params.get("mode", ...)), None)
    others = repr([(name, value) for name, value in sorted(call.params.items()) if name not in axes])
    always = engine if item.get_closest_marker("every_host") else None
    test = (item.nodeid.partition("[")[0], others, always)
    return Candidate(item.nodeid.partition("::")[0], test, engine, mode, item)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Any:
    everything = {item: candidate(item) for item in items}
    candidates = [one for one in everything.values() if one is not None]
    chosen = {id(one.item) for one in choose(candidates, config.option.combinations)}
    result = yield
    if config.option.wide:
        return result
    # Where -k has left none of those that were chosen for a test, the first of the others is meant.
    tests = {one.test for one in candidates if id(one.item) in chosen and one.item in set(items)}
    left_out: list[pytest.Item] = []
    for item in items:
        one = everything.get(item)
        if one is None or id(item) in chosen:
            continue
        if one.test in tests:
            left_out.append(item)
        tests.add(one.test)
    if left_out:
        gone = set(left_out)
        items[:] = [item for item in items if item not in gone]
        config.hook.pytest_deselected(items=left_out)
    return result
