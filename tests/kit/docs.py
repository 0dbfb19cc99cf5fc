"""The tables of the documentation that are made of the code: `python3 dev.py docs`."""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_wincontainers import settings
from pytest_wincontainers.compose.options import Outcome, rows
from pytest_wincontainers.doctor import examination
from pytest_wincontainers.services import service
from tests.windows import rules

ROOT = Path(__file__).parents[2]


class NoPlace(Exception):
    """A page does not have the two marks between which a table is to stand."""


@dataclass(frozen=True)
class Table:
    """A table between `<!-- begin: name -->` and `<!-- end: name -->` in a page of the documentation."""

    name: str
    page: str
    """Its path below the repository's root."""
    content: Callable[[], str]
    """Makes its Markdown."""

    def put_into(self, text: str) -> str:
        """The page's text with the table as it should be."""
        begin, end = f"<!-- begin: {self.name} -->\n", f"<!-- end: {self.name} -->\n"
        place = re.compile(f"(?ms)^{re.escape(begin)}.*?^{re.escape(end)}")
        if len(place.findall(text)) != 1:
            raise NoPlace(
                f"{self.page} does not have {begin.strip()} and {end.strip()} once, each on a line of its own"
            )
        return place.sub(lambda _: f"{begin}\n{self.content()}\n\n{end}", text)


def options() -> str:
    """The options of every declaration, with the texts that stand below them."""
    (found,) = [
        node
        for node in ast.parse(inspect.getsource(service)).body
        if isinstance(node, ast.ClassDef) and node.name == "Options"
    ]
    rows = [
        f"| `{option.target.id}=` | {text.value.value} |"
        for option, text in zip(found.body, found.body[1:], strict=False)
        if isinstance(option, ast.AnnAssign)
    ]
    return "\n".join(["| option | meaning |", "|---|---|", *rows])


def compose_options() -> str:
    """The options of compose files that are not simply supported, by what becomes of them and why."""
    found: dict[tuple[Outcome, str], list[str]] = {}
    for row in rows():
        if row.option.outcome is not Outcome.SUPPORTED:
            found.setdefault((row.option.outcome, row.option.why), []).append(
                f"`{row.name.replace('services.*.', '')}`"
            )
    order = sorted(found.items(), key=lambda one: one[0][0].value)
    lines = [f"| {', '.join(dict.fromkeys(names))} | {outcome.value} | {why} |" for (outcome, why), names in order]
    return "\n".join(["| options | | because |", "|---|---|---|", *lines])


TABLES = (
    Table("compose", "docs/compose.md", compose_options),
    Table("doctor", "docs/command.md", examination.as_markdown),
    Table("options", "docs/declarations.md", options),
    Table("rules", "docs/windows.md", rules.as_markdown),
    Table("settings", "docs/settings.md", settings.as_markdown),
)


def update(tables: Sequence[Table], root: Path, *, write: bool) -> list[str]:
    """Bring the pages up to date, or only look; those that were not."""
    outdated: list[str] = []
    for table in tables:
        path = root / table.page
        text = path.read_text("utf-8")
        wanted = table.put_into(text)
        if wanted != text:
            outdated.append(table.page)
            if write:
                path.write_text(wanted, "utf-8", newline="\n")
    return list(dict.fromkeys(outdated))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="dev.py docs", description="Write the tables that are made of the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 where a page is not up to date")
    check = parser.parse_args(arguments).check
    try:
        outdated = update(TABLES, ROOT, write=not check)
    except NoPlace as problem:
        print(f"dev.py: {problem}", file=sys.stderr)
        return 1
    if check and outdated:
        verb = "is" if len(outdated) == 1 else "are"
        print(f"dev.py: {' and '.join(outdated)} {verb} not up to date; run `python3 dev.py docs`", file=sys.stderr)
        return 1
    print(f"dev.py: {'wrote ' + ' and '.join(outdated) if outdated else 'all tables are up to date'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
