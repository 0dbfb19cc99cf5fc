"""Symbolic links, where there are any."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import pytest


@functools.cache
def can_link() -> bool:
    """Whether this system makes links. Windows asks for a right of their own, and Wine 8 only says that it made one."""
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder, "link")
        try:
            link.symlink_to("nothing")
        except OSError:
            return False
        return link.is_symlink()


needs_links = pytest.mark.skipif(not can_link(), reason="this system makes no symbolic links")


def cases(names, *with_links):
    """Parameters of these names, of which some need links."""
    return [pytest.param(name, marks=needs_links if name in with_links else ()) for name in names]
