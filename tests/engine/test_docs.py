"""The documentation, run: its code blocks that begin with a file name are that file."""

import json
import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(?:python|yaml)\n# (\S+\.(?:py|yml))\n(.*?)^```", re.MULTILINE | re.DOTALL)


def run_page(suite, page):
    for name, code in BLOCK.findall((ROOT / page).read_text("utf-8")):
        (suite.path / name).write_text(code, "utf-8")
    shop = ROOT / "examples" / "shop"
    shutil.copytree(shop / "site", suite.path / "build" / "shop")
    shutil.copytree(shop / "admin", suite.path / "build" / "admin")
    shutil.copytree(shop / "db", suite.path / "db")
    return suite.run("-p", "wincontainers", "--strict-markers").outcomes()


def test_the_readmes_code_runs_as_it_stands(suite):
    assert run_page(suite, "README.md") == {"passed": 2}


def test_the_page_on_iis_runs_as_it_stands(suite):
    assert run_page(suite, "docs/iis.md") == {"passed": 4}


def test_the_page_on_databases_runs_as_it_stands(suite):
    assert run_page(suite, "docs/databases.md") == {"passed": 3}


def test_the_page_on_reuse_runs_as_it_stands(suite):
    assert run_page(suite, "docs/reuse.md") == {"passed": 1}


def test_the_page_on_reports_runs_as_it_stands(suite):
    """The test on it fails, and its sink tells of that."""
    assert run_page(suite, "docs/reports.md") == {"failed": 1}
    (told,) = map(json.loads, (suite.path / "failures.jsonl").read_text("utf-8").splitlines())
    assert (told["test"], told["when"]) == ("test_customers", "call")
    assert [one["name"] for one in told["containers"]] == ["database"]


@pytest.mark.linux_guest
def test_the_pages_code_runs_as_it_stands(suite):
    assert run_page(suite, "docs/declarations.md") == {"passed": 1}


@pytest.mark.linux_guest
def test_the_page_on_compose_files_runs_as_it_stands(suite):
    assert run_page(suite, "docs/compose.md") == {"passed": 2}


@pytest.mark.linux_guest
def test_the_page_on_jobs_runs_as_it_stands(suite):
    assert run_page(suite, "docs/jobs.md") == {"passed": 3}


@pytest.mark.linux_guest
def test_the_page_on_services_runs_as_it_stands(suite):
    assert run_page(suite, "docs/services.md") == {"passed": 2}
