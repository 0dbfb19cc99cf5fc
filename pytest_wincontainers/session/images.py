"""The images of a suite's containers, built or pulled without starting any."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from functools import partial

import pytest

from pytest_wincontainers.engines.base import Engine
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.failures.failure import Failure
from pytest_wincontainers.run.images import ensure_image, tag_of
from pytest_wincontainers.run.locks import Locks
from pytest_wincontainers.run.places import state_folder
from pytest_wincontainers.run.retry import retrying
from pytest_wincontainers.services.declaration import Declaration
from pytest_wincontainers.services.recipe import image_of
from pytest_wincontainers.session.engine import engine_of
from pytest_wincontainers.settings import Settings

Say = Callable[[str], object]


def get_images(
    declarations: Iterable[Declaration], config: pytest.Config, settings: Settings, say: Say
) -> Iterator[str]:
    """Make sure that the engine has them; a line for each. `say` is told what is being done.

    Raises WincontainersError.
    """
    with closing(engine_of(config, settings)) as engine:
        locks = Locks(state_folder(settings.state), engine.info().id, lambda: None)
        for one in declarations:
            note = partial(_said, say, one.name)
            reference = _image(engine, one, locks, settings, note)
            yield f"{one.name}: {reference}"


def known_images(declarations: Iterable[Declaration], engine: Engine, settings: Settings) -> list[str]:
    """The names of the images of these containers, of those that would be built only what the engine has already.

    Raises EngineError.
    """
    info = engine.info().with_base(settings.windows_base)
    found = []
    for one in declarations:
        # What is wrong with a declaration is told where it is used.
        with suppress(DeclarationError, OSError):
            image = image_of(one.service, one.base, info)
            reference = image if isinstance(image, str) else tag_of(engine, image)
            if isinstance(image, str) or engine.image(reference) is not None:
                found.append(reference)
    return list(dict.fromkeys(found))


def _image(
    engine: Engine, declaration: Declaration, locks: Locks, settings: Settings, note: Callable[[str], None]
) -> str:
    def retry(make: Callable[[], None]) -> None:
        def noted(failure: Failure, _: str) -> None:
            note(f"tried again after {failure.id}")

        retrying(make, retries=settings.retries, pause=time.sleep, note=noted)

    info = engine.info().with_base(settings.windows_base)
    return ensure_image(engine, image_of(declaration.service, declaration.base, info), locks, note, retry, note)[0]


def _said(say: Say, name: str, text: str) -> None:
    say(f"{name}: {text}")
