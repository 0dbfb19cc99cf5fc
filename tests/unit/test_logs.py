"""Logs: whole lines, masked secrets, and the part of one test."""

import html
import json
import threading
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_wincontainers.engines.base import LONGEST_LINE, timestamp
from pytest_wincontainers.reports import logs
from pytest_wincontainers.reports.evidence import OpenEvidence
from pytest_wincontainers.reports.tests import TestReports
from pytest_wincontainers.services import Options
from pytest_wincontainers.services.generic import Generic
from pytest_wincontainers.session.link import ServiceLog


def part(path, offset, since, until):
    """As every kind of container has it that does not say more."""
    return ServiceLog(Generic(Options(image="x")), None, path).excerpts(offset, since, until)[""]


def stamp(second, text):
    return f"2026-11-23T10:00:{second:02d}.123456789Z {text}\n"


def at(second):
    return timestamp(f"2026-11-23T10:00:{second:02d}.123456789Z")


@given(st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"").rstrip(b"\r"))), st.data())
def test_lines_do_not_depend_on_where_pieces_break(lines, data):
    whole = b"".join(line + b"\n" for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert list(logs.lines_of(pieces)) == lines


def test_a_last_line_without_an_end_counts():
    assert list(logs.lines_of([b"a\r\nb", b"c"])) == [b"a", b"bc"]


def written(path, lines, secrets=(), limit=1 << 30):
    writer = logs.LogWriter(path, secrets, limit)
    taken = [writer.write(number, line) for number, line in enumerate(lines, 1)]
    writer.close()
    return path.read_text("utf-8").splitlines(), taken


def test_secrets_are_masked_also_where_one_contains_another(tmp_path):
    assert written(tmp_path / "log", [b"pw=abcdef and abc"], ["abc", "abcdef"])[0] == ["pw=*** and ***"]


def test_a_long_line_is_cut():
    long = b"x" * (LONGEST_LINE + 5)
    lines = list(logs.lines_of([b"a\n" + long, long, b"\nb\n", long + b"\nc"]))
    assert lines == [b"a", b"x" * (LONGEST_LINE + 1), b"b", b"x" * (LONGEST_LINE + 1), b"c"]


def test_a_line_in_many_pieces_takes_no_longer_than_its_length():
    """As a line of 60 MB that no one reads must not hold up a run for minutes."""
    begun = time.process_time()
    assert len(list(logs.lines_of(b"x" * 16384 for _ in range(20_000)))) == 1
    assert time.process_time() - begun < 10


@pytest.mark.parametrize("shift", range(8))
def test_half_a_secret_at_the_cut_of_a_long_line_is_not_shown(tmp_path, shift):
    line = stamp(1, "").strip().encode() + b" "
    line += b"x" * (LONGEST_LINE + 1 - len(line) - shift) + b"geheim12"[:shift]
    ((text,), _) = written(tmp_path / "log", [line], ["geheim12"])
    assert text.endswith("xxx (the rest of this line was left out)")
    assert len(text) > LONGEST_LINE - 100


def test_a_line_of_the_longest_length_is_whole(tmp_path):
    line = stamp(1, "").strip().encode() + b" "
    line += b"x" * (LONGEST_LINE - len(line))
    assert written(tmp_path / "log", [line])[0] == [line.decode()]


def test_a_log_has_a_limit(tmp_path):
    lines = [stamp(second, "a line").strip().encode() for second in range(5)]
    text, taken = written(tmp_path / "log", lines, limit=2 * len(lines[0]) + 2)
    assert text[:2] == [line.decode() for line in lines[:2]]
    assert text[2].startswith("2026-11-23T10:00:02.123456789Z (the rest of this log was left out: its limit is ")
    assert (len(text), taken) == (3, [True, True, False, False, False])


def test_lines_that_are_told_again_are_written_once(tmp_path):
    """Also by several threads at once: after a restart the last lines from before may still be on their way."""
    writer = logs.LogWriter(tmp_path / "log", (), 1 << 20)

    def tell():
        for number in range(1, 2000):
            assert writer.write(number, b"line %d" % number)

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    assert (tmp_path / "log").read_text().splitlines() == [f"line {number}" for number in range(1, 2000)]


def test_a_closed_log_takes_nothing(tmp_path):
    writer = logs.LogWriter(tmp_path / "log", (), 1000)
    assert writer.write(1, b"a")
    writer.close("it took too long")
    writer.close("again")
    assert not writer.write(2, b"b")
    writer.open()
    first, second = (tmp_path / "log").read_text().splitlines()
    assert first == "a"
    assert second.endswith("Z (the rest of this log was left out: it took too long)")


@pytest.fixture
def growing(tmp_path):
    """Writes to a log in the background, a line each 20 ms; the path of the log."""
    path, stop, threads = tmp_path / "log", threading.Event(), []
    path.write_text(stamp(1, "first"), newline="")

    def start(lines, second, pause=0.02):
        def write():
            for number in range(lines):
                if stop.wait(pause):
                    return
                with path.open("a", newline="") as file:
                    file.write(stamp(second, f"line {number}"))

        threads.append(threading.Thread(target=write))
        threads[0].start()
        return path

    yield start
    stop.set()
    threads[0].join()


def test_lines_on_their_way_are_waited_for_as_long_as_they_are_from_before(growing, monkeypatch):
    """Much output takes seconds to arrive."""
    monkeypatch.setattr(logs, "_LONGEST_SECONDS", 60)
    path = growing(80, second=2)
    logs.settle([logs.Arriving(path, at(3), lambda: at(2))])
    assert "line 79" in path.read_text()


def test_a_stream_with_gaps_is_waited_for_until_it_has_what_the_engine_has(growing, monkeypatch):
    monkeypatch.setattr(logs, "_LONGEST_SECONDS", 60)
    path = growing(1, second=2, pause=0.5)
    logs.settle([logs.Arriving(path, at(3), lambda: at(2))])
    assert "line 0" in path.read_text()


def test_lines_from_later_are_not_waited_for(growing, monkeypatch):
    monkeypatch.setattr(logs, "_LONGEST_SECONDS", 60)
    path = growing(10**9, second=5)
    begun = time.monotonic()
    logs.settle([logs.Arriving(path, at(3), lambda: at(6))])
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize("content", [stamp(1, "a"), stamp(1, "(the rest of this log was left out: it took too long)")])
def test_a_log_that_takes_no_more_is_not_waited_for(tmp_path, monkeypatch, content):
    """Also one whose stream broke off, after a moment."""
    monkeypatch.setattr(logs, "_LONGEST_SECONDS", 60)
    monkeypatch.setattr(logs, "_STALLED_SECONDS", 0.2 if "left out" not in content else 60)
    (tmp_path / "log").write_text(content)
    begun = time.monotonic()
    logs.settle([logs.Arriving(tmp_path / "log", at(3), lambda: at(2))])
    assert time.monotonic() - begun < 30


def test_an_empty_secret_is_none():
    assert logs.masked("words", ["", "or"]) == "w***ds"


def test_secrets_are_masked_as_others_write_them():
    secret = 'a"<b>\\&é/ c'
    as_json, as_xml, as_url = json.dumps(secret), html.escape(secret), quote(secret, safe="")
    assert secret not in f"{as_json}{as_xml}{as_url}"
    text = f'{{"password": {as_json}}} <p>{as_xml}</p> mysql://root:{as_url}@db'
    assert logs.masked(text, [secret]) == '{"password": "***"} <p>***</p> mysql://root:***@db'


def test_the_part_of_a_test_is_cut_by_the_engines_time(tmp_path):
    path = tmp_path / "log"
    path.write_text(stamp(1, "before"), newline="")
    offset = logs.size(path)
    with path.open("a", newline="") as file:
        # A line from before may reach the file late, and one from after early.
        file.write(stamp(2, "late") + stamp(3, "one") + stamp(4, "two") + stamp(5, "after"))
    assert part(path, offset, at(3), at(4)) == ["10:00:03.123 one", "10:00:04.123 two"]
    assert part(path, offset, at(6), at(7)) == []


def test_a_long_part_says_where_the_rest_is(tmp_path):
    path = tmp_path / "log"
    path.write_text("".join(stamp(second, f"line {second}") for second in range(10)), newline="")
    assert TestReports(tmp_path, 2, OpenEvidence()).last(part(path, 0, at(0), at(9)), path) == [
        f"(8 earlier lines are in {path})",
        "10:00:08.123 line 8",
        "10:00:09.123 line 9",
    ]


def test_a_long_line_is_short_in_a_report(tmp_path):
    (line,) = TestReports(tmp_path, 2, OpenEvidence()).last(["x" * 1_000_000], tmp_path / "log")
    assert line == f"{'x' * 10_000}… (the whole line is in {tmp_path / 'log'})"


def test_bytes_that_are_no_text_do_not_hurt(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(
        stamp(1, "x").encode()[:-2] + b"\xff\xfe\x00\n" + "\ud800".encode("utf-8", "surrogatepass") + b"\n"
    )
    text = "\n".join(part(path, 0, at(1), at(1)))
    assert text.startswith("10:00:01.123 ")
    text.encode("utf-8")


def test_a_container_without_a_log(tmp_path):
    assert part(tmp_path / "none", 0, 0, 1) == []
    assert logs.tail(tmp_path / "none", 3) == ""
    assert logs.size(tmp_path / "none") == 0


def test_the_tail_is_for_people(tmp_path):
    path = tmp_path / "log"
    path.write_text(stamp(1, "a") + stamp(2, "b") + "no time\n", newline="")
    assert logs.tail(path, 2) == "b\nno time"


def test_times_have_up_to_nine_decimals_and_zones():
    assert timestamp("1970-01-01T00:00:01Z") == 1
    assert timestamp("1970-01-01T00:00:01.5Z") == 1.5
    assert timestamp("1970-01-01T01:00:01.123456789+01:00") == 1.123456789


def test_what_draws_progress_bars_stays_on_its_line(tmp_path):
    path = tmp_path / "log"
    path.write_text(stamp(1, "a 10%\r20%\r100% done\x0c\u2028end"), "utf-8", newline="")
    assert part(path, 0, at(1), at(1)) == ["10:00:01.123 a 10%\r20%\r100% done\x0c\u2028end"]
