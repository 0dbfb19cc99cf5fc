"""Secrets in whatever form a program writes them."""

import base64
import html
import json
import pprint
import string
import time
from pathlib import Path
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_wincontainers.reports.masking import mask_command
from pytest_wincontainers.reports.masks import Mask, masked

PRINTABLE = "".join(char for char in map(chr, range(32, 127)))


def as_net_has_it(char):
    units = char.encode("utf-16-be").hex().upper()
    return (
        char
        if char.isalnum() and char.isascii()
        else "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    )


FORMS = {
    "plain": str,
    "url": lambda secret: quote(secret, safe=""),
    "url, in small letters": lambda secret: quote(secret, safe="").replace("%2F", "%2f").replace("%3A", "%3a"),
    "url, lenient": quote,
    "form": quote_plus,
    "url twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "JSON": lambda secret: json.dumps(secret)[1:-1],
    "JSON in UTF-8": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "JSON in JSON": lambda secret: json.dumps(json.dumps(secret))[3:-3],
    "JSON of .NET": lambda secret: "".join(map(as_net_has_it, secret)),
    "XML": escape,
    "XML's attribute": lambda secret: quoteattr(secret)[1:-1],
    "HTML": html.escape,
    "HTML in numbers": lambda secret: "".join(
        char if char.isascii() and char.isalnum() else f"&#x{ord(char):X};" for char in secret
    ),
    "C": lambda secret: secret.replace("\\", "\\\\").replace('"', '\\"'),
    "shell": lambda secret: "".join(char if char.isascii() and char.isalnum() else f"\\{char}" for char in secret),
}
SECRETS = [
    "s3cretOfTwentyFourLetter",
    PRINTABLE,
    'a"<b>\\&é/ c',
    "%41&amp;\\u0041",
    "pass word+plus",
    "p\u00e4\u00df\u20acw\U0001f600rd",
    "'quoted'",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_masked_as_others_write_it(secret, form):
    written = f"before {FORMS[form](secret)} after"
    mask = Mask([secret])
    assert mask.text(written) == "before *** after"
    assert mask.data(written.encode()) == b"before *** after"


@pytest.mark.parametrize("before", ["", "u:", "ab", "user:"])
@pytest.mark.parametrize("after", ["", "x", "12", "@host"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
@pytest.mark.parametrize("secret", ["s3cretOfTwentyFourLetter", "p\u00e4\u00df>>??w\u00f6rt", "geheim"])
def test_a_secret_in_base64_is_masked(secret, encoding, before, after):
    raw = f"{before}{secret}{after}".encode(encoding)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        found = masked(f"Basic {encode(raw).decode()} end", [secret])
        assert "***" in found
        rest = found.removeprefix("Basic ").removesuffix(" end").split("***")
        # Of the rest, the few characters at its ends, nothing can be read that is the secret's alone.
        assert max(map(len, rest)) <= 4 * (len(raw) - len(secret.encode(encoding)) + 2)
        assert secret.encode(encoding)[:3] not in base64.b64decode((rest[0] + "AAAA")[: len(rest[0]) // 4 * 4 or 0])


@given(st.text(alphabet=string.ascii_letters + string.digits, min_size=6, max_size=30), st.text(max_size=30))
@example("abcdef", "abcdefabcdef")
def test_what_is_masked_is_gone_and_the_rest_stays(secret, text):
    found = masked(f"{text}{secret}{text}", [secret])
    assert secret not in found.replace("***", "\0")
    if secret not in text and "*" not in text and not any(char in text for char in secret):
        assert found == f"{text}***{text}"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("secret", SECRETS)
def test_what_a_shortened_value_has_of_a_secret_is_masked(secret, form):
    mask, written = Mask([secret]), FORMS[form](secret)
    # Fewer characters could be of any word, and more than that pytest does not show. The quotes decide on XML's form.
    for at in range(len(FORMS[form]("'\"" + secret[:4])), min(len(written), 118)):
        # A dot of the secret's own may stay.
        assert mask.shortened(f"a '{written[:at]}... b").replace("....", "...") == "a '***... b"
    for at in range(len(FORMS[form]("'\"" + secret[-4:])), min(len(written), 118)):
        assert mask.shortened(f"a ...{written[-at:]}' b") == "a ...***' b"


def test_what_a_shortened_value_has_of_base64_is_masked():
    secret = "s3cretOfTwentyFourLetter"
    encoded = base64.b64encode(secret.encode()).decode()
    mask = Mask([secret])
    for at in range(6, len(encoded) - 8):
        assert mask.shortened(f"{encoded[:at]}...{encoded[at + 2 :]}") == "***...***"
    assert mask.shortened("s3...er, and so on...") == "s3...er, and so on..."


def test_a_secret_is_masked_where_pprint_has_wrapped_it():
    secret = "one two" * 20
    assert Mask([secret]).text(pprint.pformat({"password": secret})) == "{'password': '***'}"


def test_an_empty_secret_is_none():
    assert masked("words", ["", "or"]) == "w***ds"
    assert masked("words", []) == "words"
    assert Mask([]).longest == 1


@pytest.mark.parametrize("secret", ["\\\\\\\\four", "$first", "\\"])
def test_many_backslashes_take_no_long(secret):
    begun = time.process_time()
    Mask([secret]).text("\\" * 200_000)
    assert time.process_time() - begun < 5


def test_one_secret_in_another():
    assert masked("abcdef abc", ["abc", "abcdef"]) == "*** ***"
    assert masked("a b c", ["a b", "b"]) == "*** c"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["--db-password=hunter2"], ["--db-password=***"]),
        (["--db-password", "hunter2", "-x"], ["--db-password", "***", "-x"]),
        (["--db-password", "-x"], ["--db-password", "-x"]),
        (["-o", "x_password=hunter2"], ["-o", "x_password=***"]),
        (["-oAPI_TOKEN=a=b"], ["-oAPI_TOKEN=***"]),
        (
            ["tests/test_password.py::test_token[a=b]", "-k", "token"],
            ["tests/test_password.py::test_token[a=b]", "-k", "token"],
        ),
        ([Path("tests")], ["tests"]),
    ],
)
def test_a_command_is_shown_without_its_passwords(words, shown):
    assert mask_command(words) == shown
