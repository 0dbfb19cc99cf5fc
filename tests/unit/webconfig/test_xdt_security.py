"""Nothing is fetched, and no document can grow without limit."""

from __future__ import annotations

import tracemalloc

import pytest

from pytest_wincontainers.webconfig import TransformError, apply_settings, transform

XDT = "http://schemas.microsoft.com/XML-Document-Transform"

BOMB = (
    '<!DOCTYPE r [<!ENTITY e0 "ha">'
    + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    + "]><r a='&e11;'>&e11;</r>"
)


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret.txt"
    path.write_text("hunter2")
    return path


def dtds(secret) -> list[str]:
    uri = secret.as_uri()
    return [
        BOMB,
        "<!DOCTYPE r><r/>",
        f'<!DOCTYPE r SYSTEM "{uri}"><r/>',
        f'<!DOCTYPE r [<!ENTITY e SYSTEM "{uri}">]><r>&e;</r>',
        f'<?xml version="1.0"?><!-- <r> --><?pi <r>?>\n<!DOCTYPE r [<!ENTITY % e SYSTEM "{uri}"> %e;]><r/>',
        '<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd"><r/>',
    ]


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_dtd_is_refused_before_anything_is_read(secret, number, encoding):
    content = dtds(secret)[number].encode(encoding)
    tracemalloc.start()
    try:
        for use in (
            lambda: transform(content),
            lambda: transform(b"<r/>", content),
            lambda: apply_settings(content, {"a": "b"}, {}),
        ):
            with pytest.raises(TransformError) as caught:
                use()
            assert "a DTD (<!DOCTYPE>) is not accepted" in caught.value.message
            assert "hunter2" not in str(caught.value)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_the_place_of_the_dtd_is_named():
    with pytest.raises(TransformError, match="the document, line 3, column 2: a DTD"):
        transform(b"<?xml version='1.0'?>\n<!-- c -->\n <!DOCTYPE r><r/>")


def test_the_parser_itself_fetches_nothing(secret):
    from pytest_wincontainers.webconfig import source as module

    # Even if the refusal missed a DTD: the parser leaves the entity alone.
    text = f'<!DOCTYPE r [<!ENTITY e SYSTEM "{secret.as_uri()}">]><r>&e;</r>'
    given = module.Source("x", text, "utf-8", b"")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "root_offset", lambda _: 0)
        root = module.parse(given)
    assert "hunter2" not in "".join(str(piece) for piece in root.itertext())


def test_a_second_byte_order_mark_does_not_hide_a_dtd():
    with pytest.raises(TransformError, match="is not text in the encoding utf-8"):
        transform(b"\xef\xbb\xbf" * 2 + b"<!DOCTYPE r><r/>")


def test_a_doctype_in_a_comment_or_in_text_is_none():
    content = b"<!-- <!DOCTYPE r> --><?p <!DOCTYPE r> ?><r><![CDATA[<!DOCTYPE r>]]><!-- <!DOCTYPE --></r>"
    assert transform(content).content == content


@pytest.mark.parametrize(
    "content",
    [
        b"<!--" * 100_000,
        b"<r " + b"a='" * 100_000,
        b"<?" * 100_000,
        b" " * 1_000_000 + b"x",
        b"<!-- " + b"<!DOCTYPE " * 100_000,
        b"<!-- -->" * 100_000,
    ],
    ids=["comments", "quotes", "instructions", "spaces", "open comment", "many comments"],
)
def test_malformed_markup_is_refused_without_a_long_search(content):
    with pytest.raises(TransformError, match="malformed"):
        transform(content)


def test_an_xinclude_is_only_an_element(secret):
    include = f'<xi:include parse="text" href="{secret.as_uri()}"/>'
    content = f'<r xmlns:xi="http://www.w3.org/2001/XInclude">{include}</r>'.encode()
    assert transform(content, f'<r xmlns:x="{XDT}"/>'.encode()).content == content


def test_an_xpath_cannot_read_files(secret):
    xdt = f'<r xmlns:x="{XDT}"><a x:Transform="Remove" x:Locator="XPath(document(\'{secret.as_uri()}\'))"/></r>'
    with pytest.raises(TransformError, match="cannot be applied"):
        transform(b"<r/>", xdt.encode())


def test_five_megabytes():
    entry = '    <add key="key{0}" value="a value that is somewhat longer, as they are, &amp; has {0} in it" />\r\n'
    body = "".join(entry.format(number) for number in range(55_000))
    document = (
        f'<?xml version="1.0"?>\r\n<configuration>\r\n  <appSettings>\r\n{body}  </appSettings>\r\n</configuration>'
    )
    assert len(document) > 5_000_000
    xdt = f"""<configuration xmlns:xdt="{XDT}"><appSettings>
      <add key="key54999" value="new" xdt:Transform="SetAttributes" xdt:Locator="Match(key)"/>
      <add all="1" xdt:Transform="SetAttributes(all)"/>
      <add xdt:Transform="RemoveAll" xdt:Locator="Condition(position() &gt; 50000 and position() &lt;= 54000)"/>
      <add key="last" xdt:Transform="Insert"/>
    </appSettings></configuration>"""
    result = transform(document.encode(), xdt.encode())
    assert result.warnings == ()
    assert result.content.count(b"<add ") == 51_001
    assert result.content.count(b' all="1"') == 51_000
    assert b'<add key="key54999" value="new" all="1" />\r\n    <add key="last" />\r\n  </appSettings>' in result.content
    assert apply_settings(result.content, {}, {"last": "1"}).endswith(
        b'<add key="last" value="1" />\r\n  </appSettings>\r\n</configuration>'
    )
