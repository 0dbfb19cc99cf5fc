"""Linux containers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from pytest_wincontainers.guests.base import Patience


class Linux:
    """See `GuestRules`."""

    title = "Linux"
    root = "/"
    shell = ("/bin/sh", "-c")
    administrator = ""
    parallel_starts = 8
    removal_rounds = 3
    patience = Patience(3, 1.0)
    makes_networks = True
    binds_addresses = True
    routed = False
    images_match_host = False
    # The packages come from the distribution's mirrors; an engine without a default bridge reaches them by the host's
    # network only.
    build_network = "host"
    host_caches_dns = False
    host_logs_events = False
    has_isolation = False
    # Few images have a DNS cache; in those that have, it is nscd's.
    flush_dns = ("sh", "-c", "! [ -S /run/nscd/socket ] || nscd --invalidate=hosts")
    may_lack_shell = True

    def archives_reach(self, isolation: str) -> bool:
        return True

    def decode(self, output: bytes) -> str:
        return output.decode("utf-8", "replace").replace("\r\n", "\n")

    def mount_problem(self, source: str | Path, target: str, *, near: bool) -> str | None:
        if not PurePosixPath(target).is_absolute():
            return f"the target {target} is not an absolute path"
        return None

    def unpack(self) -> Sequence[str]:
        return ("tar", "-x", "-f", "-", "-C", "/")

    def pack(self, path: str) -> Sequence[str]:
        whole = PurePosixPath(path)
        return ("tar", "-c", "-f", "-", "-C", str(whole.parent), whole.name)
