"""Images: pulled or built when first used, only once for all runs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from pytest_wincontainers.engines.base import Build, Engine, Image, Progress
from pytest_wincontainers.errors import EngineError, ImageError
from pytest_wincontainers.run.locks import Locks

LABEL = "pytest-wincontainers.image"


Retry = Callable[[Callable[[], None]], None]
"""Does something, again after transient failures."""


def ensure_image(
    engine: Engine,
    source: str | Build,
    locks: Locks,
    progress: Progress,
    retry: Retry,
    note: Callable[[str], None] = lambda _: None,
) -> tuple[str, Image]:
    """The reference and the image, after a pull or a build where the engine does not have it.

    `note` is told if it is built on another base image than first meant. Raises ImageError.
    """
    try:
        return _ensured(engine, source, locks, progress, retry)
    except (ImageError, EngineError) as problem:
        if isinstance(source, str) or source.otherwise is None or not _too_new(problem):
            raise
        otherwise = source.otherwise
        used, meant = (one.arguments.get("BASE") or one.folder.name for one in (otherwise, source))
        note(
            f"its image was built on {used}, as the host lacks the updates of {meant}; update the host, or choose the "
            "base with --wincontainers-windows-base"
        )
        return ensure_image(engine, otherwise, locks, progress, retry, note)


def _too_new(problem: EngineError | ImageError) -> bool:
    return problem.failure is not None and problem.failure.implies == "newer-base"


def _ensured(engine: Engine, source: str | Build, locks: Locks, progress: Progress, retry: Retry) -> tuple[str, Image]:

    def make() -> None:
        if isinstance(source, str):
            engine.pull(source, lambda text: progress(f"pulling the image: {text}"))
        else:
            engine.build(source, reference, {LABEL: "1"}, lambda text: progress(f"building the image: {text}"))

    reference = source if isinstance(source, str) else tag_of(engine, source)
    image = engine.image(reference)
    if image is not None:
        return reference, image
    with locks.named(f"image-{reference}", lambda: progress("waiting for another run to pull or build the image")):
        # Whoever held the lock before may have made it.
        image = engine.image(reference)
        if image is None:
            retry(make)
            image = engine.image(reference)
    if image is None:
        raise ImageError(
            f"the image {reference} is missing although the engine just pulled or built it", hint="run the tests again"
        )
    return reference, image


def tag_of(engine: Engine, build: Build) -> str:
    """The image's name: from all that goes into the build, so that a changed recipe is another image."""
    digest = hashlib.sha256()
    for name in engine.context_files(build):
        content = (build.folder / name).read_bytes()
        digest.update(f"{name.replace(chr(92), '/')}\0{len(content)}\0".encode())
        digest.update(content)
    for key, value in sorted(build.arguments.items()):
        digest.update(f"{key}\0{value}\0".encode())
    digest.update(build.dockerfile.encode())
    # Left out where it is not given, so that images that are there are not built again.
    for key, given in (("target", build.target), ("content", build.content)):
        if given is not None:
            digest.update(f"\0{key}\0{given}".encode())
    name = re.sub(r"[^a-z0-9]+", "-", (build.folder / build.dockerfile).parent.name.lower()).strip("-") or "image"
    return f"wincontainers/{name}:{digest.hexdigest()[:12]}"
