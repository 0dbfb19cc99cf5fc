"""Stopping containers, signals to them, pausing, changing and removing them."""

from __future__ import annotations

import time

from tests.windows.proxy import Call, Refused

from .base import FAULTS, ONE, Area

RULES = Area()


@RULES.asked("POST", f"{ONE}/stop", "moby/moby#25982, microsoft/Windows-Containers#16")
def iis_is_slow_to_stop(call: Call) -> None:
    """On 2025 a stop of IIS takes minutes, whatever time it is given."""
    known = call.container
    if known is not None and "aspnet" in known.image and call.proxy.preset.slow_stop:
        time.sleep(call.proxy.preset.slow_stop)


@RULES.asked("POST", f"{ONE}/kill", "moby/moby daemon/kill.go")
def few_signals_are_known(call: Call) -> None:
    """Signals that Windows does not know are refused."""
    signal = call.query.get("signal") or "SIGKILL"
    known = {"SIGKILL", "KILL", "9", "SIGTERM", "TERM", "15", "SIGINT", "INT", "2", "SIGABRT", "SIGFPE", "SIGSEGV"}
    if signal.upper() not in known:
        raise Refused(400, f"the windows daemon does not support signal {signal}")


@RULES.asked("POST", f"{ONE}/kill", FAULTS)
def kills_come_late(call: Call) -> None:
    """A kill is answered with an error before the container has ended when a test asks for it."""
    if call.proxy.faults is not None:
        call.proxy.faults.kill(call)


@RULES.asked("POST", f"{ONE}/(pause|unpause)", "moby/moby daemon/pause.go")
def only_hyperv_pauses(call: Call) -> None:
    """Pause is refused under process isolation."""
    known = call.container
    if known is None or known.isolation == "process":
        raise Refused(
            500, f"cannot pause container {call.words[1]}: not implemented for containers using process isolation"
        )


@RULES.asked("POST", f"{ONE}/update", "moby/moby daemon/container/container_windows.go")
def limits_stay(call: Call) -> None:
    """Changing the limits of a container is refused."""
    if any(value for name, value in call.body.items() if name != "RestartPolicy"):
        raise Refused(400, "resource updating isn't supported on Windows")


@RULES.asked("DELETE", ONE, "moby/moby daemon/delete.go")
def running_containers_are_not_removed(call: Call) -> None:
    """Removing what runs is refused without force."""
    forced = call.query.get("force", "").lower() in {"1", "true"}
    if not forced and call.inspect()["State"]["Running"]:
        raise Refused(409, "container is running: stop the container before removing or force remove")


@RULES.asked("DELETE", ONE, FAULTS)
def removals_fail_in_passing(call: Call) -> None:
    """A share of the removals fails with real texts when a test asks for it."""
    if call.proxy.faults is not None:
        call.proxy.faults.other("remove", call)
