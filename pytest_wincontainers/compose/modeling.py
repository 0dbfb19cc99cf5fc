"""From a project's document to its services as typed values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_wincontainers.compose import units
from pytest_wincontainers.compose.contents import files_of, local, mounts_of
from pytest_wincontainers.compose.model import (
    ComposeBuild,
    ComposeFile,
    ComposeHealthcheck,
    ComposeNeed,
    ComposeNetwork,
    ComposeService,
)
from pytest_wincontainers.compose.paths import is_remote
from pytest_wincontainers.compose.problems import Problems
from pytest_wincontainers.compose.project import Project
from pytest_wincontainers.compose.support import check_support
from pytest_wincontainers.compose.tree import Node, plain, services_of

NETWORK = "nat"
"""The engine's network that all containers share."""


def model_of(project: Project) -> ComposeFile:
    """The project's services; what is not supported is added to its problems."""
    check_support(project.document, project.problems)
    services = {name: _Modeling(project, name, node).service() for name, node in services_of(project.document)}
    return ComposeFile(project.name, project.directory, project.files, services)


class _Modeling:
    """Makes one service."""

    def __init__(self, project: Project, name: str, node: Node) -> None:
        self._project = project
        self._name = name
        self._node = node

    @property
    def _problems(self) -> Problems:
        return self._project.problems

    def service(self) -> ComposeService:
        self._check_one_container()
        if self._node.at("build") is None and self._node.at("image") is None:
            self._problems.add(
                self._node.place, f"services.{self._name} has neither an image nor a build", "add image: or build:"
            )
        return ComposeService(
            name=self._name,
            place=self._node.place,
            places={key: value.place for key, value in self._node.fields.items()},
            image=self._text("image"),
            build=self._build(),
            command=self._words("command"),
            entrypoint=self._words("entrypoint"),
            environment=_texts(self._node.at("environment")),
            labels=_texts(self._node.at("labels")),
            ports=tuple(dict.fromkeys(self._ports())),
            aliases=tuple(dict.fromkeys(self._aliases())),
            mounts=mounts_of(self._project, self._name, self._node),
            files=files_of(self._project, self._name, self._node),
            needs=self._needs(),
            healthcheck=self._healthcheck(),
            networks=tuple(self._networks()),
            isolation=self._isolation(),
            memory=self._memory(),
            user=self._text("user"),
            working_dir=self._text("working_dir"),
            profiles=tuple(one.text for one in self._node.entries("profiles")),
        )

    def _text(self, option: str) -> str | None:
        found = self._node.at(option)
        return found.text or None if found is not None else None

    def _words(self, option: str) -> tuple[str, ...] | None:
        found = self._node.at(option)
        return None if found is None or found.value is None else tuple(one.text for one in found.items)

    def _check_one_container(self) -> None:
        for path in (("scale",), ("deploy", "replicas")):
            found = self._node.at(*path)
            if found is not None and found.value != 1:
                self._problems.add(
                    found.place,
                    f"services.{self._name}.{'.'.join(path)} is {found.value}: a service is one container here",
                    "declare further containers as services of their own",
                )

    def _build(self) -> ComposeBuild | None:
        node = self._node.at("build")
        if node is None:
            return None
        context, inline = node.at("context"), node.at("dockerfile_inline")
        written = context.text if context is not None else ""
        path = f"services.{self._name}.build"
        if is_remote(written):
            self._problems.add(
                (context or node).place, f"{path}: {written} is not a directory of this machine", "clone it first"
            )
        if inline is not None and node.at("dockerfile") is not None:
            self._problems.add(inline.place, f"{path} has dockerfile and dockerfile_inline", "leave one of them out")
        if self._node.at("image") is not None:
            self._problems.note(
                self._node.fields["image"].place,
                f"services.{self._name}.image has no effect: the image is built, and named by the plugin",
            )
        dockerfile, target, network = (node.at(key) for key in ("dockerfile", "target", "network"))
        return ComposeBuild(
            context=local(written),
            dockerfile=dockerfile.text.replace("\\", "/") if dockerfile is not None else "Dockerfile",
            inline=inline.text if inline is not None else None,
            arguments=_texts(node.at("args")),
            target=target.text if target is not None else None,
            network=network.text if network is not None else None,
            place=node.place,
        )

    def _ports(self) -> Iterator[int]:
        for one in self._node.entries("ports"):
            protocol, target = plain(one).get("protocol"), plain(one).get("target")
            if protocol == "tcp":
                yield int(target)
            else:
                self._refuse_protocol(one, f"{target}/{protocol}")
        for one in self._node.entries("expose"):
            ports, _, protocol = one.text.partition("/")
            first, _, last = ports.partition("-")
            if protocol not in {"", "tcp"}:
                self._refuse_protocol(one, one.text)
            elif first.isdecimal() and (not last or last.isdecimal()):
                yield from range(int(first), int(last or first) + 1)
            else:
                self._problems.add(one.place, f"services.{self._name}.expose: {one.text!r} is not a port")

    def _refuse_protocol(self, node: Node, port: str) -> None:
        self._problems.add(
            node.place, f"services.{self._name}: the port {port} is not supported: endpoints have TCP ports only"
        )

    def _aliases(self) -> Iterator[str]:
        yield self._name
        for option in ("hostname", "container_name"):
            found = self._text(option)
            if found:
                yield found
        networks = self._node.at("networks")
        for network in networks.fields.values() if networks is not None else ():
            yield from (one.text for one in network.entries("aliases"))
        # A link's other name is for the service with the link; here, all can use it.
        for _, other in services_of(self._project.document):
            for link in other.entries("links"):
                name, _, alias = link.text.partition(":")
                if name == self._name and alias:
                    yield alias

    def _needs(self) -> tuple[ComposeNeed, ...]:
        found = self._node.at("depends_on")
        return tuple(
            ComposeNeed(name, plain(one)["condition"], one.place)
            for name, one in (found.fields if found is not None else {}).items()
        )

    def _healthcheck(self) -> ComposeHealthcheck | None:
        node = self._node.at("healthcheck")
        if node is None:
            return None
        test = tuple(one.text for one in node.entries("test"))
        retries = node.at("retries")
        disable = node.at("disable")
        return ComposeHealthcheck(
            test=test or None,
            disabled=test == ("NONE",) or (disable is not None and bool(disable.value)),
            interval=_seconds(node.at("interval")),
            timeout=_seconds(node.at("timeout")),
            start_period=_seconds(node.at("start_period")),
            start_interval=_seconds(node.at("start_interval")),
            retries=int(plain(retries)) if retries is not None else None,
            place=node.place,
        )

    def _networks(self) -> Iterator[ComposeNetwork]:
        mode = self._node.at("network_mode")
        if mode is not None and mode.text not in {NETWORK, "bridge", "default"}:
            self._problems.add(
                mode.place,
                f"services.{self._name}.network_mode: {mode.text!r} is not supported: "
                f"all containers are on the network {NETWORK}, so that they can reach each other",
            )
        own = self._node.at("networks")
        if mode is not None and own is not None:
            self._problems.add(
                mode.place, f"services.{self._name} has network_mode and networks", "leave one of them out"
            )
        for name, one in own.fields.items() if own is not None else ():
            if self._is_another(name):
                self._problems.note(
                    one.place,
                    f"services.{self._name}.networks: on a Linux engine, {name} has no effect, as all containers are "
                    f"on {NETWORK}; a Windows engine refuses it",
                )
                yield ComposeNetwork(name, one.place)

    def _is_another(self, network: str) -> bool:
        declared = self._project.document.at("networks", network)
        fields = plain(declared) if declared is not None and declared.fields else {}
        external = fields.get("external")
        named = external.get("name") if isinstance(external, Mapping) else fields.get("name", network)
        return bool(named != NETWORK if external else network != "default")

    def _isolation(self) -> str | None:
        found = self._node.at("isolation")
        if found is None or found.text == "default":
            return None
        if found.text not in {"process", "hyperv"}:
            self._problems.add(
                found.place,
                f"services.{self._name}.isolation: {found.text!r} is not supported",
                "use process, hyperv or default",
            )
        return found.text

    def _memory(self) -> int | None:
        found = [
            (one, int(one.text))
            for path in (("mem_limit",), ("deploy", "resources", "limits", "memory"))
            if (one := self._node.at(*path)) is not None
        ]
        if len({amount for _, amount in found}) > 1:
            self._problems.add(
                found[0][0].place,
                f"services.{self._name}: mem_limit and deploy.resources.limits.memory differ",
                "leave one of them out",
            )
        return found[0][1] if found and found[0][1] else None


def _texts(node: Node | None) -> Mapping[str, str]:
    fields = node.fields if node is not None else {}
    return {name: one.value for name, one in fields.items() if isinstance(one.value, str)}


def _seconds(node: Node | None) -> float | None:
    amount = units.nanoseconds(node.text) if node is not None else None
    return None if amount is None else amount / 10**9
