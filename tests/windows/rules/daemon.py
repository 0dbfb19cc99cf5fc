"""/info and /version."""

from __future__ import annotations

from tests.windows.proxy import Call

from .base import Area

RULES = Area()


@RULES.answered("GET", "/info", "moby/moby daemon/info_windows.go")
def info_in_windows_shape(call: Call) -> None:
    """/info tells Windows, the build with its revision in OperatingSystem only, and the default isolation."""
    preset, told = call.proxy.preset, call.answer
    call.answer = {
        **{key: told[key] for key in ("Containers", "Images", "NCPU", "MemTotal", "SystemTime", "NGoroutines")},
        "ID": f"{call.proxy.id}:{told['ID']}",
        "Name": preset.name,
        "OSType": "windows",
        "OperatingSystem": preset.system,
        "OSVersion": f"10.0.{preset.build}",
        "KernelVersion": preset.kernel,
        "Architecture": "x86_64",
        "Isolation": preset.isolation,
        "Driver": "windowsfilter",
        "DriverStatus": [["Windows", ""]],
        "NFd": -1,
        "MemoryLimit": False,
        "SwapLimit": False,
        "LoggingDriver": "json-file",
        "DockerRootDir": "C:\\ProgramData\\docker",
        "ServerVersion": preset.engine,
        "SecurityOptions": None,
        "Warnings": None,
        "Plugins": {"Volume": ["local"], "Network": ["ics", "internal", "l2bridge", "nat", "null", "transparent"]},
    }


@RULES.answered("GET", "/version", "moby/moby daemon/info_windows.go")
def version_in_windows_shape(call: Call) -> None:
    """/version tells Windows, one component, and the span of API versions."""
    preset = call.proxy.preset
    details = {"Os": "windows", "Arch": "amd64", "KernelVersion": preset.kernel, "ApiVersion": preset.api}
    call.answer = {
        **details,
        "Platform": {"Name": "Docker Engine - Community"},
        "Version": preset.engine,
        "MinAPIVersion": preset.min_api,
        "Components": [{"Name": "Engine", "Version": preset.engine, "Details": details}],
    }
