"""The images that stand in for Windows ones."""

from __future__ import annotations

import io
import json
import re
import tarfile
from typing import Any

from pytest_wincontainers.guests.builds import TAGS
from tests.windows.proxy import Call, Platform, Proxy, Refused
from tests.windows.standins import CORE, IMAGES, standin_context, standin_name

from .base import BOOKKEEPING, CREATE, Area

BUILDS = {tag: build for build, tag in TAGS.items()}

RULES = Area()


@RULES.asked("GET", "/images/.+/json", BOOKKEEPING)
def standins_have_names_of_their_own(call: Call) -> None:
    """An image that something stands in for is looked up by the latter's name."""
    reference = call.path.removeprefix("/images/").removesuffix("/json")
    name = standin_name(reference)
    if reference.startswith(f"{CORE}:"):
        call.proxy.images[reference] = call.proxy.images[name] = _platform(call.proxy, reference)
    call.path = f"/images/{name}/json"


@RULES.asked("POST", CREATE, BOOKKEEPING)
def standins_run_instead(call: Call) -> None:
    """A container is made of what stands in for its image."""
    call.body["Image"] = standin_name(call.body["Image"])


@RULES.asked("POST", "/build", BOOKKEEPING)
def builds_are_not_isolated_here(call: Call) -> None:
    """The isolation of a build is not asked of the real engine."""
    call.query.pop("isolation", None)


@RULES.asked("POST", "/build", "moby/moby daemon/internal/distribution/pull_v2_windows.go")
def builds_begin_with_windows(call: Call) -> None:
    """A build on a Linux base is refused; one of this package's Windows images gives what stands in for it."""
    dockerfile = _dockerfile(call.body, call.query.get("dockerfile") or "Dockerfile")
    arguments: dict[str, Any] = json.loads(call.query.get("buildargs") or "{}")
    for service, image in IMAGES.items():
        if dockerfile == (image.root / "windows" / service / "Dockerfile").read_text("utf-8"):
            base = arguments["BASE"]
            asked, name = call.query["t"], standin_name(call.query["t"])
            call.proxy.images[asked] = call.proxy.images[name] = _platform(call.proxy, base)
            call.query["t"] = name
            call.body, call.query["dockerfile"] = standin_context(service, base), "Dockerfile"
            return
    base = re.search(r"(?m)^FROM (\S+)", dockerfile)
    if base is None or not base[1].startswith("wincontainers-test/"):
        raise Refused(
            404,
            f"no matching manifest for windows(10.0.{call.proxy.preset.build})/amd64 in the manifest list entries",
        )


def _platform(proxy: Proxy, base: str) -> Platform:
    """The platform of an image of Microsoft's, by its tag."""
    build = BUILDS.get(re.split("[:-]", base)[-1]) or BUILDS["ltsc2019"]  # which is called 1809 in some places
    preset = proxy.preset
    return Platform("windows", f"10.0.{build}.{preset.image_revision if build == preset.image_build else 1000}")


def _dockerfile(context: bytes, name: str) -> str:
    with tarfile.open(fileobj=io.BytesIO(context)) as archive:
        file = archive.extractfile(name)
        return file.read().decode() if file else ""
