"""The choice of combinations: which a normal run takes."""

import pytest

from tests.kit.combinations import MODES, Candidate, choose
from tests.windows.presets import PRESETS

ENGINES = ["linux", *PRESETS]


def in_every_way(area, test, engines=ENGINES, modes=MODES):
    return [Candidate(area, test, engine, mode) for engine in engines for mode in modes]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("count", [1, 2, 5, 6, 30])
def test_the_tests_of_an_area_meet_every_engine_and_mode(seed, count):
    chosen = choose([one for number in range(count) for one in in_every_way("area", number)], seed)
    assert {one.test for one in chosen} == set(range(count))
    assert {one.engine for one in chosen} == set(ENGINES)
    assert {one.mode for one in chosen} == set(MODES)
    # None more than that takes.
    assert len(chosen) == max(count, len(ENGINES))


def test_many_tests_meet_every_pair():
    chosen = choose([one for number in range(18) for one in in_every_way("area", number)], 1)
    assert len({(one.engine, one.mode) for one in chosen}) == 18


def test_each_area_by_itself():
    areas = {"a": ENGINES, "b": ["linux"], "c": ["server2016", "windows11"]}
    chosen = choose([one for area, engines in areas.items() for one in in_every_way(area, area, engines)], 1)
    for area, engines in areas.items():
        assert {one.engine for one in chosen if one.area == area} == set(engines)


def test_those_with_the_least_choice_come_first():
    narrow = [Candidate("area", "narrow", "linux", None)]
    broad = [Candidate("area", "broad", engine, None) for engine in ("linux", "server2016")]
    chosen = choose([*broad, *narrow], 1)
    assert {(one.test, one.engine) for one in chosen} == {("narrow", "linux"), ("broad", "server2016")}


def test_the_choice_follows_the_seed_and_nothing_else():
    candidates = [one for number in range(10) for one in in_every_way("area", number)]
    first = choose(candidates, 1)
    assert choose(candidates, 1) == first
    assert choose(candidates, 2) != first


SUITE = """
import pytest

pytest_plugins = "tests.kit.combinations"

@pytest.fixture
def engine(request):
    return request.param
"""
TESTS = """
import pytest

@pytest.mark.parametrize("number", range(3))
def test_pair(engine, mode, number): pass

@pytest.mark.linux_guest
def test_linux(engine): pass

@pytest.mark.windows_guest
def test_windows(engine): pass

@pytest.mark.every_host
def test_every(engine, mode): pass

@pytest.mark.parametrize("engine", ["server2016", "server2019"], indirect=True)
def test_named(engine): pass

def test_mode(mode): pass

def test_mode_too(mode): pass

def test_alone(): pass
@pytest.mark.linux_guest
def test_alone_on_linux(): pass
"""


@pytest.fixture
def collected(pytester):
    pytester.makeconftest(SUITE)
    pytester.makepyfile(TESTS)
    pytester.syspathinsert(pytester.path)

    def collect(*arguments):
        result = pytester.runpytest_inprocess("-p", "no:wincontainers", "--collect-only", "-q", *arguments)
        return [line.partition("::")[2] for line in result.outlines if "::" in line]

    return collect


def test_a_normal_run(collected):
    names = collected()
    by_test = {
        name.partition("[")[0]: [one for one in names if one.split("[")[0] == name.split("[")[0]] for name in names
    }
    assert {name: len(several) for name, several in by_test.items()} == {
        "test_pair": 3,
        "test_linux": 1,
        "test_windows": 1,
        "test_every": 6,
        "test_named": 2,
        "test_mode": 3,
        "test_mode_too": 3,
        "test_alone": 1,
        "test_alone_on_linux": 1,
    }
    assert by_test["test_linux"] == ["test_linux[linux]"]
    assert by_test["test_windows"] != ["test_windows[linux]"]
    assert len({one.partition("[")[2].split("-")[0] for one in by_test["test_every"]}) == 6


def test_all_of_them(collected):
    assert len(collected("--wide")) == 3 * 18 + 1 + 5 + 18 + 2 + 3 + 3 + 2


def test_what_is_asked_for_by_name_runs(collected):
    everything = [name for name in collected("--wide") if name.startswith("test_pair[")]
    for name in everything[::7]:
        assert collected("-k", name.partition("[")[2].rstrip("]") + " and test_pair") == [name]


def test_where_processes_start_slowly_each_test_runs_in_one_mode(collected, monkeypatch):
    monkeypatch.setattr("tests.kit.combinations.MODES_COST", True)
    names = [name for name in collected() if name.startswith(("test_mode[", "test_mode_too["))]
    assert sorted(name.partition("[")[0] for name in names) == ["test_mode", "test_mode_too"]
    assert len({name.partition("[")[2] for name in names}) == 2
    assert len([name for name in collected("--wide") if name.startswith("test_mode[")]) == 3


def test_the_runs_of_windows_python_meet_two_hosts(collected):
    names = collected("--process=windows", "--wide")
    engines = {name.partition("[")[2].rstrip("]").split("-")[0] for name in names if name.startswith("test_pair[")}
    assert engines == {"server2022", "windows11"}
    assert [name for name in names if name.startswith("test_linux[")] == ["test_linux[linux]"], "which is skipped"
    assert "test_alone_on_linux" in names
