"""The paths in an image of the server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """The places of one image."""

    accounts: str
    """The folder that the entry point takes the accounts' passwords from."""
    mysqldump: str
