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


CODES = {
    "daemon-default-net-parameter": "0x57",
    "daemon-default-net-unspecified": "0x80004005",
    "pull-layer-av": "0x5",
    "pull-layer-parameter": "0x57",
    "pull-layer-path": "0x3",
    "pull-layer-procedure": "0x7f",
    "os-mismatch-silent": "0x2",
    "start-parameter": "0x57",
    "start-not-supported": "0x32",
    "start-duplicate-handle": "0x5",
    "hns-unspecified": "0x80004005",
    "hns-parameter": "0x57",
    "hns-wrong-diskette": "0x22",
    "exec-denied": "0x5",
}
"""Of texts that some engines write without their code."""
OTHER_WORDS = "Der virtuelle Computer oder Container wurde unerwartet beendet."
CODE = re.compile(r" ?\((0x[0-9a-f]+)\)", re.IGNORECASE)


def localised(name):
    """The text as a host with another language has it: Windows's own sentence, the one before the code, is another."""
    found = CODE.search(TEXTS[name])
    before, rest = (TEXTS[name][: found.start()], TEXTS[name][found.end() :]) if found else (TEXTS[name], "")
    prefix = "".join(before.rpartition(": ")[:2])
    return f"{prefix}{OTHER_WORDS} ({found[1] if found else CODES[name]}){rest}"


@pytest.mark.parametrize("name", [name for name in TEXTS if name in CODES or CODE.search(TEXTS[name])])
def test_a_host_with_another_language(name):
    """microsoft/Windows-Containers#591 has such a text."""
    assert find_failure(localised(name)).id == name


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


@pytest.mark.parametrize("name", ["port-in-use", "port-exists", "port-excluded-proxy"])
def test_after_a_port_that_is_taken_or_excluded_another_one_is_tried(name):
    """The engine chooses each port that is published (docker/for-win#3171)."""
    attempts = Attempts(name, name)
    assert attempts.run() == "done"
    assert attempts.made == 3


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


def test_what_takes_long_is_tried_again_once():
    """A start that hangs takes four minutes (microsoft/Windows-Containers#556)."""
    attempts = Attempts("start-hcs-timeout", *["start-shim-timeout"] * 99)
    with pytest.raises(EngineError, match="no, 3 times"):
        attempts.run()
    assert attempts.made == 3


def test_a_name_that_no_registry_has_is_asked_for_once():
    attempts = Attempts("pull-denied", error=ImageError)
    with pytest.raises(ImageError, match="no\n"):
        attempts.run()
    assert attempts.made == 1


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("hcsshim::ActivateLayer failed in Win32: (0x20)", "layer-in-use"),
        ("failure in a Windows system call: Kein Hypervisor. (0xc0351000)", "start-hyperv-missing"),
    ],
)
def test_codes_that_tell_all(words, name):
    found = find_failure(words)
    assert (found.id, "isolation=" in found.remedy) == (name, True)


def test_images_too():
    assert Attempts("pull-mcr-denied", error=ImageError).run() == "done"
