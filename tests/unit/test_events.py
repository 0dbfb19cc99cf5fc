"""What the event logs of an engine's machine say, as PowerShell 5.1 writes it."""

import json

import pytest

from pytest_wincontainers.hosts.events import EVENTS, MINUTES, Event, Events, read_events

HNS = "Microsoft-Windows-Host-Network-Service-Admin"
COMPUTE = "Microsoft-Windows-Hyper-V-Compute-Admin"
DENIED = "Es wurde versucht, einen nicht autorisierten Vorgang auszuf\u00fchren."
ENDPOINT = {
    "id": 1022,
    "time": "2026-03-02T09:14:07",
    "log": HNS,
    "source": "Microsoft-Windows-Host-Network-Service",
    "level": 2,
    "message": "Fehler beim Erstellen des Endpunkts:\r\n  Element nicht gefunden. (0x490)",
}
DOCKER = {
    "id": 11,
    "time": "2026-03-02T09:14:08",
    "log": "Application",
    "source": "docker",
    "level": 3,
    "message": "Handler for POST /v1.45/containers/wc-1-web/start returned error: hcs::System::Start: (0xc0370109)",
}


def answer(entries, unread=None):
    return json.dumps({"unread": unread or {}, "entries": entries}, ensure_ascii=False) + "\r\n"


def test_entries_are_lines_in_the_language_of_the_machine():
    assert read_events(answer([ENDPOINT, DOCKER])).lines() == [
        "09:14:07 Host-Network-Service-Admin error 1022: Fehler beim Erstellen des Endpunkts: Element nicht gefunden. "
        "(0x490)",
        "09:14:08 docker warning 11: Handler for POST /v1.45/containers/wc-1-web/start returned error: "
        "hcs::System::Start: (0xc0370109)",
    ]


@pytest.mark.parametrize("entries", [ENDPOINT, [ENDPOINT], {"value": [ENDPOINT], "Count": 1}])
def test_one_entry_in_each_form(entries):
    (event,) = read_events(answer(entries)).entries
    assert event == Event(**ENDPOINT)


@pytest.mark.parametrize("entries", [[], None, {"value": [], "Count": 0}])
def test_no_entries(entries):
    assert read_events(answer(entries)) == Events()
    assert Events().lines() == []


def test_warnings_of_a_module_stand_before_it():
    assert len(read_events("WARNUNG: ein Modul\r\n" + answer([DOCKER])).entries) == 1


def test_logs_that_this_account_may_not_read_are_one_line():
    found = read_events(
        answer([], {HNS: DENIED, COMPUTE: DENIED, "Application": "Der RPC-Server ist nicht verf\u00fcgbar."})
    )
    assert found.lines() == [
        f"Host-Network-Service-Admin, Hyper-V-Compute-Admin could not be read: {DENIED}",
        "Application could not be read: Der RPC-Server ist nicht verf\u00fcgbar.",
    ]


def test_an_entry_that_lacks_values():
    (line,) = read_events(answer([{"time": None, "level": 0, "message": None}])).lines()
    assert line.split() == ["level", "0", "0:"]


def test_secrets_are_masked_before_a_message_is_cut():
    secret = "Pass-word 1"
    told = {**DOCKER, "message": "x" * 255 + secret + "y" * 100}
    (line,) = read_events(answer([told])).lines(lambda text: text.replace(secret, "***"))
    assert "Pass" not in line
    assert line.endswith("…")
    assert len(line) < 400


@pytest.mark.parametrize("output", ["", "no", "{", "[1]", "{}", "null"])
def test_an_answer_that_is_none(output):
    with pytest.raises(ValueError, match="not JSON"):
        read_events(output)


def test_as_many_minutes_are_read_as_are_told():
    assert f"<= {MINUTES * 60_000}]" in EVENTS.script
