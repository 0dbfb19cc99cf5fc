"""Writing a container's log: whole lines in UTF-8, masked, in files of a limited size."""

import base64
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_wincontainers.engines.base import LONGEST_LINE
from pytest_wincontainers.machine import MACHINE
from pytest_wincontainers.reports import logs
from pytest_wincontainers.reports.logs.writer import LogWriter
from pytest_wincontainers.reports.masks import Mask

WHEN = b"2026-11-23T10:00:01.123456789Z "


def writer_of(path, secrets=(), size=1 << 30, files=8):
    return LogWriter(path, Mask(secrets), size=size, files=files)


def written(path, pieces, secrets=(), **options):
    writer = writer_of(path, secrets, **options)
    telling = writer.telling()
    for piece in pieces:
        assert telling.add(piece)
    telling.end()
    writer.close()
    return logs.read(path)


def said(path, content, **options):
    """The texts of lines that a program has written."""
    lines = b"".join(WHEN + line + b"\n" for line in content.split(b"\n"))
    return [
        line.removeprefix(WHEN.decode())
        for line in written(path, [lines], **options).decode().removesuffix("\n").split("\n")
    ]


@given(st.lists(st.text(alphabet="ab\xe9\u20ac\r", max_size=9).map(str.encode), min_size=1), st.data())
def test_lines_do_not_depend_on_where_pieces_break(tmp_path_factory, lines, data):
    whole = b"".join(WHEN + line.rstrip(b"\r") + b"\n" for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert written(tmp_path_factory.mktemp("log") / "log", pieces) == whole


def test_a_last_line_without_an_end_counts(tmp_path):
    assert written(tmp_path / "log", [WHEN + b"a\r\n" + WHEN + b"b", b"c"]) == WHEN + b"a\n" + WHEN + b"bc\n"


def test_lines_that_are_told_again_are_written_once(tmp_path):
    """Also by several threads at once: after a restart the last lines from before may still be on their way."""
    writer = writer_of(tmp_path / "log")
    lines = [b"line %d\n" % number for number in range(2000)]

    def tell(step):
        telling = writer.telling()
        for start in range(0, len(lines), step):
            assert telling.add(b"".join(lines[start : start + step]))
        telling.end()

    threads = [threading.Thread(target=tell, args=(step,)) for step in (1, 3, 7, 500)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    assert logs.read(tmp_path / "log") == b"".join(lines)


def test_a_closed_log_takes_nothing(tmp_path):
    writer = writer_of(tmp_path / "log")
    telling = writer.telling()
    assert telling.add(b"a\n")
    writer.close("it took too long")
    writer.close("again")
    assert not telling.add(b"b\n")
    writer.open()
    first, second = (tmp_path / "log").read_text().splitlines()
    assert first == "a"
    assert second.endswith("Z (the rest of this log was left out: it took too long)")


# -- files ----------------------------------------------------------------------------------------------------------


def test_a_log_goes_on_in_the_next_file_and_the_oldest_goes(tmp_path):
    lines = [WHEN + b"%03d\n" % number for number in range(100)]
    content = written(tmp_path / "web.log", lines, size=10 * len(lines[0]), files=3)
    assert [path.name for _, path in logs.files_of(tmp_path / "web.log")] == ["web.8.log", "web.9.log", "web.10.log"]
    assert content == b"".join(lines[70:])


def test_a_position_is_one_in_all_files(tmp_path):
    path = tmp_path / "web.log"
    writer = writer_of(path, size=100)
    telling = writer.telling()
    positions = [logs.position(path)]
    for number in range(20):
        telling.add(WHEN + b"%02d\n" % number)
        positions.append(logs.position(path))
    writer.close()
    assert positions == sorted(positions)
    for number, position in enumerate(positions):
        rest = logs.read(path, position).splitlines()
        assert [int(line[-2:]) for line in rest] == list(range(number, 20))
        before = b"".join(logs.chunks(path, 0, position)).splitlines()
        assert len(before) == number


def test_a_disk_that_takes_a_part_of_a_line_has_no_half_of_it(tmp_path, monkeypatch):
    writer = writer_of(tmp_path / "log")
    telling = writer.telling()
    telling.add(b"one\n")
    real = logs.writer.write_all

    def full(file, content):
        file.write(content[:3])
        raise OSError("no space left on device")

    monkeypatch.setattr(logs.writer, "write_all", full)
    with pytest.raises(OSError, match="no space"):
        telling.add(b"two\n")
    monkeypatch.setattr(logs.writer, "write_all", real)
    again = writer.telling()
    again.add(b"one\ntwo\nthree\n")
    writer.close()
    assert logs.read(tmp_path / "log") == b"one\ntwo\nthree\n"


def test_another_log_in_the_place_of_one_has_nothing_of_it(tmp_path):
    written(tmp_path / "web.log", [WHEN + b"%d\n" % number for number in range(30)], size=100)
    assert written(tmp_path / "web.log", [WHEN + b"new\n"]) == WHEN + b"new\n"
    assert [path.name for path in tmp_path.iterdir()] == ["web.log"]


def test_other_files_beside_a_log_are_none_of_its(tmp_path):
    for name in ("web.log", "web.2.log", "web.x.log", "web.log.2", "web2.log", "aweb.log"):
        (tmp_path / name).write_text(name)
    assert [path.name for _, path in logs.files_of(tmp_path / "web.log")] == ["web.log", "web.2.log"]


def test_the_last_lines_may_be_in_two_files(tmp_path):
    lines = [WHEN + b"%02d\n" % number for number in range(11)]
    written(tmp_path / "web.log", lines, size=10 * len(lines[0]))
    assert logs.tail(tmp_path / "web.log", 3) == "08\n09\n10"


def test_a_large_log_is_read_from_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr("pytest_wincontainers.reports.logs.files.LONGEST_READ", 100)
    (tmp_path / "log").write_bytes(b"x" * 3_000_000 + b"end")
    assert logs.read(tmp_path / "log") == b"x" * 97 + b"end"


# -- long lines -----------------------------------------------------------------------------------------------------


def test_a_line_of_ten_megabytes_is_whole(tmp_path):
    line = WHEN + b"x" * (10_000_000 - len(WHEN))
    assert written(tmp_path / "log", [line[:5_000_000], line[5_000_000:], b"\n"]) == line + b"\n"


def test_a_longer_line_is_cut(tmp_path):
    pieces = [WHEN + b"x" * 1_000_000, *[b"x" * 1_000_000] * 20, b"\n" + WHEN + b"next\n"]
    first, second = written(tmp_path / "log", pieces).splitlines()
    assert first.endswith(b"xxx (the rest of this line was left out)")
    assert LONGEST_LINE - 100 < len(first) < LONGEST_LINE + 100
    assert second == WHEN + b"next"


@pytest.mark.parametrize("shift", range(8))
def test_half_a_secret_at_the_cut_of_a_long_line_is_not_shown(tmp_path, shift):
    line = WHEN + b"x" * (LONGEST_LINE + 1 - len(WHEN) - shift) + b"geheim12"[:shift]
    content = written(tmp_path / "log", [line, b"geheim12" * 1000, b"\n"], secrets=["geheim12"])
    assert content.endswith(b"xxx (the rest of this line was left out)\n")


# -- bytes ----------------------------------------------------------------------------------------------------------


def test_text_in_other_encodings(tmp_path, monkeypatch):
    monkeypatch.setattr(type(MACHINE), "code_page", "cp850")
    assert said(tmp_path / "a", "Größe".encode("cp850")) == ["Größe"]
    assert said(tmp_path / "b", "Größe\nzwei".encode()) == ["Größe", "zwei"]
    utf16 = "Größe\r\nzwei\r\n".encode("utf-16-le")
    assert [line for line in said(tmp_path / "c", utf16) if line] == ["Größe", "zwei"]
    assert said(tmp_path / "d", b"\xef\xbb\xbfwith a mark") == ["with a mark"]


def test_colours_stay_in_the_file(tmp_path):
    assert said(tmp_path / "log", b"\x1b[91mred\x1b[0m") == ["\x1b[91mred\x1b[0m"]


@given(st.binary(max_size=200))
def test_whatever_the_bytes_are_each_line_is_one(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("log")
    lines = said(folder / "log", content, secrets=["geheim12"])
    assert len(lines) == content.count(b"\n") + 1
    for line in lines:
        logs.shown(line).encode("utf-8")
        assert not set(logs.shown(line)) & {chr(code) for code in (*range(9), 11, *range(13, 32), 127)}


# -- secrets --------------------------------------------------------------------------------------------------------


def test_secrets_are_masked_also_where_one_contains_another(tmp_path):
    assert said(tmp_path / "log", b"pw=abcdef and abc", secrets=["abc", "abcdef"]) == ["pw=*** and ***"]


@pytest.mark.parametrize("cut", range(1, 8))
def test_a_secret_in_two_pieces_is_masked(tmp_path, cut):
    line = WHEN + b"pw=geheim12 end\n"
    at = line.index(b"geheim12") + cut
    assert written(tmp_path / "log", [line[:at], line[at:]], secrets=["geheim12"]) == WHEN + b"pw=*** end\n"


def test_a_secret_in_another_encoding_is_masked(tmp_path, monkeypatch):
    monkeypatch.setattr(type(MACHINE), "code_page", "cp850")
    assert said(tmp_path / "a", "ü pw=paßwört1".encode("cp850"), secrets=["paßwört1"]) == ["ü pw=***"]
    assert said(tmp_path / "b", "pw=geheim12".encode("utf-16-le"), secrets=["geheim12"]) == ["pw=***"]
    coded = base64.b64encode("x geheim12 y".encode("utf-16-le"))
    assert "***" in said(tmp_path / "c", coded, secrets=["geheim12"])[0]
