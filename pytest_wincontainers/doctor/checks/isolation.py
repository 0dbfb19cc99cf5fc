"""Which containers the engine runs, with which isolation, and which images fit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pytest_wincontainers.doctor.facts import Facts, Missing
from pytest_wincontainers.doctor.finding import Section, Verdict, check, failed, not_applicable, ok, warning
from pytest_wincontainers.engines.base import EngineInfo, Image
from pytest_wincontainers.guests import RULES
from pytest_wincontainers.guests.builds import (
    VERSIONS,
    Unfit,
    WindowsHost,
    WindowsVersion,
    choose_isolation,
    doubt,
)

_WSL = "microsoft"
"""In the name of a kernel that runs in a virtual machine of Windows (microsoft/WSL2-Linux-Kernel)."""
_TAG = re.compile(r":[\w.-]*(ltsc20\d\d)[\w.-]*$")
_ENABLE_HYPERV = "install Hyper-V and restart the machine"


@check(Section.LINUX, "moby/moby#36857, docker/docker-py docker/context/api.py")
def containers(facts: Facts) -> Verdict:
    """The engine runs containers of the system that the images are for: Windows', on a Windows machine."""
    info = facts.info
    title = RULES[info.guest].title
    images = [one for one in facts.images.values() if isinstance(one, Image)]
    on_windows = not isinstance(facts.diagnostics, Missing) and _WSL in facts.diagnostics.kernel.lower()
    on_windows = on_windows or not isinstance(facts.host, Missing)
    meant = bool(images) and all(one.guest == info.guest for one in images)
    if RULES[info.guest].has_isolation or not on_windows or meant:
        return ok(f"{title} containers")
    return failed(
        f"the engine runs {title} containers on a Windows machine",
        "switch Docker Desktop to Windows containers, or select the context of the Windows engine",
    )


@check(Section.ISOLATION, "MicrosoftDocs/Virtualization-Documentation manage-containers/hyperv-container.md")
def isolation(facts: Facts) -> Verdict:
    """The engine's default isolation is the one that its Windows runs best."""
    host = facts.info.windows
    if host is None:
        return not_applicable(f"the engine runs {RULES[facts.info.guest].title} containers")
    if host.default == "hyperv" and _hyperv(facts) is False:
        return failed("the default is Hyper-V isolation, and Hyper-V is not installed", _ENABLE_HYPERV)
    if host.default == "hyperv" and host.server:
        return warning(
            "the default is Hyper-V isolation on a server: each container takes 1 GB or more and starts slowly",
            'remove "exec-opts": ["isolation=hyperv"] from daemon.json, or set --wincontainers-isolation=process',
            "docker/for-win#321, moby/moby#29689",
        )
    if host.default == "process" and not host.server:
        return warning(
            "the default is process isolation on a Windows client, where some containers start only once",
            'remove "exec-opts": ["isolation=process"] from daemon.json',
            "microsoft/hcsshim#2553, microsoft/Windows-Containers#623",
        )
    return ok(f"{host.default}, the default of Windows {'Server' if host.server else '10 and 11'}")


@check(Section.ISOLATION, "MicrosoftDocs/Virtualization-Documentation deploy-containers/version-compatibility.md")
def images(facts: Facts) -> Verdict | Sequence[Verdict]:
    """The build of each declared image fits the engine's machine."""
    info = facts.info
    found = [replace(_image(facts, info, name, image), subject=name) for name, image in facts.images.items()]
    if facts.unread:
        found.append(Verdict("not checked", facts.unread))
    return found or not_applicable("no image is declared")


def _image(facts: Facts, info: EngineInfo, name: str, image: Image | Missing | None) -> Verdict:
    if isinstance(image, Missing):
        return Verdict("not checked", image.reason)
    if image is not None and image.guest != info.guest:
        return failed(
            f"it is for {RULES[image.guest].title}, and the engine runs {RULES[info.guest].title} containers",
            f"use an image for {RULES[info.guest].title}, or another engine",
            "moby/moby daemon/internal/distribution/config.go",
        )
    tag = _TAG.search(name)
    version = image.windows if image is not None else VERSIONS.get(tag[1]) if tag else None
    host = _with_revision(facts, info.windows)
    if host is None:
        return ok("it is on the engine") if image else Verdict("not checked", "it is not on the engine yet")
    if version is None:
        reason = (
            "the engine does not tell its build" if image else "it is not on the engine yet, and its tag tells no build"
        )
        return Verdict("not checked", reason)
    return _build(facts, host, version, "" if image else ", by its tag")


def _build(facts: Facts, host: WindowsHost, version: WindowsVersion, how: str) -> Verdict:
    try:
        chosen = choose_isolation(host, version, None)
    except Unfit as unfit:
        problem, hint = unfit.args
        return failed(problem, hint)
    if chosen == "hyperv" and _hyperv(facts) is False:
        if host.runs(version, "process"):
            return ok(f"Windows {version} runs with process isolation{how}")
        return failed(
            f"Windows {version} needs Hyper-V isolation on this host ({host.build}), and Hyper-V is not installed",
            f"use the tag {' or '.join(host.as_process) or 'of the build of the host'}, or {_ENABLE_HYPERV}",
        )
    doubts = doubt(host, version, chosen)
    if doubts:
        what, _, remedy = doubts.partition("; ")
        return warning(f"Windows {version} {what}", remedy, "actions/runner-images#11582, microsoft/hcsshim#2566")
    return ok(f"Windows {version} runs with {chosen} isolation{how}")


def _hyperv(facts: Facts) -> bool | None:
    return None if isinstance(facts.host, Missing) else facts.host.has_hyperv


def _with_revision(facts: Facts, host: WindowsHost | None) -> WindowsHost | None:
    """The engine's machine with the revision from the machine itself, where the engine does not tell it."""
    told = Missing("") if isinstance(facts.host, Missing) else facts.host.build
    if host is None or host.build.revision or isinstance(told, Missing) or told.number != host.build.number:
        return host
    return replace(host, build=told)
