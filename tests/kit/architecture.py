"""What the files of a package import from it, and which circles that makes: by reading them, not by running them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path


def modules_of(package: Path) -> dict[str, Path]:
    """Every file of a package, by its module's name: `package.room.file`, and `package.room` for its `__init__.py`."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def names_in(path: Path) -> Iterator[str]:
    """All that a file imports, wherever it does: in functions and for type checkers, too. `a.b.c` for a name c of a.b."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None, path
            assert not node.level, f"{path}: imports have the whole name of what they import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_of(package: Path) -> dict[str, set[str]]:
    """The files of the package that each of its files imports."""
    modules = modules_of(package)
    return {
        module: {found for name in names_in(path) for found in _module_of(name, modules)} - {module}
        for module, path in modules.items()
    }


def _module_of(name: str, modules: Mapping[str, Path]) -> Iterator[str]:
    # A name of a package may be a file of it, or something in its __init__.py.
    for candidate in (name, name.rpartition(".")[0]):
        if candidate in modules:
            yield candidate
            return


def circle_in(imports: Mapping[str, set[str]]) -> list[str]:
    """The first circle of files that import each other; nothing where there is none."""
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module not in done:
            for other in sorted(imports[module]):
                found = visit(other, [*path, module])
                if found:
                    return found
            done.add(module)
        return []

    return next((found for module in sorted(imports) if (found := visit(module, []))), [])


def compared_names(path: Path, names: frozenset[str]) -> list[str]:
    """Where a file compares something with one of these names, or asks what this machine runs: line and text."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
        elif isinstance(node, ast.match_case) and isinstance(node.pattern, ast.MatchValue):
            sides = [node.pattern.value]
        elif isinstance(node, ast.Attribute):
            sides = [node] if ast.unparse(node) in {"sys.platform", "os.name", "platform.system"} else []
        else:
            continue
        inner = [one for side in sides for one in ast.walk(side)]
        texts = {one.value for one in inner if isinstance(one, ast.Constant) and isinstance(one.value, str)}
        if texts & names or (isinstance(node, ast.Attribute) and sides):
            found.append(f"{path.name}:{sides[0].lineno}: {ast.unparse(sides[0])}")
    return found


def fields_of(path: Path) -> dict[str, set[str]]:
    """The fields of each class of a file: annotated in its body, or assigned to `self` in one of its methods."""
    found = {}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.ClassDef):
            continue
        fields = {
            one.target.id for one in node.body if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
        }
        for inner in ast.walk(node):
            targets = (
                inner.targets
                if isinstance(inner, ast.Assign)
                else [inner.target]
                if isinstance(inner, ast.AnnAssign)
                else []
            )
            for target in (one for given in targets for one in ast.walk(given)):
                if (
                    isinstance(target, ast.Attribute)
                    and isinstance(target.value, ast.Name)
                    and target.value.id == "self"
                ):
                    fields.add(target.attr)
        found[node.name] = fields
    return found
