"""The error of this package, apart from lxml, so that it can be caught where lxml is missing."""

from __future__ import annotations

from pytest_wincontainers.errors import DeclarationError


class TransformError(DeclarationError):
    """An XML document or a transform cannot be read, or a transform cannot be applied.

    `details` has one line for each error, with file and line of the transform element.
    """
