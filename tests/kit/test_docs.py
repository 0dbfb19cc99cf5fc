"""The tables of the documentation that are made of the code."""

import pytest

from tests.kit import docs
from tests.kit.docs import ROOT, TABLES, NoPlace, Table, update

PAGE = """Before.

<!-- begin: things -->
{}
<!-- end: things -->
After.
"""
OLD, NEW = PAGE.format("| old |"), PAGE.format("\n| \\1 |\n")
THINGS = Table("things", "page.md", lambda: "| \\1 |")


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    monkeypatch.setattr(docs, "TABLES", [THINGS])
    made = tmp_path / "page.md"
    made.write_text(OLD)
    return made


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_page_has_the_table(table):
    """`python3 dev.py docs` writes it."""
    assert update([table], ROOT, write=False) == []


def test_a_page_that_is_not_up_to_date_is_named(page, capsys):
    assert docs.main(["--check"]) == 1
    assert capsys.readouterr().err == "dev.py: page.md is not up to date; run `python3 dev.py docs`\n"
    assert page.read_text() == OLD


def test_a_page_is_brought_up_to_date(page, capsys):
    assert docs.main([]) == 0
    assert capsys.readouterr().out == "dev.py: wrote page.md\n"
    assert page.read_text() == NEW
    assert docs.main([]) == docs.main(["--check"]) == 0
    assert page.read_text() == NEW


@pytest.mark.parametrize(
    "text", ["", OLD + OLD, OLD.replace("<!-- end", "<!-- the end")], ids=["none", "two", "no end"]
)
def test_a_page_without_a_place_for_its_table(page, text, capsys):
    with pytest.raises(NoPlace):
        THINGS.put_into(text)
    page.write_text(text)
    assert docs.main([]) == 1
    assert "page.md does not have <!-- begin: things --> and <!-- end: things --> once" in capsys.readouterr().err
    assert page.read_text() == text
