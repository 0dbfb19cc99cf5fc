"""Images: looked at, pulled and built."""

from __future__ import annotations

import json
import re

from pytest_wincontainers.guests.builds import VERSIONS
from tests.windows.proxy import Call, Refused

from .base import Area

RULES = Area()


@RULES.answered("GET", "/images/.+/json", "MicrosoftDocs/Virtualization-Documentation update-containers.md")
def image_tells_its_build(call: Call) -> None:
    """Image inspect has Os windows and an OsVersion of four parts."""
    platform = call.proxy.platform(call.path.removeprefix("/images/").removesuffix("/json"))
    call.answer["Os"], call.answer["OsVersion"] = platform.os, platform.version
    if platform.os == "linux":
        del call.answer["OsVersion"]


@RULES.asked("POST", "/images/create", "moby/moby daemon/internal/distribution/pull_v2_windows.go")
def no_linux_image_is_pulled(call: Call) -> None:
    """A list without an image for this build is refused, as that of a Linux image is."""
    build = call.proxy.preset.build
    raise Refused(404, f"no matching manifest for windows(10.0.{build})/amd64 in the manifest list entries")


def _own_base(call: Call) -> str:
    """The base image of one of this package's builds; empty for other builds."""
    return str(json.loads(call.query.get("buildargs") or "{}").get("BASE") or "")


def _fail(call: Call, text: str) -> None:
    """Have the build end with this error, after an answer that said 200."""
    call.status, call.answer = 200, {"errorDetail": {"message": text}, "error": text}


@RULES.asked("POST", "/build", "moby/moby#50277, docker/for-win#321")
def hyperv_builds_have_little_memory(call: Call) -> None:
    """A build of this package's images under Hyper-V runs out of memory unless it has a limit of its own."""
    isolation = call.query.get("isolation") or call.proxy.preset.isolation
    if _own_base(call) and isolation == "hyperv" and not int(call.query.get("memory") or 0):
        _fail(call, "The command 'msiexec /a C:\\setup\\mysql.msi' returned a non-zero code: 2147942414")


@RULES.asked("POST", "/build", "actions/runner-images#11582, microsoft/Windows-Containers#591")
def no_builds_on_newer_updates_than_the_host(call: Call) -> None:
    """On 2019 and 2025 a build on a base image with later updates than its host ends under process isolation."""
    preset = call.proxy.preset
    base = VERSIONS.get(re.split("[:-]", _own_base(call))[-1])
    isolation = call.query.get("isolation") or preset.isolation
    newer = base is not None and base.number == preset.build and preset.image_revision > preset.revision
    if newer and isolation == "process" and preset.build in {17763, 26100}:
        _fail(
            call,
            "container 5b21 encountered an error during hcs::System::Start: failure in a Windows system call: The virtual "
            "machine or container exited unexpectedly. (0xc0370106)",
        )


@RULES.asked("POST", "/build", "moby/moby daemon/server/router/build/build_routes.go")
def no_security_options_in_builds(call: Call) -> None:
    """Security options of a build are refused."""
    if call.query.get("securityopt"):
        raise Refused(
            400,
            "The daemon on this platform does not support setting security options on build: "
            "security options are not supported on windows",
        )
