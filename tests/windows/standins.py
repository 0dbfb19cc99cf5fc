"""Images for the tests: the box, and Linux images that stand in for Windows ones behind the proxy."""

from __future__ import annotations

import functools
import hashlib
import io
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import docker
import docker.errors

from pytest_wincontainers.engines.base import Build
from pytest_wincontainers.engines.docker import DockerEngine
from pytest_wincontainers.guests.builds import TAGS
from pytest_wincontainers.run.images import tag_of
from pytest_wincontainers.services import SERVERCORE, ServiceImage, iis, mysql, selenium

CORE = "mcr.microsoft.com/windows/servercore"
GUEST = Path(__file__).parents[1] / "guest"
EXAMPLE = Path(__file__).parents[2] / "examples" / "redis_service" / "images"
IMAGES = {
    image.name: image for image in (mysql.IMAGE, iis.IMAGE, selenium.IMAGE, ServiceImage(EXAMPLE, "redis", SERVERCORE))
}


@functools.cache
def box() -> str:
    """The image that engine tests use for whatever is no service; built when it is new."""
    # A cache of names, as every Windows container has one, and a load.
    return _built("box", "debian:bookworm-slim", "nscd apache2-utils")


@functools.cache
def own(service: str) -> str:
    """A service's own image for Linux, as runs build it."""
    build, reference = _recipe(service)
    with closing(DockerEngine()) as engine:
        if engine.image(reference) is None:
            engine.build(build, reference, {}, lambda _: None)
    return reference


@functools.cache
def _recipe(service: str) -> tuple[Build, str]:
    """How a service's own image for Linux is built, and the name that it has then."""
    with closing(DockerEngine()) as engine:
        # That of a browser is one of several stages.
        declared = selenium.Selenium() if service == selenium.IMAGE.name else None
        build = declared.image(engine.info()) if declared is not None else IMAGES[service].build(engine.info())
        assert isinstance(build, Build)
        return build, tag_of(engine, build)


@functools.cache
def standin(service: str) -> str:
    """A service's own image for Linux, with what the Windows guest has besides."""
    return _built(f"standin-{service}", own(service))


def build_all() -> None:
    """Build what is missing of all these images, and of the services' own for Linux."""
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(box), *(pool.submit(standin, service) for service in IMAGES)]:
            done.result()


def _built(name: str, base: str, packages: str = "") -> str:
    tag = f"wincontainers-test/{name}:{hashlib.sha256(f'{base} {packages}'.encode() + _guest()).hexdigest()[:12]}"
    client = docker.DockerClient.from_env(version="auto", timeout=600)
    try:
        client.images.get(tag)
    except docker.errors.ImageNotFound:
        arguments = {"BASE": base, "PACKAGES": packages}
        client.images.build(path=str(GUEST), tag=tag, buildargs=arguments, network_mode="host", rm=True)
    finally:
        client.close()
    return tag


@functools.cache
def core(tag: str) -> str:
    """The box as Server Core with this tag."""
    repository, version = "wincontainers-test/servercore", f"{tag}-{box().rpartition(':')[2]}"
    client = docker.DockerClient.from_env(version="auto", timeout=600)
    client.images.get(box()).tag(repository, version)
    client.close()
    return f"{repository}:{version}"


def standin_name(reference: str) -> str:
    """The name that what stands in for an image has on the real engine.

    The plugin names images by their Windows context; a stand-in is made of these files besides, and another checkout
    may have others.
    """
    name, _, tag = reference.partition(":")
    if name == CORE and tag in TAGS.values():
        return core(tag)
    service = name.removeprefix("wincontainers/")
    if not reference.startswith("wincontainers/") or service not in IMAGES:
        return reference
    return f"wincontainers-test/{service}:{tag}-{_digest(service)}"


def standin_context(service: str, base: str) -> bytes:
    """What to build of a service's stand-in instead of its Windows image on this base."""
    lines = [f"FROM {standin(service)}", f"ENV STANDS_IN_FOR={base}"]
    files = {}
    if service == "aspnet":
        lines.append("COPY service.conf /opt/wincontainers/")
        files["service.conf"] = "".join(f"{line}\n" for line in _served()).encode()
    files["Dockerfile"] = "\n".join(lines).encode()
    spool = io.BytesIO()
    with tarfile.open(mode="w", fileobj=spool) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return spool.getvalue()


def _served() -> Iterator[str]:
    """What the entry point of the Windows image follows, and the Linux one's server instead of a service."""
    windows, linux = (
        (iis.IMAGE.root / guest / iis.IMAGE.name / "service.conf").read_text("utf-8").splitlines()
        for guest in ("windows", "linux")
    )
    for line in windows:
        key, _, value = line.partition(": ")
        if key == "folder" or key.startswith("log "):
            yield f"{key}: {value.removeprefix('C:').replace(chr(92), '/')}"
    # Mono's counterpart of the event log is a file.
    yield from (line for line in linux if line.partition(": ")[0] in ("server", "pools", "log", "flush"))


@functools.cache
def _digest(service: str) -> str:
    """Of all that a stand-in is made of."""
    _, made_of = _recipe(service)
    return hashlib.sha256(made_of.encode() + _guest()).hexdigest()[:12]


def _guest() -> bytes:
    """What the Windows guest has besides."""
    return b"".join(path.read_bytes() for path in sorted(GUEST.iterdir()) if path.is_file())
