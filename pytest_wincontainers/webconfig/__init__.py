"""Changes to configuration files: Microsoft's XML document transforms (XDT), settings of a web.config, tokens, JSON.

    transformed = transform(Path("Web.config"), Path("Web.Release.config"))
    content = apply_settings(transformed.content, {"Shop": connection_string}, {"Mode": "test"})

No file is ever written: all functions return the new content. Everything that is not changed is kept byte for byte.
Only changes to XML need lxml.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.webconfig.content import Named
from pytest_wincontainers.webconfig.errors import TransformError
from pytest_wincontainers.webconfig.json_settings import JsonValue, set_json
from pytest_wincontainers.webconfig.tokens import TokenStyle, replace_tokens

__all__ = [
    "JsonValue",
    "Named",
    "TokenStyle",
    "TransformError",
    "Transformed",
    "apply_settings",
    "check",
    "find_web_config",
    "replace_tokens",
    "require_lxml",
    "set_json",
    "transform",
    "web_configs",
]

Content = bytes | os.PathLike[str] | Named
"""The path of a file, or the XML itself as bytes, which can be given a name for messages."""


@dataclass(frozen=True)
class Transformed:
    """The transformed document, and the warnings of the transforms, one sentence each."""

    content: bytes
    warnings: tuple[str, ...] = ()


def transform(document: Content, *transforms: Content) -> Transformed:
    """Apply XDT transforms to a document, one after the other.

    Raises `TransformError` for malformed XML and for everything that Microsoft's engine logs as an error.
    """
    require_lxml()
    from pytest_wincontainers.webconfig.xdt import apply_transforms

    content, warnings = apply_transforms(document, transforms)
    return Transformed(content, warnings)


def apply_settings(
    content: bytes,
    connection_strings: Mapping[str, str],
    app_settings: Mapping[str, str],
    *,
    source: str = "web.config",
    inherits: bool = False,
) -> bytes:
    """Set connection strings and app settings in a web.config and return the new content.

    An existing entry keeps its position and its other attributes. `source` is the name of the content in errors. With
    `inherits`, a new connection string overrides one that a parent web.config may have. Raises TransformError.
    """
    require_lxml()
    from pytest_wincontainers.webconfig.settings import set_settings

    return set_settings(content, connection_strings, app_settings, source, inherits=inherits)


def check(config: Path | Named) -> None:
    """Raise TransformError, with file and line, if a file that .NET reads cannot be read or is malformed."""
    name = config.name if isinstance(config, Named) else str(config)
    parser = expat.ParserCreate()
    try:
        parser.Parse(config.content if isinstance(config, Named) else config.read_bytes(), True)
    except OSError as error:
        raise TransformError(
            f"{name} cannot be read: {error.strerror or error}.", hint="Check the file's permissions."
        ) from error
    except expat.ExpatError as error:
        raise TransformError(
            f"{name}, line {error.lineno}, column {error.offset + 1}: the XML is malformed: "
            f"{expat.ErrorString(error.code)}.",
            hint="Correct the file; any XML editor shows the position.",
        ) from error
    except (LookupError, ValueError):
        # An encoding that this parser does not know, but .NET may.
        return


def find_web_config(folder: Path) -> Path:
    """The web.config of a directory; the case of its name does not matter. Raises DeclarationError."""
    found = web_configs(folder)
    if not found:
        raise DeclarationError(
            f"There is no web.config in {folder}.",
            hint="Use the directory that is published to IIS, and publish the site before the tests run.",
        )
    # Where case counts there can be two: the lower-case one is what IIS tools write.
    return found[-1]


def web_configs(folder: Path) -> list[Path]:
    """The files of a directory that are its web.config by name, whatever their case. Raises DeclarationError."""
    try:
        return sorted(entry for entry in folder.iterdir() if entry.name.lower() == "web.config" and entry.is_file())
    except OSError as error:
        raise DeclarationError(
            f"{folder} cannot be searched for a web.config: {error.strerror or error}.",
            hint="Use the directory that is published to IIS.",
        ) from error


def require_lxml() -> None:
    """Raise DeclarationError if lxml is not installed."""
    try:
        import lxml.etree  # noqa: F401
    except ImportError as error:
        raise DeclarationError(
            "Changing a web.config needs the package lxml, which is not installed.",
            hint='pip install "pytest-wincontainers[iis]"',
        ) from error
