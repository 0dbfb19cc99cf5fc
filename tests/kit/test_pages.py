"""The links between the pages of the documentation."""

import re

import pytest

from pytest_wincontainers.doctor.finding import Section
from tests.kit.docs import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")


def headings(page):
    text = re.sub(r"(?ms)^```.*?^```", "", page.read_text("utf-8"))
    return re.findall(r"(?m)^##+ (.+)$", text)


def anchor(heading):
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_the_page_on_hosts_has_the_sections_that_are_linked_to():
    assert {one.value for one in Section} < set(headings(ROOT / "docs" / "hosts.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target, section in LINK.findall(page.read_text("utf-8")):
        if "://" in target:
            continue
        path = (page.parent / target) if target else page
        assert path.exists(), target
        assert not section or section in map(anchor, headings(path)), f"{target}#{section}"


def test_what_is_said_to_be_shown_has_tests():
    """The matrix in docs/windows.md; that it was not on a Windows host is said there and nowhere else."""
    text = (ROOT / "docs" / "windows.md").read_text("utf-8")
    (rows,) = re.findall(r"(?ms)^\| feature \|.*?\n\n", text)
    cells = [cell for row in rows.splitlines()[2:] for cell in row.split("|")[2:]]
    named = {path for cell in cells for path in re.findall(r"`([^`]+)`", cell)}
    assert len(named) > 40
    assert [path for path in named if not (ROOT / "tests" / path).exists()] == []
    saying = [
        page.name
        for page in PAGES
        if re.search(r"(?i)not (?:been )?(?:run|tried) on a Windows host", page.read_text("utf-8"))
    ]
    assert saying == ["windows.md"]
