"""The end of a run in a few lines: what each container took and came to, what waited, and where to look."""

from __future__ import annotations

from pytest_wincontainers.reports.record.manifest import ContainerRecord, Manifest, longest_chain

_LEAST_SECONDS = 0.5
_WAITS = 3


def summary(manifest: Manifest) -> list[str]:
    """A line for each container, the longest waits of tests, and the notes."""
    width = max((len(one.name) for one in manifest.containers), default=0)
    lines = [f"{one.name:<{width}}  {', '.join(_facts(one))}" for one in manifest.containers]
    chain = longest_chain(manifest)
    if len(chain) > 1:
        lines.append("longest chain: " + ", then ".join(f"{name} {seconds:.1f} s" for name, seconds in chain))
    waits = sorted(
        ((seconds, test.id, name) for test in manifest.tests for name, seconds in test.waits.items()), reverse=True
    )
    lines += [
        f"{test} waited {seconds:.1f} s for {name}"
        for seconds, test, name in waits[:_WAITS]
        if seconds >= _LEAST_SECONDS
    ]
    return [*lines, *manifest.notes]


def _facts(one: ContainerRecord) -> list[str]:
    facts = []
    if one.seconds is not None:
        facts.append(f"{'reused, ' if one.reused else ''}ready after {one.seconds:.1f} s")
    if one.restarts:
        times = "once" if len(one.restarts) == 1 else f"{len(one.restarts)} times"
        facts.append(f"restarted {times}, the last time in {one.restarts[-1]:.1f} s")
    if one.retries:
        facts.append(f"{len(one.retries)} {'retry' if len(one.retries) == 1 else 'retries'}")
    if one.end != "ready":
        during = f" during {', '.join(one.tests)}" if one.tests else ""
        facts.append(f"{one.end}{during}")
    return facts
