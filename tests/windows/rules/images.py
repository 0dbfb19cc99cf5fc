"""Images: looked at, pulled and built."""

from __future__ import annotations

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


@RULES.asked("POST", "/build", "moby/moby daemon/server/router/build/build_routes.go")
def no_security_options_in_builds(call: Call) -> None:
    """Security options of a build are refused."""
    if call.query.get("securityopt"):
        raise Refused(
            400,
            "The daemon on this platform does not support setting security options on build: "
            "security options are not supported on windows",
        )
