"""Logs: whole lines, masked secrets, and the part of one test."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_wincontainers.engines.base import LONGEST_LINE
from pytest_wincontainers.engines.times import timestamp
from pytest_wincontainers.reports import logs
from pytest_wincontainers.reports.logs import arriving
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


def test_a_long_line_is_cut():
    long = b"x" * (LONGEST_LINE + 5)
    lines = list(logs.lines_of([b"a\n" + long, long, b"\nb\n", long + b"\nc"]))
    assert lines == [b"a", b"x" * (LONGEST_LINE + 1), b"b", b"x" * (LONGEST_LINE + 1), b"c"]


def test_a_line_in_many_pieces_takes_no_longer_than_its_length():
    """As a line of 60 MB that no one reads must not hold up a run for minutes."""
    begun = time.process_time()
    assert len(list(logs.lines_of(b"x" * 16384 for _ in range(20_000)))) == 1
    assert time.process_time() - begun < 10


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
    monkeypatch.setattr(arriving, "_LONGEST_SECONDS", 60)
    path = growing(80, second=2)
    logs.settle([logs.Arriving(path, at(3), lambda: at(2))])
    assert "line 79" in path.read_text()


def test_a_stream_with_gaps_is_waited_for_until_it_has_what_the_engine_has(growing, monkeypatch):
    monkeypatch.setattr(arriving, "_LONGEST_SECONDS", 60)
    path = growing(1, second=2, pause=0.5)
    logs.settle([logs.Arriving(path, at(3), lambda: at(2))])
    assert "line 0" in path.read_text()


def test_lines_from_later_are_not_waited_for(growing, monkeypatch):
    monkeypatch.setattr(arriving, "_LONGEST_SECONDS", 60)
    path = growing(10**9, second=5)
    begun = time.monotonic()
    logs.settle([logs.Arriving(path, at(3), lambda: at(6))])
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize("content", [stamp(1, "a"), stamp(1, "(the rest of this log was left out: it took too long)")])
def test_a_log_that_takes_no_more_is_not_waited_for(tmp_path, monkeypatch, content):
    """Also one whose stream broke off, after a moment."""
    monkeypatch.setattr(arriving, "_LONGEST_SECONDS", 60)
    monkeypatch.setattr(arriving, "_STALLED_SECONDS", 0.2 if "left out" not in content else 60)
    (tmp_path / "log").write_text(content)
    begun = time.monotonic()
    logs.settle([logs.Arriving(tmp_path / "log", at(3), lambda: at(2))])
    assert time.monotonic() - begun < 30


def test_the_part_of_a_test_is_cut_by_the_engines_time(tmp_path):
    path = tmp_path / "log"
    path.write_text(stamp(1, "before"), newline="")
    offset = logs.position(path)
    with path.open("a", newline="") as file:
        # A line from before may reach the file late, and one from after early.
        file.write(stamp(2, "late") + stamp(3, "one") + stamp(4, "two") + stamp(5, "after"))
    assert part(path, offset, at(3), at(4)) == ["10:00:03.123 one", "10:00:04.123 two"]
    assert part(path, offset, at(6), at(7)) == []


def test_a_part_that_is_too_large_has_its_end(tmp_path, monkeypatch):
    """Whatever a container writes in a test, its report takes no more memory than that."""
    monkeypatch.setattr("pytest_wincontainers.reports.logs.lines._MOST_BYTES", 400)
    path = tmp_path / "log"
    path.write_text("".join(stamp(second, f"line {second}") for second in range(30)), newline="")
    found = part(path, 0, at(0), at(59))
    assert found[-1].endswith("line 29")
    assert 5 < len(found) <= 20


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
    assert logs.position(tmp_path / "none") == 0


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
