"""`wincontainers init`, and what it writes, run as it is."""

import shutil
from pathlib import Path

import pytest

from pytest_wincontainers.cli import main

PROJECTS = Path(__file__).parent / "projects"


def written(suite, project, target="."):
    """Take a project as the suite, and let the command write its files."""
    shutil.copytree(PROJECTS / project, suite.path / target, dirs_exist_ok=True)
    assert main(["init", str(suite.path / target)]) == 0


def test_the_example_shop(suite, mode, capsys):
    suite.shop()
    (suite.path / "conftest.py").unlink()
    shutil.rmtree(suite.path / "tests")
    assert main(["init", str(suite.path)]) == 0
    assert "the connection string Shop in admin/web.config names it" in capsys.readouterr().out
    finished = suite.run("-v", *mode)
    assert finished.outcomes() == {"passed": 4}
    assert len(suite.created()) == 3


def test_a_web_site_with_migrations_for_flyway(suite, mode):
    """Its page reads the database over ODBC, with the driver that its web.config names."""
    written(suite, "flyway")
    (suite.path / "test_page.py").write_text(
        "from urllib.request import urlopen\n\n\n"
        "def test_page(web, database):\n"
        "    assert b'<li>Frankenstein</li><li>Middlemarch</li>' in urlopen(web.url + '/Default.aspx').read()\n"
        "    assert database.execute('SELECT COUNT(*) FROM titles') == [(2,)]\n"
    )
    assert suite.run("-p", "wincontainers", "-v", *mode).outcomes() == {"passed": 4}


def test_a_solution_with_several_sites_and_databases(suite, mode):
    written(suite, "solution")
    (suite.path / "test_pages.py").write_text(
        "from urllib.request import urlopen\n\n\n"
        "def test_pages(web, nordwind_database, nordwind_members_database):\n"
        "    orders = urlopen(web.site('Back Office').url + '/Orders.aspx').read()\n"
        "    assert b'<h1>Database=nordwind</h1>' in orders\n"
        "    assert nordwind_database.execute('SELECT COUNT(*) FROM orders') == [(0,)]\n"
        "    assert nordwind_members_database.execute('SELECT COUNT(*) FROM members') == [(0,)]\n"
    )
    assert suite.run("-p", "wincontainers", "-v", *mode).outcomes() == {"passed": 6}


@pytest.mark.linux_guest
def test_a_site_beside_a_compose_file(suite, mode):
    written(suite, "compose")
    finished = suite.run("-p", "wincontainers", "-v", *mode)
    assert finished.outcomes() == {"passed": 6}


def test_nothing_to_find(suite, mode):
    assert main(["init", str(suite.path)]) == 0
    assert suite.run("-p", "wincontainers", "-v", *mode).outcomes() == {"passed": 1}
