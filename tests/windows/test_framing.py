"""Where an answer ends, however its bytes arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.windows.framing import Framing

OK = b"HTTP/1.1 200 OK\r\n"


@given(st.lists(st.binary(min_size=1)), st.binary(), st.integers(1, 9), st.booleans())
def test_an_answer_in_pieces_ends_with_its_last_byte(pieces, content, step, chunked):
    if chunked:
        body = b"".join(b"%x;more\r\n%b\r\n" % (len(one), one) for one in pieces) + b"0\r\nAfter: all\r\n\r\n"
        whole = OK + b"Transfer-Encoding: chunked\r\n\r\n" + body
    else:
        whole = OK + b"content-length: %d\r\n\r\n%b" % (len(content), content)
    answer = Framing()
    for at in range(0, len(whole) - 1, step):
        assert not answer.follow(whole[at : min(at + step, len(whole) - 1)])
    assert answer.follow(whole[-1:])


@pytest.mark.parametrize("head", [OK + b"\r\n", OK + b"Content-Type: text/plain\r\n\r\n"])
def test_an_answer_without_a_length_ends_with_the_connection(head):
    answer = Framing()
    assert not answer.follow(head + b"more")
    assert answer.endless
