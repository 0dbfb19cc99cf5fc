"""The lines of a log from the body of an answer."""

import itertools
import struct

import pytest
import urllib3.exceptions
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_wincontainers.engines.base import LONGEST_LINE
from pytest_wincontainers.engines.docker.records import Lines, Records, content_of, lines_in, plain_lines

FULL = 16 * 1024
"""The length of a record that is not the last one of its line."""


def record(output, text):
    return struct.pack(">BxxxL", output, len(text)) + text


def chunked(parts):
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def pieces_in(whole, cuts):
    return [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]


def cuts_in(data, whole):
    return sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))


@given(st.lists(st.binary(min_size=1, max_size=40)), st.data())
def test_the_content_does_not_depend_on_where_pieces_break(parts, data):
    whole = chunked(parts)
    body, found, over = b"", b"", False
    for piece in pieces_in(whole, cuts_in(data, whole)):
        if over:
            break
        content, end, over = content_of(body + piece)
        body = (body + piece)[end:]
        found += content
    assert (found, over) == (b"".join(parts), True)


def test_extensions_of_a_chunk_are_passed_over():
    assert content_of(b"3;x=1\r\nabc\r\n0\r\n\r\n")[0] == b"abc"


@pytest.mark.parametrize("whole", [b"", b"3\r\nabc\r\n", b"3\r\nab", b"3"])
def test_a_connection_that_is_lost_is_no_end(whole):
    with pytest.raises(urllib3.exceptions.ProtocolError, match="closed before the end"):
        list(lines_in([whole], chunked=True))


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=20))), st.data())
def test_records_do_not_depend_on_where_pieces_break(said, data):
    whole = b"".join(record(*one) for one in said)
    records = Records()
    assert [one for piece in pieces_in(whole, cuts_in(data, whole)) for one in records.add(piece)] == said


# -- lines that are taken all at once -----------------------------------------------------------------------------

# What looks like the end of a chunk, and a number of a chunk's length.
TEXTS = st.lists(st.sampled_from([b"a", b"0", b"\r", b"\n", b"\n\r\n", b"\r\n", b"9\r\n", b"\x01\0\0\0"]), max_size=6)
SAID = st.lists(st.tuples(st.sampled_from([1, 2]), TEXTS.map(b"".join), st.booleans()), max_size=8)


@given(SAID, st.booleans(), st.data())
@example([(1, b"a\n\r\nb", True)], True, None)
def test_lines_do_not_depend_on_where_pieces_and_chunks_break(said, whole_records, data):
    """The engine, another one, or what is between may divide them in any way."""
    parts = [record(output, b"0 " + text + b"\n" * ended) for output, text, ended in said]
    lines = Lines()
    expected = b"".join(lines.add([(one[0], one[8:])]) for one in parts) + lines.end()
    content = b"".join(parts)
    if not whole_records:
        parts = [part for part in pieces_in(content, cuts_in(data, content)) if part]
    body = chunked(parts)
    every = [[*range(1, len(body))], []] if data is None else [cuts_in(data, body)]
    for cuts in every:
        assert b"".join(lines_in(pieces_in(body, cuts), chunked=True)) == expected
    assert b"".join(lines_in([content], chunked=False)) == expected


def test_plain_lines_are_taken_at_once():
    whole = chunked(record(1 + number % 2, b"%d text\n" % number) for number in range(1000))
    found, end = plain_lines(whole)
    assert (found, whole[end:]) == (b"".join(b"%d text\n" % number for number in range(1000)), b"0\r\n\r\n")
    assert list(lines_in([whole], chunked=True)) == [found]


# -- lines in several records -------------------------------------------------------------------------------------


def lines(*said):
    """The lines of records of these outputs and texts, with the number of its record as each one's time."""
    found = [(output, b"%d %s" % (number, text)) for number, (output, text) in enumerate(said)]
    one_by_one, at_once = Lines(), Lines()
    told = b"".join(one_by_one.add([one]) for one in found) + one_by_one.end()
    assert at_once.add(found) + at_once.end() == told
    return told.removesuffix(b"\n").split(b"\n")


def test_a_line_in_several_records_is_one():
    """Else the engine's time stands every 16 KiB, and in a password that lies across is not found to be masked."""
    head = b"x" * (FULL - 4) + b"gehe"
    assert lines((1, head), (1, b"im12 rest\n"), (1, b"next\n")) == [b"0 " + head + b"im12 rest", b"2 next"]
    assert lines((1, head), (1, b"\n"), (1, b"next\n")) == [b"0 " + head, b"2 next"]


def test_the_outputs_have_lines_of_their_own():
    head = b"x" * FULL
    said = ((1, head), (2, b"error\n"), (2, head), (1, b"one\n"), (2, b"two\n"))
    assert lines(*said) == [b"1 error", b"0 " + head + b"one", b"2 " + head + b"two"]


def test_last_words_without_an_end_are_a_line():
    """What comes next is of the program's next start."""
    assert lines((1, b"last words"), (1, b"begun again\n")) == [b"0 last words", b"1 begun again"]
    assert lines((1, b"x" * FULL), (1, b"last words"), (1, b"begun\n")) == [
        b"0 " + b"x" * FULL + b"last words",
        b"2 begun",
    ]
    assert lines((1, b"x" * FULL)) == [b"0 " + b"x" * FULL]


def test_a_line_without_an_end_is_not_kept_whole():
    count = 2 * LONGEST_LINE // FULL
    first, second = lines(*[(1, b"x" * FULL)] * count, (1, b"end\n"), (1, b"next\n"))
    assert LONGEST_LINE < len(first) < LONGEST_LINE + 2 * FULL
    assert second == b"%d next" % (count + 1)


def test_lines_are_given_as_they_come():
    first, later = record(1, b"0 a\n") + record(2, b"1 b\n"), record(1, b"2 c\n")
    said = lines_in(itertools.chain([first], itertools.repeat(later)), chunked=False)
    assert list(itertools.islice(said, 3)) == [b"0 a\n1 b\n", b"2 c\n", b"2 c\n"]
