"""How an error reads."""

import json
import re
import runpy

import pytest

from pytest_wincontainers.errors import MigrationError, StartError, users_frames
from pytest_wincontainers.run.container.readying import explained, make_ready
from pytest_wincontainers.services import Options
from pytest_wincontainers.services.generic import Generic


def test_an_error_is_a_sentence_details_and_a_hint():
    error = MigrationError("it failed", details="a\nb", hint="mend it")
    assert str(error) == "it failed\n  | a\n  | b\nhint: mend it"


CONFTEST = """
import json

def read(text):
    return json.loads(text)

def fill(endpoint):
    read("{")

def refused(endpoint):
    from pytest_wincontainers.errors import EngineError
    raise EngineError("no", details="HNS said no")
"""


@pytest.fixture
def conftest(tmp_path):
    (tmp_path / "conftest.py").write_text(CONFTEST)
    return runpy.run_path(str(tmp_path / "conftest.py"))


def test_the_users_frames_and_only_those(tmp_path, conftest):
    with pytest.raises(json.JSONDecodeError) as caught:
        conftest["fill"](None)
    lines = users_frames(caught.value).splitlines()
    # The test itself is a user here.
    assert lines[2:] == [
        f"{tmp_path / 'conftest.py'}:8: in fill",
        '    read("{")',
        f"{tmp_path / 'conftest.py'}:5: in read",
        "    return json.loads(text)",
    ]


def test_an_error_in_a_check_has_its_place(tmp_path, conftest):
    service = Generic(Options(image="x", ready=conftest["fill"]))
    with pytest.raises(StartError, match="the readiness check of box raised JSONDecodeError") as caught:
        make_ready(
            "box", service, None, image=None, timeout=1, log=tmp_path / "log", pause=lambda _: None, say=str, state=dict
        )
    assert re.search(r"conftest.py:8: in fill\n .*\n.*conftest.py:5: in read", caught.value.details)
    assert "readying.py" not in caught.value.details
    service = Generic(Options(image="x", ready=conftest["refused"]))
    with pytest.raises(StartError, match="the readiness check of box failed") as caught:
        make_ready(
            "box", service, None, image=None, timeout=1, log=tmp_path / "log", pause=lambda _: None, say=str, state=dict
        )
    assert "conftest.py:12: in refused" in caught.value.details


@pytest.mark.parametrize(("name", "end"), [("fill", "return json.loads(text)\nlast words"), ("refused", "HNS said no")])
def test_an_error_in_a_preparation_has_its_place(tmp_path, conftest, name, end):
    (tmp_path / "log").write_text("2026-01-01T00:00:00Z last words\n", newline="")
    with pytest.raises(Exception, match="box|no") as caught, explained("box", tmp_path / "log", lambda seconds: None):
        conftest[name](None)
    assert f"conftest.py:{8 if name == 'fill' else 12}: in {name}" in caught.value.details
    assert caught.value.details.endswith(end)
