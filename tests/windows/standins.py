"""Images for the tests: the box, and Linux images that stand in for Windows ones behind the proxy."""

from __future__ import annotations

import functools
import hashlib
import io
import re
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker
import docker.errors

from pytest_wincontainers.engines.docker import DockerEngine
from pytest_wincontainers.guests.builds import TAGS
from pytest_wincontainers.run.images import tag_of
from pytest_wincontainers.services.images import FOLDER, own_image

from .proxy import Call, Refused
from .rules import refuses

GUEST = Path(__file__).parents[1] / "guest"
BUILDS = {tag: build for build, tag in TAGS.items()}
SERVICES = ("mysql", "aspnet", "selenium")


@functools.cache
def box() -> str:
    """The image that engine tests use for whatever is no service; built when it is new."""
    # A cache of names, as every Windows container has one, and a load.
    return _built("box", "debian:bookworm-slim", "nscd apache2-utils")


@functools.cache
def standin(service: str) -> str:
    """A service's own image for Linux, with what the Windows guest has besides."""
    engine = DockerEngine()
    build = own_image(engine.info(), service)
    reference = tag_of(engine, build)
    if engine.image(reference) is None:
        engine.build(build, reference, {}, lambda _: None)
    engine.close()
    return _built(f"standin-{service}", reference)


def build_all() -> None:
    """Build what is missing of all these images, and of the services' own for Linux."""
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(box), *(pool.submit(standin, service) for service in SERVICES)]:
            done.result()


def _built(name: str, base: str, packages: str = "") -> str:
    content = b"".join(path.read_bytes() for path in sorted(GUEST.iterdir()) if path.is_file())
    tag = f"wincontainers-test/{name}:{hashlib.sha256(f'{base} {packages}'.encode() + content).hexdigest()[:12]}"
    client = docker.DockerClient.from_env(version="auto", timeout=600)
    try:
        client.images.get(tag)
    except docker.errors.ImageNotFound:
        arguments = {"BASE": base, "PACKAGES": packages}
        client.images.build(path=str(GUEST), tag=tag, buildargs=arguments, network_mode="host", rm=True)
    finally:
        client.close()
    return tag


def _name(reference: str) -> str:
    """The name that what stands in for an image has on the real engine.

    The plugin names images by their Windows context; a stand-in is made of these files besides, and another checkout
    may have others.
    """
    service, _, tag = reference.removeprefix("wincontainers/").partition(":")
    if not reference.startswith("wincontainers/") or service not in SERVICES:
        return reference
    return f"wincontainers-test/{service}:{tag}-{_digest(service)}"


@refuses("GET", "/images/.+/json", "the proxy's own book-keeping")
def standins_have_names_of_their_own(call: Call) -> None:
    """An image that something stands in for is looked up by the latter's name."""
    reference = call.path.removeprefix("/images/").removesuffix("/json")
    call.path = f"/images/{_name(reference)}/json"


@refuses("POST", "/containers/create", "the proxy's own book-keeping")
def standins_run_instead(call: Call) -> None:
    """A container is made of what stands in for its image."""
    call.body["Image"] = _name(call.body["Image"])


@refuses("POST", "/build", "moby/moby daemon/internal/distribution/pull_v2_windows.go")
def builds_begin_with_windows(call: Call) -> None:
    """A build on a Linux base is refused; one of this package's Windows images gives what stands in for it."""
    import json

    dockerfile = _dockerfile(call.body, call.query.get("dockerfile") or "Dockerfile")
    arguments: dict[str, Any] = json.loads(call.query.get("buildargs") or "{}")
    for service in SERVICES:
        if dockerfile == (FOLDER / "windows" / service / "Dockerfile").read_text("utf-8"):
            base = arguments["BASE"]
            tag = re.split("[:-]", base)[-1]
            build = BUILDS.get(tag) or BUILDS["ltsc2019"]  # which is called 1809 in some places
            preset = call.proxy.preset
            revision = preset.image_revision if build == preset.image_build else 1000
            told = ("windows", f"10.0.{build}.{revision}")
            call.proxy.images[call.query["t"]] = call.proxy.images[_name(call.query["t"])] = told
            call.query["t"] = _name(call.query["t"])
            call.body = _context(service, base)
            return
    base = re.search(r"(?m)^FROM (\S+)", dockerfile)
    if base is None or not base[1].startswith("wincontainers-test/"):
        raise Refused(
            404,
            f"no matching manifest for windows(10.0.{call.proxy.preset.build})/amd64 in the manifest list entries",
        )


def _dockerfile(context: bytes, name: str) -> str:
    with tarfile.open(fileobj=io.BytesIO(context)) as archive:
        file = archive.extractfile(name)
        return file.read().decode() if file else ""


def _context(service: str, base: str) -> bytes:
    lines = [f"FROM {standin(service)}", f"ENV STANDS_IN_FOR={base}"]
    if service == "aspnet":
        lines += ['ENTRYPOINT ["/windows/iis.py"]']
    files = {"Dockerfile": "\n".join(lines).encode()}
    spool = io.BytesIO()
    with tarfile.open(mode="w", fileobj=spool) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return spool.getvalue()


@functools.cache
def _digest(service: str) -> str:
    """Of all that a stand-in is made of."""
    places = [GUEST, FOLDER / "linux" / service]
    content = [path.read_bytes() for place in places for path in sorted(place.iterdir()) if path.is_file()]
    return hashlib.sha256(b"".join(content)).hexdigest()[:12]
