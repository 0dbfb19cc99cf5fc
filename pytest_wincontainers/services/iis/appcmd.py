"""The calls of IIS's appcmd that make the declared pools, sites, applications and virtual directories.

A call is written as Windows takes it, in one line, for `C:\\Windows\\System32\\inetsrv\\appcmd.exe`. Three rules of
quoting apply, one inside the other:

- Programs in C take a line apart at blanks outside of double quotes; `subprocess.list2cmdline` writes for that.
- % begins the number of a character, so that a % itself is %u0025 (learn.microsoft.com iis/configuration, where
  paths with %SystemDrive% are written so).
- Within [name='value'] a single quote is doubled (microsoft/IIS.ServiceMonitor).
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence

from pytest_wincontainers.services.iis.layout import PlacedApplication
from pytest_wincontainers.services.iis.sites import AppPool

PROGRAM = "C:\\Windows\\System32\\inetsrv\\appcmd.exe"
_POOLS = "-section:system.applicationHost/applicationPools"
_LONGEST = 30_000
"""Characters of one call; CreateProcess takes 32,767 with the program's name."""


def setup(placed: Sequence[PlacedApplication], environment: Mapping[str, str]) -> list[str]:
    """The calls for a container's sites, in order. `environment` is the container's own, which IIS's services do
    not pass on to worker processes."""
    made: set[str] = set()
    calls: list[Sequence[str]] = []
    for one in placed:
        if one.pool_name not in made:
            made.add(one.pool_name)
            calls.append(_add_pool(one.pool_name, one.pool))
            calls += _environment(one.pool_name, {**environment, **one.environment})
        calls += _add_application(one)
    return [subprocess.list2cmdline(call) for call in calls]


def recycle(pool_name: str) -> tuple[str, ...]:
    """The call that gives a pool a new worker process."""
    return (PROGRAM, "recycle", "apppool", _given("apppool.name", pool_name))


def processes(pool_name: str) -> tuple[str, ...]:
    """The call that lists a pool's worker processes; one that has none is no error."""
    return (PROGRAM, "list", "wps", _given("apppool.name", pool_name))


def _add_pool(name: str, pool: AppPool) -> Sequence[str]:
    call = [
        "add",
        "apppool",
        _given("name", name),
        _given("managedRuntimeVersion", pool.runtime),
        _given("managedPipelineMode", pool.pipeline_mode),
        _given("enable32BitAppOnWin64", str(pool.enable_32bit).lower()),
    ]
    if pool.user is None:
        return [*call, _given("processModel.identityType", pool.identity)]
    return [
        *call,
        _given("processModel.identityType", "SpecificUser"),
        _given("processModel.userName", pool.user),
        _given("processModel.password", pool.password),
    ]


def _environment(pool_name: str, environment: Mapping[str, str]) -> Iterator[Sequence[str]]:
    call: list[str] = []
    for name, value in environment.items():
        # An empty value ends appcmd with error 13 (microsoft/IIS.ServiceMonitor#73). Windows has no empty variables.
        if not value:
            continue
        pool, variable = _within(name=pool_name), _within(name=name, value=value)
        word = f"/+{pool}.environmentVariables.{variable}"
        if call and len(subprocess.list2cmdline([*call, word])) > _LONGEST:
            yield [*call, "/commit:apphost"]
            call = []
        call = [*(call or ["set", "config", _POOLS]), word]
    if call:
        yield [*call, "/commit:apphost"]


def _add_application(one: PlacedApplication) -> Iterator[Sequence[str]]:
    site, application = one.site, one.application
    full_name = site.name + application.at
    if one.is_root:
        binding = f"http/*:{site.port}:{site.host_header}"
        yield [
            "add",
            "site",
            _given("name", site.name),
            _given("id", str(one.number)),
            _given("bindings", binding),
            _given("physicalPath", one.folder),
        ]
        yield ["set", "app", _given("app.name", full_name), _given("applicationPool", one.pool_name)]
    else:
        yield [
            "add",
            "app",
            _given("site.name", site.name),
            _given("path", application.at),
            _given("physicalPath", one.folder),
            _given("applicationPool", one.pool_name),
        ]
    for at, (_, folder) in one.virtual_directories.items():
        yield ["add", "vdir", _given("app.name", full_name), _given("path", at), _given("physicalPath", folder)]


def _given(name: str, value: str) -> str:
    return f"/{name}:{_encoded(value)}"


def _within(**attributes: str) -> str:
    pairs = (f"{name}='{_quoted(value)}'" for name, value in attributes.items())
    return f"[{','.join(pairs)}]"


def _encoded(value: str) -> str:
    return value.replace("%", "%u0025")


def _quoted(value: str) -> str:
    return _encoded(value).replace("'", "''")
