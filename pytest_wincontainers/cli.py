"""The command `wincontainers`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pytest_wincontainers.errors import DeclarationError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, or 1 after writing an error message to standard error; for `plan`, that is 2."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        if given.command == "plan":
            _plan(given.files, given.service, given.profile, given.env_file, given.project_directory)
        else:
            _transform(given.document, given.transforms, given.output, strict=given.strict)
    except (DeclarationError, OSError) as problem:
        print(f"wincontainers: {problem}", file=sys.stderr)  # noqa: T201 - a command speaks to its terminal
        return 2 if given.command == "plan" else 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wincontainers", description="Tools of pytest-wincontainers.")
    commands = parser.add_subparsers(metavar="COMMAND", dest="command", required=True)
    transform = commands.add_parser(
        "transform",
        help="apply XDT transforms to a web.config",
        description="Apply XDT transforms to a web.config, one after the other, as Microsoft's engine does. Everything "
        "that the transforms do not touch is kept byte for byte. Warnings go to standard error.",
    )
    transform.add_argument(
        "document", type=Path, metavar="WEB.CONFIG", help="the file to transform; it is not modified"
    )
    transform.add_argument(
        "transforms", type=Path, nargs="+", metavar="TRANSFORM", help="XDT files, applied in this order"
    )
    transform.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="write to a file (default: standard output)"
    )
    transform.add_argument(
        "--strict", action="store_true", help="fail on warnings, such as a transform that matches nothing"
    )
    plan = commands.add_parser(
        "plan",
        help="show what becomes of the services of compose files",
        description="Show what compose_services() makes of compose files: services, needs, images and ports, what has "
        "no effect, and everything that is wrong, each with its file and line. Exits with 2 if anything is wrong.",
    )
    plan.add_argument(
        "files",
        type=Path,
        nargs="*",
        default=[Path()],
        metavar="FILE",
        help="compose files, of which later ones override earlier ones, or a directory (default: the current one)",
    )
    plan.add_argument("--service", action="append", metavar="NAME", help="only this service and what it depends on")
    plan.add_argument("--profile", action="append", default=[], metavar="NAME", help="services with this profile, too")
    plan.add_argument("--env-file", action="append", type=Path, metavar="FILE", help="read it instead of .env")
    plan.add_argument("--project-directory", type=Path, metavar="DIRECTORY", help="relative paths are below it")
    return parser


def _plan(
    files: Sequence[Path],
    services: Sequence[str] | None,
    profiles: Sequence[str],
    env_files: Sequence[Path] | None,
    project_directory: Path | None,
) -> None:
    from pytest_wincontainers.compose import load

    found = load(files, services=services, profiles=profiles, env_files=env_files, project_directory=project_directory)
    for line in (*found.describe(), *(f"note: {one}" for one in found.notes)):
        print(line)  # noqa: T201 - as above
    sys.stdout.flush()
    found.check()


def _transform(document: Path, transforms: Sequence[Path], output: Path | None, *, strict: bool) -> None:
    from pytest_wincontainers.webconfig import transform

    if output is not None and output.exists():
        if output.samefile(document):
            raise DeclarationError(
                f"{output} is the file to be transformed",
                hint="write to a different file; a transform that is applied twice inserts its elements twice",
            )
        if any(one.exists() and output.samefile(one) for one in transforms):
            raise DeclarationError(f"{output} is one of the transforms", hint="write to a different file")
    transformed = transform(document, *transforms)
    if strict and transformed.warnings:
        raise DeclarationError(
            "the transforms produced warnings",
            details="\n".join(transformed.warnings),
            hint="fix the transforms, or omit --strict",
        )
    for line in transformed.warnings:
        print(f"wincontainers: warning: {line}", file=sys.stderr)  # noqa: T201 - as above
    if output is None:
        sys.stdout.buffer.write(transformed.content)
        sys.stdout.buffer.flush()
        return
    # Whole or not at all: whoever reads the file meanwhile reads the old one.
    handle, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(transformed.content)
        # A temporary file is for its owner only, and this one is for whoever might read the one that it replaces.
        shutil.copymode(output if output.exists() else document, name)
        Path(name).replace(output)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


if __name__ == "__main__":
    sys.exit(main())
