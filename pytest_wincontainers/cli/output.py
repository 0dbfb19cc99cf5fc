"""What the commands write: tables and lines for people."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pytest_wincontainers.run.stack import Stack


def out(line: str) -> None:
    """Write a line, without its colours where it does not go to a terminal, or NO_COLOR is set."""
    click.echo(line, color=False if os.environ.get("NO_COLOR") else None)


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a table, its columns as wide as what is in them."""
    every = [heading, *rows]
    widths = [max(len(row[number]) for row in every) for number in range(len(heading))]
    for row in every:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def moment(seconds: float) -> str:
    """A time for people: of today's without the date."""
    when = time.localtime(seconds)
    today = time.strftime("%Y-%m-%d", when) == time.strftime("%Y-%m-%d")
    return time.strftime("%H:%M" if today else "%Y-%m-%d %H:%M", when)


def lines_of_stack(stack: Stack, names: Collection[str], *, passwords: bool) -> Iterator[str]:
    """How to connect to the containers of a stack, and how long they stay."""
    for name, one in stack.containers.items():
        if name not in names:
            continue
        yield click.style(name, bold=True) + f"  {one.service}, {one.info.container_name}"
        width = max(map(len, one.access), default=0)
        for title, text in one.access.items():
            shown = text
            for secret in () if passwords else one.info.secrets.values():
                shown = shown.replace(secret, "***")
            yield f"  {title:<{width}}  {shown}"
    yield f"They stay until {moment(stack.until)}; `wincontainers down` removes them."
