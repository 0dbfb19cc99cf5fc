"""Short ways to transform what stands inside <configuration>."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_wincontainers.webconfig import Transformed, TransformError, transform

XDT = "http://schemas.microsoft.com/XML-Document-Transform"


def _transform(inner: str, *transforms: str) -> Transformed:
    return transform(
        f"<configuration>{inner}</configuration>".encode(),
        *(f'<configuration xmlns:xdt="{XDT}">{each}</configuration>'.encode() for each in transforms),
    )


@pytest.fixture
def change() -> Callable[..., str]:
    """The content of <configuration> after the transforms, which must not warn."""

    def change(inner: str, *transforms: str) -> str:
        result = _transform(inner, *transforms)
        assert result.warnings == ()
        return result.content.decode().removeprefix("<configuration>").removesuffix("</configuration>")

    return change


@pytest.fixture
def warned() -> Callable[..., tuple[str, list[str]]]:
    """The content of <configuration> after the transforms, and the warnings."""

    def warned(inner: str, *transforms: str) -> tuple[str, list[str]]:
        result = _transform(inner, *transforms)
        text = result.content.decode().removeprefix("<configuration>").removesuffix("</configuration>")
        return text, list(result.warnings)

    return warned


@pytest.fixture
def errors() -> Callable[..., list[str]]:
    """The errors that the transforms end in."""

    def errors(inner: str, *transforms: str) -> list[str]:
        with pytest.raises(TransformError) as caught:
            _transform(inner, *transforms)
        assert caught.value.hint
        return caught.value.details.splitlines()

    return errors
