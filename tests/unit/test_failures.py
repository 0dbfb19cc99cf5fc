"""The catalogue of failures: each entry knows its own text, and what is done about it."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_wincontainers.errors import EngineError, ImageError
from pytest_wincontainers.failures import find_failure
from pytest_wincontainers.failures.catalogue import CATALOGUE
from pytest_wincontainers.run.retry import PAUSES, retrying

TEXTS = json.loads((Path(__file__).parent / "failure_texts.json").read_text("utf-8"))
BY_ID = {failure.id: failure for failure in CATALOGUE}


def test_every_entry_has_a_text():
    assert list(TEXTS) == [failure.id for failure in CATALOGUE]


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_found_as_what_it_is(name):
    assert find_failure(TEXTS[name]).id == name
    assert find_failure(f"Error response from daemon: {TEXTS[name].upper()} (extra info: {{}})").id == name


@pytest.mark.parametrize("failure", CATALOGUE, ids=lambda failure: failure.id)
def test_an_entry_is_complete(failure):
    assert re.fullmatch(r"[a-z0-9-]+", failure.id)
    assert failure.remedy[0].islower() or failure.remedy.split()[0] in {"Windows", "PowerShell"}
    assert not failure.remedy.endswith(".")
    assert failure.source
    # Only what passes can be helped by waiting for others.
    assert failure.kind == "transient" or failure.implies != "crowding"


@pytest.mark.parametrize(
    "words",
    [
        "",
        "No such container: 3f4c",
        "No such image: box:1",
        "invalid reference format",
        "unauthorized: authentication required",
        "context deadline exceeded",
        "network shop not found",
        "Access is denied",
        "The parameter is incorrect",
        "The command 'cmd /S /C exit 7' returned a non-zero code: 7",
        "Dockerfile parse error line 3: unknown instruction: RUNN",
        "the daemon has hiccups (0x1234)",
    ],
)
def test_words_that_could_mean_anything(words):
    """What it does not know for sure is not tried again, and gets no remedy."""
    assert find_failure(words) is None


@given(st.sampled_from(sorted(TEXTS)), st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=40))
def test_words_around_a_text_change_nothing(name, words):
    """Unless they are the text of an entry that comes before it."""
    found = find_failure(f"{words}\n{TEXTS[name]}\n{words}")
    assert found.id == name or re.search(found.pattern, f"{words}\n{words}", re.IGNORECASE)


# -- trying again -----------------------------------------------------------------------------------------------


class Attempts:
    """Fails with these catalogue entries, one after the other, and then works."""

    def __init__(self, *names, error=EngineError):
        self.left = [
            error("no", details=TEXTS.get(name, name), failure=find_failure(TEXTS.get(name, name))) for name in names
        ]
        self.made = 0
        self.paused = []
        self.noted = []

    def __call__(self):
        self.made += 1
        if self.left:
            raise self.left.pop(0)
        return "done"

    def run(self, retries=5):
        return retrying(
            self,
            retries=retries,
            pause=self.paused.append,
            note=lambda failure, words: self.noted.append((failure.id, words)),
        )


def test_what_passes_is_tried_again_with_growing_pauses():
    attempts = Attempts("start-hcs-timeout", "hns-element-not-found", "layer-prepare-timeout")
    assert attempts.run() == "done"
    assert attempts.paused == [1, 2, 4]
    assert [name for name, _ in attempts.noted] == [
        "start-hcs-timeout",
        "hns-element-not-found",
        "layer-prepare-timeout",
    ]
    assert attempts.noted[0][1] == TEXTS["start-hcs-timeout"]


@pytest.mark.parametrize("name", ["os-mismatch", "disk-full", "nobody has ever seen this"])
def test_nothing_else_is_tried_again(name):
    attempts = Attempts(name)
    with pytest.raises(EngineError):
        attempts.run()
    assert (attempts.made, attempts.paused, attempts.noted) == (1, [], [])


def test_there_is_an_end_to_it():
    attempts = Attempts(*["start-hcs-timeout"] * 99)
    with pytest.raises(EngineError, match="no, 8 times"):
        attempts.run(retries=7)
    assert attempts.made == 8
    assert attempts.paused == [*PAUSES, 15, 15]
    never = Attempts("start-hcs-timeout")
    with pytest.raises(EngineError, match=r"no\n"):
        never.run(retries=0)


def test_images_too():
    assert Attempts("pull-mcr-denied", error=ImageError).run() == "done"
