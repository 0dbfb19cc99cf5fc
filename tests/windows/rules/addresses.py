"""The addresses that containers get when they start."""

from __future__ import annotations

from tests.windows.proxy import Call

from .base import BOOKKEEPING, CREATE, ONE, Area

RULES = Area()


@RULES.asked("POST", f"{ONE}/start", "docker/for-win#2399, rancher/rancher#10567")
def every_start_has_another_address(call: Call) -> None:
    """A container that was started before gets another address."""
    known, placeholders = call.container, call.kept.placeholders
    image = call.inspect()["Image"]
    while known is not None and known.address and len(placeholders) < 50:
        # The real engine gives the lowest address that is free: have something else take it, and those below it that
        # other tests have let go of.
        _, made = call.proxy.upstream(
            "POST",
            CREATE,
            {
                "Image": image,
                "Entrypoint": ["sleep", "30"],
                "Cmd": [],
                "HostConfig": {"NetworkMode": "nat", "AutoRemove": True},
            },
        )
        placeholders.append(made["Id"])
        call.proxy.upstream("POST", f"/containers/{made['Id']}/start")
        if _address(call, made["Id"]) == known.address:
            break


@RULES.answered("POST", f"{ONE}/start", BOOKKEEPING)
def addresses_are_remembered(call: Call) -> None:
    """The address that a container has is known, and what held the old one is gone."""
    known = call.container
    if known is not None:
        known.address = _address(call, call.words[1])
    _forget_placeholders(call)


@RULES.failed("POST", f"{ONE}/start", BOOKKEEPING)
def addresses_are_free_again(call: Call) -> None:
    """After a failed start, too, what held the old address is gone."""
    _forget_placeholders(call)


def _address(call: Call, container: str) -> str:
    return str(call.inspect(container)["NetworkSettings"]["Networks"].get("nat", {}).get("IPAddress") or "")


def _forget_placeholders(call: Call) -> None:
    for one in call.kept.placeholders:
        call.proxy.upstream("DELETE", f"/containers/{one}?force=true")
