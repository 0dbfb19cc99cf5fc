"""The error of this package, in a module that does not need lxml."""

from __future__ import annotations

from pytest_wincontainers.errors import DeclarationError


class TransformError(DeclarationError):
    """An XML document or a transform cannot be read, or a transform cannot be applied.

    `details` has one line for each error, with file and line of the transform element, and then one for each warning.
    """


class Problem(Exception):
    """An error that Microsoft's engine would log; the engine goes on with the next element."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
