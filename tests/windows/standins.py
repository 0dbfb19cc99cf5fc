"""Images for the tests: the box, and Linux images that stand in for Windows ones behind the proxy."""

from __future__ import annotations

import functools
import hashlib
import io
import re
import tarfile
from pathlib import Path
from typing import Any

import docker
import docker.errors

from pytest_wincontainers.engines.docker import DockerEngine
from pytest_wincontainers.guests.builds import TAGS
from pytest_wincontainers.run.images import tag_of
from pytest_wincontainers.services.iis import nginx
from pytest_wincontainers.services.images import FOLDER, own_image

from .proxy import Call, Refused
from .rules import refuses

GUEST = Path(__file__).parents[1] / "guest"
BUILDS = {tag: build for build, tag in TAGS.items()}
SERVICES = ("mysql", "aspnet", "selenium")
NGINX = Path(nginx.__file__)
LABEL = "wincontainers-test.standin"


@functools.cache
def box() -> str:
    """The image that engine tests use for whatever is no service; built when it is new."""
    return _built("box", "debian:bookworm-slim")


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


def _built(name: str, base: str) -> str:
    content = b"".join(path.read_bytes() for path in sorted(GUEST.iterdir()) if path.is_file())
    tag = f"wincontainers-test/{name}:{hashlib.sha256(base.encode() + content).hexdigest()[:12]}"
    client = docker.DockerClient.from_env(version="auto", timeout=600)
    try:
        client.images.get(tag)
    except docker.errors.ImageNotFound:
        client.images.build(path=str(GUEST), tag=tag, buildargs={"BASE": base}, network_mode="host", rm=True)
    finally:
        client.close()
    return tag


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
            call.proxy.images[call.query["t"]] = ("windows", f"10.0.{build}.{revision}")
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
    lines = [f"FROM {standin(service)}", f"ENV STANDS_IN_FOR={base}", f"LABEL {LABEL}={_digest(service)}"]
    if service == "aspnet":
        lines += ["COPY nginx.py /windows/", 'ENTRYPOINT ["/windows/iis.py"]']
    files = {"Dockerfile": "\n".join(lines).encode(), "nginx.py": NGINX.read_bytes()}
    spool = io.BytesIO()
    with tarfile.open(mode="w", fileobj=spool) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return spool.getvalue()


def _digest(service: str) -> str:
    """Of all that a stand-in is made of; the plugin names images by their Windows context, which it is not."""
    places = [GUEST, FOLDER / "linux" / service]
    content = [path.read_bytes() for place in places for path in sorted(place.iterdir()) if path.is_file()]
    return hashlib.sha256(b"".join([*content, NGINX.read_bytes()])).hexdigest()[:12]


def forget_old(client: docker.DockerClient) -> None:
    """Remove stand-ins that were made of what the files held before."""
    digests = {_digest(service) for service in SERVICES}
    for image in client.images.list():
        tags = [tag for tag in image.tags if tag.startswith("wincontainers/")]
        stand_in = any(one.startswith("STANDS_IN_FOR=") for one in image.attrs["Config"].get("Env") or ())
        if tags and stand_in and image.labels.get(LABEL) not in digests:
            for tag in tags:
                client.images.remove(tag, force=True)
