"""What only a Windows host can prove. `python dev.py test` runs it there; it fails where no engine answers."""

import os
import subprocess
import sys

import pytest

from pytest_wincontainers.engines.docker import DockerEngine
from tests.kit.suite import WITHOUT_HYPOTHESIS


@pytest.fixture(scope="session")
def info():
    engine = DockerEngine()
    found = engine.info()
    engine.close()
    assert found.guest == "windows", "the engine runs Linux containers; switch it to Windows containers"
    assert found.windows is not None, f"no build in {found.system!r}"
    return found


@pytest.fixture(scope="session")
def tag(info):
    """The best tag for this host."""
    return info.windows.at_all[0]


@pytest.fixture
def suite(pytester, tag, tmp_path_factory):
    """Write files, with {tag} replaced; run pytest on them."""

    class Suite:
        path = pytester.path

        def files(self, **contents):
            pytester.makepyfile(**{name: text.replace("{tag}", tag) for name, text in contents.items()})

        def run(self, *arguments):
            ran = subprocess.run(
                [sys.executable, "-m", "pytest", *WITHOUT_HYPOTHESIS, *arguments],
                cwd=pytester.path,
                env={**os.environ, "WINCONTAINERS_STATE": str(tmp_path_factory.getbasetemp() / "state")},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                timeout=3000,
                check=False,
            )
            print(ran.stdout)
            return pytest.RunResult.parse_summary_nouns(ran.stdout.splitlines())

    return Suite()
