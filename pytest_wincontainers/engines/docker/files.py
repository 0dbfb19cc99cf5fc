"""Copying files into containers and out of them: by the engine's archives, or with tar where those do not reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from pytest_wincontainers.engines.docker import streams
from pytest_wincontainers.engines.docker.calls import check_output, refused
from pytest_wincontainers.guests.base import GuestRules


def copy_in(api: Any, guest: GuestRules, container: str, archive: BinaryIO) -> None:
    """Unpack a tar archive at the root of a container."""
    if not _needs_tar(api, guest, container):
        api.put_archive(container, guest.root, archive)
        return
    code, pieces = streams.feed(api, container, guest.unpack(), guest.administrator, archive)
    if code != 0:
        output = "".join(streams.texts(pieces, guest)).strip()
        raise refused("copy files into a container", output or f"tar exited with code {code}")


def copy_out(api: Any, guest: GuestRules, container: str, path: str) -> Iterator[bytes]:
    """A file or directory of a container, as a tar archive in pieces of any length."""
    if not _needs_tar(api, guest, container):
        pieces, _ = api.get_archive(container, path)
        yield from pieces
        return
    errors, started = b"", False
    for out, error in streams.read(api, container, guest.pack(path), guest.administrator):
        errors += error or b""
        if out and not started:
            check_output("run tar in a container", guest.decode(out))
            started = True
        if out:
            yield out
    if errors:
        raise refused(f"copy {path} out of a container", guest.decode(errors).strip())


def _needs_tar(api: Any, guest: GuestRules, container: str) -> bool:
    if not guest.has_isolation:
        return False
    answer = api.inspect_container(container)
    reached = guest.archives_reach(answer["HostConfig"].get("Isolation") or "")
    return bool(answer["State"]["Running"]) and not reached
