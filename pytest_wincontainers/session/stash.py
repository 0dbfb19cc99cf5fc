"""Where a session's role is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_wincontainers.session.role import Role

ROLE: pytest.StashKey[Role] = pytest.StashKey()
"""In the stash of pytest's configuration; there is none where nothing is declared."""
