"""The error of this package, in a module that does not need lxml."""

from __future__ import annotations

from pytest_wincontainers.errors import DeclarationError


class TransformError(DeclarationError):
    """An XML document or a transform cannot be read, or a transform cannot be applied.

    `details` has one line for each error, with file and line of the transform element.
    """
