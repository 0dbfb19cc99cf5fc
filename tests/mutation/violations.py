"""The rules of Windows engines, broken by the plugin on purpose, one at a time.

A pytest plugin for the runs that tests start: what it sends to the engine, or takes from its answers, is changed into
what the rule forbids. The tests that are marked with the rule have to notice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from tests.mutation.measurement import ROOT

_RULE = "WINCONTAINERS_TEST_BROKEN_RULE"

Body = Any


@dataclass
class Request:
    """A request on its way to the engine."""

    method: str
    path: str
    query: dict[str, str]
    body: Body
    send: Callable[..., None]
    """Sends another request; its method, path, query and body. Raises docker.errors.APIError where it is refused."""

    def is_(self, method: str, *parts: str) -> bool:
        """Whether it is one of that method, with a path that has these parts in it."""
        return self.method == method and all(part in self.path for part in parts)


@dataclass
class Violation:
    """What breaks one rule."""

    ask: Callable[[Request], None] = lambda request: None
    """Called before a request is sent; may change it."""
    answer: Callable[[Request, Any], Any] = lambda request, answer: answer
    """Called with an answer in JSON; what it returns takes its place."""
    patch: Callable[[], None] = lambda: None
    """Called once, before anything."""
    tests: tuple[str, ...] = ()
    """What has to notice besides the tests that are marked with the rule."""


def _create(**options: Any) -> Violation:
    """Containers are created with these options of HostConfig."""

    def ask(request: Request) -> None:
        if request.is_("POST", "/containers/create"):
            request.body["HostConfig"].update(options)

    return Violation(ask)


def _mount(**mount: str) -> Violation:
    """Containers are created with a mount of this kind."""

    def ask(request: Request) -> None:
        if request.is_("POST", "/containers/create"):
            request.body["HostConfig"].setdefault("Mounts", []).append(
                {"Type": "bind", "Source": str(ROOT), "Target": "C:\\data", **mount}
            )

    return Violation(ask)


def _no_check(words: str, **mount: str) -> Violation:
    """Mounts with this problem are let through."""

    def patch() -> None:
        from pytest_wincontainers.guests import RULES

        windows = type(RULES["windows"])
        known = windows.mount_problem

        def mount_problem(self: Any, source: Any, target: str, *, near: bool) -> str | None:
            found = known(self, source, target, near=near)
            return None if found and words in found else found

        windows.mount_problem = mount_problem

    return Violation(patch=patch)


def _no_limit(request: Request) -> None:
    if request.is_("POST", "/build"):
        request.query.pop("memory", None)


def _no_other_base() -> None:
    from pytest_wincontainers.run import images

    images._too_new = lambda problem: False


def _at_the_start(method: str, path: str, body: Body = None, **query: str) -> Violation:
    """A request is made as soon as the engine is known."""

    def answer(request: Request, answer: Any) -> Any:
        if request.is_("GET", "/info"):
            request.send(method, path, query, body)
        return answer

    return Violation(answer=answer)


def _once_it_runs(method: str, path: str, body: Body = None, **query: str) -> Violation:
    """A request is made to each container that runs."""

    def ask(request: Request) -> None:
        # Its first look at a container is when it was started.
        if request.is_("GET", "/containers/", "/logs"):
            request.send(method, path.format(request.path.split("/")[2]), query, _filled(body, request))

    return Violation(ask)


def _filled(body: Body, request: Request) -> Body:
    return (
        {key: request.path.split("/")[2] if value == "{}" else value for key, value in body.items()} if body else body
    )


def _exec(change: Callable[[dict[str, Any]], Any]) -> Violation:
    """Commands are changed before they are sent."""

    def ask(request: Request) -> None:
        if request.is_("POST", "/containers/", "/exec"):
            change(request.body)

    return Violation(ask)


def _path(old: str, new: str, method: str, **query: str) -> Violation:
    """A request takes the place of another."""

    def ask(request: Request) -> None:
        if request.path.endswith(old):
            request.method, request.path = method, request.path.removesuffix(old) + new
            request.query = dict(query)

    return Violation(ask)


def _answer(part: str, change: Callable[[Any], Any]) -> Violation:
    """An answer is read as if the engine ran Linux containers."""

    def answer(request: Request, answer: Any) -> Any:
        if request.method == "GET" and part in request.path and isinstance(answer, dict):
            change(answer)
        return answer

    return Violation(answer=answer)


def _ports(**binding: str) -> Violation:
    def ask(request: Request) -> None:
        if request.is_("POST", "/containers/create"):
            for bindings in (request.body["HostConfig"].get("PortBindings") or {}).values():
                bindings[0].update(binding)

    return Violation(ask)


def _first_address() -> Violation:
    """A container is believed to stay at the address that it had first."""
    known: dict[str, str] = {}

    def answer(request: Request, answer: Any) -> Any:
        if request.is_("GET", "/containers/", "/json") and isinstance(answer, dict):
            for network in answer["NetworkSettings"]["Networks"].values():
                if network.get("IPAddress"):
                    network["IPAddress"] = known.setdefault(answer["Id"], network["IPAddress"])
        return answer

    return Violation(answer=answer)


def _archives_always() -> None:
    from pytest_wincontainers.engines.docker import DockerEngine

    DockerEngine._needs_tar = lambda self, container: False  # type: ignore[method-assign]


def _linux_images() -> None:
    from pytest_wincontainers.engines.base import Build
    from pytest_wincontainers.services import ServiceImage

    def build(self: ServiceImage, engine: Any, **arguments: str) -> Build:
        return Build(self.root / "linux" / self.name, network="host")

    ServiceImage.build = build  # type: ignore[method-assign]


def _pulls_again() -> None:
    from pytest_wincontainers import failures

    compiled = failures._compiled()
    compiled[:] = [
        (pattern, failure._replace(kind="transient") if pattern.search("no matching manifest for windows") else failure)
        for pattern, failure in compiled
    ]


NOTHING = "nothing"
"""The name of a violation that breaks no rule: the tests have to be green."""

_SHOP = "test_nothing_is_sent_that_windows_refuses_or_ignores"

VIOLATIONS: Mapping[str, Violation] = {
    NOTHING: Violation(),
    "accounts_are_windows_own": _exec(lambda body: body.update(User="root")),
    "archives_do_not_see_mounts": Violation(
        ask=lambda request: request.query.update(path="C:\\windows") if request.is_("GET", "/archive") else None
    ),
    "builds_begin_with_windows": Violation(patch=_linux_images, tests=(_SHOP,)),
    "builds_match": _create(Isolation="process"),
    "container_in_windows_shape": _answer("/containers/", lambda told: told["NetworkSettings"].update(Networks={})),
    "drivers_are_windows_own": _at_the_start("POST", "/networks/create", {"Name": "x", "Driver": "bridge"}),
    "every_start_has_another_address": _first_address(),
    "few_signals_are_known": _path("/kill", "/kill", "POST", signal="SIGUSR1"),
    "hyperv_builds_have_little_memory": Violation(_no_limit),
    "hyperv_shares_no_network_stack": _create(NetworkMode="container:x", Isolation="hyperv"),
    "iis_is_slow_to_stop": _path("/kill", "/stop", "POST"),
    "image_tells_its_build": _answer("/images/", lambda told: told.pop("OsVersion", None)),
    "info_in_windows_shape": _answer("/info", lambda told: told.update(OSType="linux")),
    "isolation_is_one_of_three": _create(Isolation="vm"),
    "clients_start_process_containers_once": _create(Isolation="process"),
    "isolation_is_resolved": _create(Isolation=""),
    "limits_stay": _once_it_runs("POST", "/containers/{}/update", {"Memory": 2**30}),
    "linux_options_do_nothing": _create(CapAdd=["ALL"]),
    "mount_sources_exist": _no_check("does not exist"),
    "mount_targets_become_lower_case": _answer(
        "/containers/", lambda told: [mount.update(Destination="C:\\Data") for mount in told.get("Mounts") or ()]
    ),
    "mount_targets_differ_by_more_than_case": _mount(Target="c:\\DATA"),
    "mount_targets_have_a_drive": _no_check("has no drive"),
    "mounts_are_folders_volumes_or_pipes": _mount(Type="tmpfs", Source=""),
    "nat_is_not_made": _at_the_start("POST", "/networks/create", {"Name": "nat"}),
    "nat_is_not_removed": _at_the_start("DELETE", "/networks/nat"),
    "networks_are_nat_and_none": Violation(_create(NetworkMode="bridge").ask, tests=(_SHOP,)),
    "no_archives_of_running_hyperv_containers": Violation(patch=_archives_always),
    "no_builds_on_newer_updates_than_the_host": Violation(patch=_no_other_base),
    "no_commit_of_running_containers": _once_it_runs("POST", "/commit", {}, container="{}"),
    "no_diff_of_running_containers": _once_it_runs("GET", "/containers/{}/changes"),
    "no_excluded_ports": _ports(HostPort="5357"),
    "no_export": _once_it_runs("GET", "/containers/{}/export"),
    "no_host_address_in_bindings": _ports(HostIp="127.0.0.1"),
    "no_linux_image_is_pulled": Violation(patch=_pulls_again),
    "no_linux_resources": _create(PidsLimit=100),
    "no_mount_of_a_file": _no_check("is a file"),
    "no_mount_to_a_drive": _no_check("is the root of a drive"),
    "no_newer_updates_than_the_host": _create(Isolation="process"),
    "no_port_ranges": _ports(HostPort="8000-8010"),
    "no_privileged_containers": _create(Privileged=True),
    "no_read_only_root": _create(ReadonlyRootfs=True),
    "no_real_time_cpu": _create(CpuRealtimePeriod=1000),
    "one_limit_for_processors": _create(NanoCpus=10**9, CpuPercent=5),
    "one_range_of_addresses_on_2016": _at_the_start("POST", "/networks/create", {"Name": "y", "Driver": "nat"}),
    "only_hyperv_pauses": _once_it_runs("POST", "/containers/{}/pause"),
    "programs_are_looked_for_at_start": _exec(lambda body: body.update(Cmd=["nothing-of-the-kind", *body["Cmd"][1:]])),
    "running_containers_are_not_removed": _path("/kill", "", "DELETE"),
    "running_hyperv_containers_get_no_network": _once_it_runs("POST", "/networks/nat/connect", {"Container": "{}"}),
    "top_takes_no_arguments": _once_it_runs("GET", "/containers/{}/top", ps_args="aux"),
    "version_in_windows_shape": _answer("/version", lambda told: told.update(ApiVersion="1.99")),
    "volumes_take_no_options": _at_the_start("POST", "/volumes/create", {"Name": "x", "DriverOpts": {"type": "nfs"}}),
    "words_become_a_command_line": _exec(
        lambda body: body.update(Cmd=[f'"{word}"' if " " in word else word for word in body["Cmd"]])
    ),
    "working_directory_is_absolute": Violation(
        ask=lambda request: request.body.update(WorkingDir="x") if request.is_("POST", "/containers/create") else None
    ),
}


def tests_by_rule() -> dict[str, list[str]]:
    """pytest's arguments for the tests that have to notice, for every rule that the plugin can break."""
    from tests.windows import rules

    found: dict[str, list[str]] = {}
    for name, marked in rules.marked().items():
        tests = [test.strip("`").partition("::")[2] for test in marked if "test_plugin.py" in test]
        tests += VIOLATIONS[name].tests if name in VIOLATIONS else ()
        # Of two the plugin never comes near, and of one only the engine can be the cause.
        if tests:
            found[name] = ["tests/windows/test_plugin.py", "-k", " or ".join(tests)]
    return found


def environment(rule: str) -> dict[str, str]:
    """The variables by which the runs that tests start break a rule."""
    return {_RULE: rule, "WINCONTAINERS_TEST_PLUGIN": __name__, "PYTHONPATH": str(ROOT)}


# -- as a pytest plugin -------------------------------------------------------------------------------------------


def pytest_configure() -> None:
    """Break the rule that the environment names."""
    import requests

    violation = VIOLATIONS[os.environ[_RULE]]
    violation.patch()
    send = requests.Session.send

    def changed(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        version, path = parts.path.split("/")[1], parts.path
        prefix = f"/{version}" if version[:1] == "v" and version[1:2].isdigit() else ""

        def again(method: str, path: str, query: Mapping[str, str], body: Body) -> None:
            url = urlunsplit(parts._replace(path=prefix + path, query=urlencode(query)))
            prepared = session.prepare_request(requests.Request(method, url, json=body))
            answer = send(session, prepared, timeout=60)
            session._raise_for_status(answer)  # type: ignore[attr-defined]

        body = request.body
        is_json = str(request.headers.get("Content-Type", "")).startswith("application/json")
        given = json.loads(body) if is_json and body else body
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        asked = Request(str(request.method), path.removeprefix(prefix), query, given, again)
        violation.ask(asked)
        request.method = asked.method
        request.url = urlunsplit(parts._replace(path=prefix + asked.path, query=urlencode(asked.query)))
        if is_json and body:
            request.prepare_body(json.dumps(asked.body), None)
        response = send(session, request, **options)
        if not options.get("stream") and response.headers.get("Content-Type", "").startswith("application/json"):
            response._content = json.dumps(violation.answer(asked, response.json())).encode()
        return response

    requests.Session.send = changed  # type: ignore[method-assign, assignment]
