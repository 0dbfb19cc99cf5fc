"""Linux containers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath


class Linux:
    """See `GuestRules`."""

    root = "/"
    administrator = ""
    # Few images have a DNS cache; in those that have, it is nscd's.
    flush_dns = ("sh", "-c", "! [ -S /run/nscd/socket ] || nscd --invalidate=hosts")

    def decode(self, output: bytes) -> str:
        return output.decode("utf-8", "replace").replace("\r\n", "\n")

    def mount_problem(self, source: str | Path, target: str, *, near: bool) -> str | None:
        if not PurePosixPath(target).is_absolute():
            return f"the target {target} is not a path from the root"
        return None

    def unpack(self) -> Sequence[str]:
        return ("tar", "-x", "-f", "-", "-C", "/")

    def pack(self, path: str) -> Sequence[str]:
        whole = PurePosixPath(path)
        return ("tar", "-c", "-f", "-", "-C", str(whole.parent), whole.name)
