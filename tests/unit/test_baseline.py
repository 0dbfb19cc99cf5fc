"""The prepared state that was saved in a server, read again."""

import pytest

from pytest_wincontainers.databases import baseline
from pytest_wincontainers.errors import PreparationError


def test_a_copy_leaves_out_views_that_do_not_work(monkeypatch):
    """A view of what is not there cannot be made again; everything else of the database is taken, and of no other."""
    monkeypatch.setattr(baseline, "_is_broken", lambda _cursor, schema, name: (schema, name) == ("shop", "broken"))
    objects = [
        (1, "table", "shop", "broken"),
        (2, "view", "shop", "broken"),
        (3, "view", "shop", "works"),
        (4, "table", "archive", "orders"),
    ]
    assert [row[0] for row in baseline._of_one(None, objects, "shop")] == [1, 3]
    with pytest.raises(PreparationError, match="no prepared state of the database other was saved"):
        list(baseline._of_one(None, objects, "other"))
