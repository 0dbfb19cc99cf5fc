"""`wincontainers transform`: XDT transforms of a web.config."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import click

from pytest_wincontainers.errors import DeclarationError


@click.command()
@click.argument("document", type=click.Path(path_type=Path), metavar="WEB.CONFIG")
@click.argument("transforms", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="TRANSFORM...")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write to a file instead of standard output.",
)
@click.option("--strict", is_flag=True, help="Fail on warnings, such as a transform that matches nothing.")
def transform(document: Path, transforms: tuple[Path, ...], output: Path | None, *, strict: bool) -> None:
    """Apply XDT transforms to a web.config.

    They are applied one after the other, as Microsoft's engine does. WEB.CONFIG is not modified; everything that the
    transforms do not touch is kept byte for byte. Warnings go to standard error.
    """
    from pytest_wincontainers.webconfig import transform as transformed_by

    if output is not None and output.exists():
        if output.samefile(document):
            raise DeclarationError(
                f"{output} is the file to be transformed",
                hint="write to a different file; a transform that is applied twice inserts its elements twice",
            )
        if any(one.exists() and output.samefile(one) for one in transforms):
            raise DeclarationError(f"{output} is one of the transforms", hint="write to a different file")
    transformed = transformed_by(document, *transforms)
    if strict and transformed.warnings:
        raise DeclarationError(
            "the transforms produced warnings",
            details="\n".join(transformed.warnings),
            hint="fix the transforms, or omit --strict",
        )
    for line in transformed.warnings:
        click.echo(f"wincontainers: warning: {line}", err=True)
    if output is None:
        sys.stdout.buffer.write(transformed.content)
        sys.stdout.buffer.flush()
        return
    if output.exists() and not output.is_file():
        # A pipe or a device, such as /dev/null.
        output.write_bytes(transformed.content)
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
