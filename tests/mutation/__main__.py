"""The command: measure which tests run which lines, make faults, and run the tests that should notice.

    python3 dev.py mutate                    200 faults, drawn by seed 1
    python3 dev.py mutate -n 10 --combinations 1 2 3
                                             ten faults, each met by the normal runs of these seeds
    python3 dev.py mutate --rules            the plugin breaks each rule of Windows engines on purpose

What a test runs is measured first, which takes as long as all tests; --measured takes the last measurement.
"""

from __future__ import annotations

import argparse
import math
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.kit.combinations import MODES
from tests.mutation import measurement, violations
from tests.mutation.measurement import PACKAGE, ROOT, Coverage
from tests.mutation.mutants import Mutant, draw
from tests.windows.presets import PRESETS

_WORKERS = max(2, min(os.cpu_count() or 2, 4))
_QUICK_SECONDS = 2.0
"""Tests that take less are all run before any other."""
_MOST_SECONDS = 900.0
"""Tests that take longer with a fault hang."""
_SLOWER = 10
"""So many times slower than measured they may be, before it is said that they hang."""
_COMBINED = re.compile(rf"\[(?:.*-)?(?:linux|{'|'.join(PRESETS)}|{'|'.join(MODES)})\b")
"""Tests that meet another engine or mode with another seed."""
_NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", ".engine", ".mutation", ".*_cache", "__pycache__", ".wincontainers"
)


class Verdict(NamedTuple):
    """What became of a fault."""

    mutant: Mutant
    noticed: bool
    why: str


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="dev.py mutate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-n", type=int, default=200, dest="number", help="how many faults")
    parser.add_argument("--seed", type=int, default=1, help="draws the faults")
    parser.add_argument("--below", default="", help="only in files of the package whose path begins so")
    parser.add_argument("--measured", action="store_true", help="use the last measurement")
    parser.add_argument("--combinations", type=int, nargs="+", metavar="SEED", help="normal runs that have to notice")
    parser.add_argument("--seconds", type=float, help="run only tests that take this long together for one fault")
    parser.add_argument("--rules", action="store_true", help="break the rules of Windows engines instead")
    parser.add_argument("--report", action="store_true", help="measure, print the coverage, and make no faults")
    given = parser.parse_args()
    if given.rules:
        return _rules()
    if not given.measured:
        status = measurement.measure(["-q", "-n", str(_WORKERS), "--dist=loadgroup"])
        if status != 0:
            print("the tests fail without any fault; mend that first")
            return status
    if given.report:
        return measurement.report()
    try:
        covered = measurement.load()
    except FileNotFoundError:
        print("nothing was measured yet\nhint: run it once without --measured", file=sys.stderr)
        return 1
    drawn = draw(PACKAGE, given.number, given.seed, given.below)
    if given.combinations:
        jobs = [(mutant, _of_a_normal_run(covered, mutant, seed)) for mutant in drawn for seed in given.combinations]
    else:
        jobs = [(mutant, _in_turns(covered, mutant, given.seconds or math.inf)) for mutant in drawn]
    most = min(_MOST_SECONDS, 60 + _SLOWER * given.seconds) if given.seconds else _MOST_SECONDS
    verdicts = _try_all(jobs, most)
    survived = [one for one in verdicts if not one.noticed]
    print(f"\n{len(verdicts) - len(survived)} of {len(verdicts)} were noticed; not these:")
    for one in survived:
        print(f"  {one.mutant}  ({one.why})")
    return 1 if len(survived) * 10 > len(verdicts) else 0


def _in_turns(covered: Coverage, mutant: Mutant, limit: float) -> list[list[str]]:
    """pytest's arguments for the tests that run the line: the quick ones, one of each file, all others.

    As many of them, in this order, as take `limit` seconds together; but at least one.
    """
    tests = _covering(covered, mutant)
    quick = [test for test in tests if covered.seconds.get(test, 0.0) < _QUICK_SECONDS]
    first: dict[str, str] = {}
    for test in tests[len(quick) :]:
        first.setdefault(test.partition("::")[0], test)
    rest = [test for test in tests[len(quick) :] if test not in first.values()]
    left = limit
    turns = []
    for several in (quick, [*first.values()], rest):
        taken = []
        for test in several:
            if left > 0:
                taken.append(test)
            left -= covered.seconds.get(test, 0.0)
        turns.append(taken)
    return [["--wide", *several] for several in turns if several]


def _covering(covered: Coverage, mutant: Mutant) -> list[str]:
    # What runs at import is said to be run by whichever test came first.
    return covered.tests(mutant.path, None if mutant.at_import else mutant.line)


def _of_a_normal_run(covered: Coverage, mutant: Mutant, seed: int) -> list[list[str]]:
    """pytest's arguments for the tests that run the line, on the engines and in the modes that the seed gives them.

    First the quick ones that every normal run has, whatever its seed.
    """
    tests = _covering(covered, mutant)
    always = [test for test in tests if not _COMBINED.search(test) and covered.seconds.get(test, 0.0) < _QUICK_SECONDS]
    files = dict.fromkeys(test.partition("::")[0] for test in tests)
    # Whole files, as the choice is made among all tests of a file; -k is heeded after it.
    names = dict.fromkeys(test.partition("[")[0].rpartition("::")[2] for test in tests)
    turns = [always, ["-k", " or ".join(names), *files]] if always else [["-k", " or ".join(names), *files]]
    return [[f"--combinations={seed}", *turn] for turn in turns] if tests else []


def _try_all(jobs: Sequence[tuple[Mutant, list[list[str]]]], most: float) -> list[Verdict]:
    copies: queue.Queue[Path] = queue.Queue()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, ThreadPoolExecutor(_WORKERS) as pool:
        for number in range(_WORKERS):
            copies.put(Path(shutil.copytree(ROOT, Path(folder, str(number)), ignore=_NOT_COPIED)))
        verdicts = []
        for done in pool.map(lambda job: _try(*job, copies, most), jobs):
            print(f"{'noticed ' if done.noticed else 'SURVIVED'} {done.mutant}  ({done.why})", flush=True)
            verdicts.append(done)
        return verdicts


def _try(mutant: Mutant, turns: list[list[str]], copies: queue.Queue[Path], most: float) -> Verdict:
    copy = copies.get()
    path = copy / PACKAGE.name / mutant.path
    source = path.read_text("utf-8")
    try:
        path.write_text(mutant.applied(source), "utf-8")
        noticed, why = False, "no test runs the line"
        for arguments in turns:
            if not noticed:
                noticed, why = _run(copy, arguments, most)
        return Verdict(mutant, noticed, why)
    finally:
        path.write_text(source, "utf-8")
        copies.put(copy)


def _run(folder: Path, arguments: Sequence[str], most: float = _MOST_SECONDS, **environment: str) -> tuple[bool, str]:
    """Whether the tests are red, and by which of them."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--tb=no", *arguments]
    # A pipe would stay open as long as anything that a killed test left behind.
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder), **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        try:
            status = process.wait(timeout=most)
        except subprocess.TimeoutExpired:
            process.kill()
            return True, "they hang"
        output.seek(0)
        lines = output.read().decode(errors="replace").splitlines()
    if status == 0:
        return False, next((line for line in reversed(lines) if " passed" in line), "passed")
    if status == 5:
        return False, "no test was selected"
    failed = [line.split(" - ")[0] for line in lines if line.startswith(("FAILED ", "ERROR "))]
    return True, failed[0] if failed else f"pytest ends with {status}"


def _rules() -> int:
    """Have the plugin break each rule; the tests marked with it have to be red."""
    by_rule = violations.tests_by_rule()
    everything = " or ".join(dict.fromkeys(tests[-1] for tests in by_rule.values()))
    by_rule = {violations.NOTHING: ["tests/windows/test_plugin.py", "-k", everything], **by_rule}

    def check(rule: str) -> tuple[str, bool, str]:
        return rule, *_run(ROOT, by_rule[rule], **violations.environment(rule))

    survived: list[str] = []
    with ThreadPoolExecutor(_WORKERS) as pool:
        for rule, noticed, why in pool.map(check, by_rule):
            print(f"{'red  ' if noticed else 'green'}  {rule} broken  ({why})", flush=True)
            # Where nothing is broken the tests have to be green, or the rest proves nothing.
            if noticed == (rule == violations.NOTHING):
                survived.append(rule)
    print(f"\n{len(by_rule) - len(survived)} of {len(by_rule)} as they should be; not these: {survived or 'none'}")
    return 1 if survived else 0


if __name__ == "__main__":
    raise SystemExit(main())
