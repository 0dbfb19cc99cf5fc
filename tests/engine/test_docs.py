"""The documentation, run: its code blocks that begin with a file name are that file."""

import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python\n# (\S+\.py)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("page", "passed"), [("README.md", 2), ("docs/declarations.md", 1)])
def test_the_pages_code_runs_as_it_stands(suite, page, passed):
    for name, code in BLOCK.findall((ROOT / page).read_text("utf-8")):
        (suite.path / name).write_text(code, "utf-8")
    shop = ROOT / "examples" / "shop"
    shutil.copytree(shop / "site", suite.path / "build" / "shop")
    shutil.copytree(shop / "db", suite.path / "db")
    assert suite.run("-p", "wincontainers", "--strict-markers").outcomes() == {"passed": passed}
