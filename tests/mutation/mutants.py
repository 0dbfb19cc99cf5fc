"""Faults of one line: conditions turned round, values not returned, constants changed, calls left out."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOMS = ("run", "engines", "services", "databases", "migrations", "guests")
"""The folders of the package in which faults are made."""

_OPPOSITES = {
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Lt: ("<", ">="),
    ast.GtE: (">=", "<"),
    ast.Gt: (">", "<="),
    ast.LtE: ("<=", ">"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
}
# How long or how often something is waited for; a second more changes no result.
_PATIENCE = re.compile(r"(?i).*(seconds|pauses|timeout|rounds|patience)")
# What keeps programmers from mistakes, and is nothing that a program does.
_GUARDS = frozenset({"frozen", "kw_only"})


class Mutant(NamedTuple):
    """A piece of one line, and what takes its place."""

    path: str
    """In the package."""
    line: int
    start: int
    end: int
    old: str
    new: str
    at_import: bool = False
    """Whether the line runs when the module is imported, and not in a function."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.old} -> {self.new}"

    def applied(self, source: str) -> str:
        """The source with the fault in it."""
        lines = source.splitlines(keepends=True)
        line = lines[self.line - 1].encode()
        lines[self.line - 1] = (line[: self.start] + self.new.encode() + line[self.end :]).decode()
        return "".join(lines)


def draw(package: Path, number: int, seed: int, below: str = "") -> list[Mutant]:
    """So many of all faults that can be made, drawn by the seed; `below` is what their paths begin with."""
    found = [one for room in ROOMS for one in _of_room(package, room) if one.path.startswith(below)]
    return random.Random(seed).sample(found, min(number, len(found)))


def _of_room(package: Path, room: str) -> Iterator[Mutant]:
    for path in sorted((package / room).rglob("*.py")):
        source = path.read_text("utf-8")
        yield from mutants(source, path.relative_to(package).as_posix())


def mutants(source: str, path: str) -> list[Mutant]:
    """All faults that can be made in a source."""
    lines = source.encode().splitlines()
    tree = ast.parse(source)
    in_functions = _lines_of_functions(tree)
    found: dict[tuple[int, int, int], Mutant] = {}
    for start, end, line, new in _pieces(tree, lines):
        old = lines[line - 1][start:end].decode()
        if new != old:
            found.setdefault((line, start, end), Mutant(path, line, start, end, old, new, line not in in_functions))
    return list(found.values())


def _lines_of_functions(tree: ast.AST) -> set[int]:
    functions = [one for one in ast.walk(tree) if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return {line for one in functions for line in range(one.body[0].lineno, (one.end_lineno or 0) + 1)}


_Piece = tuple[int, int, int, str]


def _pieces(tree: ast.AST, lines: list[bytes]) -> Iterator[_Piece]:
    for node in _walk(tree):
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            yield from _between(node.left, node.comparators[0], *_OPPOSITES[type(node.ops[0])], lines)
        elif isinstance(node, ast.BoolOp):
            words = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            yield from _between(node.values[0], node.values[1], *words, lines)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield from _whole(node, "{}", node.operand, lines)
        elif isinstance(node, (ast.If, ast.While, ast.IfExp)) and isinstance(
            node.test, (ast.Name, ast.Call, ast.Attribute)
        ):
            yield from _whole(node.test, "not {}", node.test, lines)
        elif isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
            yield from _whole(node, "return None", None, lines)
        elif isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float)):
            yield from _whole(
                node, repr(not node.value if isinstance(node.value, bool) else node.value + 1), None, lines
            )
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield from _whole(node, "pass", None, lines)


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but annotations, what is for type checkers, guards and patience."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    yield node
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns"}:
            continue
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and name == "value" and _PATIENCE.match(_target(node)):
            continue
        if isinstance(node, ast.keyword) and (node.arg in _GUARDS or _PATIENCE.match(node.arg or "")):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child)


def _target(node: ast.Assign | ast.AnnAssign) -> str:
    return ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)


def _between(left: ast.expr, right: ast.expr, old: str, new: str, lines: list[bytes]) -> Iterator[_Piece]:
    start, end = left.end_col_offset, right.col_offset
    if left.end_lineno != right.lineno or start is None:
        return
    found = re.search(rb"(?<!\w)" + re.escape(old.encode()) + rb"(?!\w)", lines[right.lineno - 1][start:end])
    if found:
        yield start + found.start(), start + found.end(), right.lineno, new


def _whole(node: ast.expr | ast.stmt, form: str, part: ast.expr | None, lines: list[bytes]) -> Iterator[_Piece]:
    if node.lineno == node.end_lineno and node.end_col_offset is not None:
        kept = lines[node.lineno - 1][part.col_offset : part.end_col_offset].decode() if part else ""
        yield node.col_offset, node.end_col_offset, node.lineno, form.format(kept)
