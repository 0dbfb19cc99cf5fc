"""What a web server's container writes, read back: requests, events, and the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_wincontainers.reports.logs import Line
from pytest_wincontainers.services.iis.logs import (
    Event,
    LogEntry,
    LogReader,
    LogSites,
    Request,
    excerpts,
    fields_before,
)

# As IIS 10 writes it.
HEADER = [
    "#Software: Microsoft Internet Information Services 10.0",
    "#Version: 1.0",
    "#Date: 2026-11-24 07:15:01",
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) "
    "sc-status sc-substatus sc-win32-status time-taken",
]
W3C = "2026-11-24 07:15:02 172.28.1.7 GET /My+Page.aspx a=1&b=2 8080 - 172.28.1.1 Mozilla/5.0+(X11) - 500 19 0 1234"
HTTPERR = [
    "#Software: Microsoft HTTP API 2.0",
    "#Version: 1.0",
    "#Date: 2026-11-24 07:15:01",
    "#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid sc-status s-siteid s-reason "
    "s-queuename",
    "2026-11-24 07:15:03 172.28.1.1 50123 172.28.1.7 8080 HTTP/1.1 GET /a?b - 503 1 AppOffline shop",
    "2026-11-24 07:15:04 172.28.1.1 50124 172.28.1.7 8080 - - - - - - Timer_ConnectionIdle -",
]
BEGUN = 1795504502.0  # 07:15:02


def lines(log, texts):
    return [Line(BEGUN, "07:15:02.000", f"[{log}] {text}") for text in texts]


def read(given, sites=("shop", "admin"), fields=None):
    return list(LogReader(LogSites(sites), fields).read(given))


def test_a_request_by_the_names_of_its_fields():
    (entry,) = read(lines("w3c 2", [*HEADER, W3C]))
    request = entry.what
    assert request == Request("admin", BEGUN, "GET", "/My+Page.aspx", "a=1&b=2", 500, 1234)
    assert request.fields["sc-substatus"] == "19"
    assert request.fields["cs(User-Agent)"] == "Mozilla/5.0+(X11)"
    assert entry.resolution == 1.0
    assert entry.lines == (HEADER[-1], W3C)


def test_fields_may_change_in_the_middle():
    other = ["#Fields: time date sc-status time-taken cs-method cs-uri-stem", "07:15:03 2026-11-24 200 5 PUT /x"]
    first, second = (entry.what for entry in read(lines("w3c 1", [*HEADER, W3C, *other])))
    assert first.status == 500
    assert second == Request("shop", BEGUN + 1, "PUT", "/x", "", 200, 5)


def test_what_reached_no_site():
    (entry,) = read(lines("httperr", HTTPERR))
    assert entry.what == Request("shop", BEGUN + 1, "GET", "/a", "b", 503, None, "AppOffline")
    gone = HTTPERR[4].replace(" 503 1 AppOffline shop", " - - Connection_Abandoned_By_ReqQueue -")
    (entry,) = read(lines("httperr", [HTTPERR[3], gone]))
    assert entry.what == Request("", BEGUN + 1, "GET", "/a", "b", 0, None, "Connection_Abandoned_By_ReqQueue")


def test_the_rest_of_an_event_whose_beginning_is_of_an_earlier_test():
    assert read(lines("event 7", ["| at Somewhere()"])) == []


def test_events_of_several_lines_that_come_between_each_other():
    head = '{"time":"2026-11-24T07:15:02.500Z","source":"ASP.NET 4.0.30319.0","id":1309,"level":"Warning","lines":2}'
    mixed = [
        ("event a", head),
        ("event b", head),
        ("event a", "| one"),
        ("event b", "| x"),
        ("event b", "| "),
        ("event a", "|   two"),
    ]
    first, second = (entry.what for entry in read([line for log, text in mixed for line in lines(log, [text])]))
    assert first == Event(BEGUN + 0.5, "ASP.NET 4.0.30319.0", 1309, "Warning", "x\n")
    assert second.message == "one\n  two"


def test_marks_are_nothing_and_other_lines_stay():
    other = Line(BEGUN, "07:15:02.000", "[w3c] of the application's own")
    assert read([other, *lines("mark", ["abc"])]) == [other]


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24 07:15:02",
        "no date at all",
        "2026-99-99 07:15:02 a GET /x - 80 - b c - 200 0 0 1",
        W3C.replace("1234", "x"),
    ],
)
def test_a_line_that_cannot_be_read_is_shown_as_it_is(text):
    given = lines("w3c 1", [HEADER[-1], text])
    assert read(given) == [given[1]]


def test_lines_before_any_fields_are_shown_as_they_are():
    given = lines("w3c 1", [W3C])
    assert read(given) == given


@given(
    st.lists(
        st.one_of(
            st.text(max_size=40),
            st.tuples(
                st.sampled_from(["w3c 1", "w3c 9", "httperr", "event 1", "mark", "w3c x"]),
                st.one_of(
                    st.text(max_size=40),
                    st.sampled_from([HEADER[-1], W3C, "#Fields:", '{"lines": 0}', "| x", "{}", "[]", *HTTPERR]),
                    st.sampled_from(['{"time":"x","source":1,"id":"y","level":null,"lines":1}']),
                ),
            ).map(lambda parts: f"[{parts[0]}] {parts[1]}"),
        ),
        max_size=12,
    )
)
def test_no_line_breaks_the_reader(texts):
    found = read([Line(BEGUN, "x", text) for text in texts])
    assert all(isinstance(one, (LogEntry, Line)) for one in found)


def test_fields_are_found_in_what_came_before():
    before = "".join(f"2026-11-24T07:15:01.000000000Z [w3c 1] {text}\n" for text in HEADER).encode()
    for cut in (0, 60, len(before) - 10, len(before)):
        (entry,) = read(lines("w3c 1", [W3C]), fields=fields_before([before[:cut], before[cut:]]))
        assert entry.what.status == 500


def test_the_part_of_a_test():
    event = '{"time":"2026-11-24T07:15:05Z","source":"WAS","id":5011,"level":"Warning","lines":1}'
    log = [
        *lines("w3c 1", [*HEADER, W3C.replace("07:15:02", "07:15:00"), W3C, W3C.replace("07:15:02", "07:15:09")]),
        *lines("httperr", HTTPERR),
        *lines("event 1", [event, "| ended"]),
        Line(BEGUN + 1, "07:15:03.000", "said"),
        Line(BEGUN - 2, "07:15:00.000", "before"),
    ]
    # Whole seconds: a request of the second in which the test began may be its own.
    assert excerpts(log, LogSites(["shop"]), {}, BEGUN + 0.5, BEGUN + 5) == {
        "": ["07:15:03.000 said"],
        "W3C log of shop": [HEADER[-1], W3C],
        "HTTPERR log": [HTTPERR[3], HTTPERR[4]],
        "event log": ["07:15:05 Warning WAS 5011", "ended"],
    }


def test_lines_of_other_workers_are_left_out():
    sites = LogSites([None, "shop"], frozenset({"shop-gw0"}))
    other = HTTPERR[4]
    own = HTTPERR[4].replace(" 503 1 ", " 503 2 ")
    log = [
        *lines("w3c 1", [*HEADER, W3C]),
        *lines("w3c 2", [*HEADER, W3C]),
        *lines("httperr", [HTTPERR[3], other, own]),
    ]
    found = [entry.what for entry in LogReader(sites).read(log)]
    assert [(one.site, one.path) for one in found] == [("shop", "/My+Page.aspx"), ("shop", "/a")]


@pytest.mark.parametrize(
    ("message", "own"),
    [
        ("Application domain: /LM/W3SVC/1/ROOT-1-134", False),
        ("Application domain: /LM/W3SVC/2/ROOT/api-1-134", True),
        ("A process serving application pool 'shop-gw0' suffered a fatal error", False),
        ("A process serving application pool 'shop-gw01' suffered a fatal error", True),
        ("The process of the application pool shop-gw0 ended by itself", False),
        ("Application: w3wp.exe", True),
    ],
)
def test_events_of_other_workers_are_left_out(message, own):
    head = '{"time":"2026-11-24T07:15:02.500Z","source":"x","id":1,"level":"Warning","lines":1}'
    log = lines("event a", [head, f"| {message}"])
    sites = LogSites([None, "shop"], frozenset({"shop-gw0"}))
    assert [one.what.message for one in LogReader(sites).read(log)] == [message] * own
