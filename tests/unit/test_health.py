"""What a container's inspection says of its health check, and what the engine is told of one."""

import pytest

from pytest_wincontainers.engines.base import Health, Healthcheck
from pytest_wincontainers.engines.docker.containers import health_settings, state_of

SECOND = 1_000_000_000


def inspected(test, *, platform="linux", shell=None, log=(), status="starting", timeout=0):
    return state_of(
        {
            "Platform": platform,
            "State": {"Running": True, "Health": {"Status": status, "Log": list(log)}},
            "NetworkSettings": {},
            "Config": {"Shell": shell, "Healthcheck": {"Test": test, "Timeout": timeout}},
        }
    ).health


@pytest.mark.parametrize(
    ("platform", "shell", "words"),
    [
        ("linux", None, ("/bin/sh", "-c", "curl x")),
        ("windows", None, ("cmd", "/S", "/C", "curl x")),
        ("windows", ["powershell", "-Command"], ("powershell", "-Command", "curl x")),
    ],
)
def test_a_line_runs_in_the_shell_of_the_image(platform, shell, words):
    assert inspected(["CMD-SHELL", "curl x"], platform=platform, shell=shell) == Health("starting", words, 30.0)


def test_words_run_as_they_are():
    found = inspected(
        ["CMD", "probe", "a b"],
        status="unhealthy",
        timeout=5 * SECOND,
        log=[{"Output": "first"}, {"Output": "no answer\n"}],
    )
    assert found == Health("unhealthy", ("probe", "a b"), 5.0, "no answer")


@pytest.mark.parametrize("test", [["NONE"], [], None])
def test_a_check_that_is_switched_off_is_none(test):
    assert inspected(test) is None
    assert inspected(["CMD", "probe"], status="none") is None


def test_a_container_without_a_check():
    assert state_of({"State": {"Running": False, "ExitCode": 3}, "NetworkSettings": {}}).health is None


def test_what_the_engine_is_told():
    assert health_settings(None) is None
    assert health_settings(False) == {"Test": ["NONE"]}
    assert health_settings(Healthcheck("curl x"))["Test"] == ["CMD-SHELL", "curl x"]
    assert health_settings(Healthcheck(["probe", "x"], 1.5, 2, 3, 4)) == {
        "Test": ["CMD", "probe", "x"],
        "Interval": 1.5 * SECOND,
        "Timeout": 2 * SECOND,
        "StartPeriod": 3 * SECOND,
        "Retries": 4,
    }
