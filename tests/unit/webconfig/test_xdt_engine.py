"""Namespaces, chains, warnings, errors and the inputs as a whole."""

from __future__ import annotations

import sys
from pathlib import Path, PurePosixPath

import pytest

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.webconfig import Transformed, TransformError, apply_settings, transform

XDT = "http://schemas.microsoft.com/XML-Document-Transform"
ASM = 'xmlns="urn:schemas-microsoft-com:asm.v1"'


class TestNamespaces:
    def test_a_default_namespace_must_be_the_same(self, change, errors):
        inner = f"<runtime><assemblyBinding {ASM}><a/></assemblyBinding></runtime>"
        xdt = '<runtime><assemblyBinding {}><b xdt:Transform="Insert"><c x="1"/></b></assemblyBinding></runtime>'
        assert change(inner, xdt.format(ASM)) == inner.replace("<a/>", '<a/><b><c x="1" /></b>')
        assert "no element matches /configuration/runtime/assemblyBinding" in errors(inner, xdt.format(""))[0]

    def test_a_prefix_means_what_it_means_in_the_transform(self, change):
        xdt = '<p:a xmlns:p="urn:1" xdt:Transform="Remove"/>'
        assert change('<q:a xmlns:q="urn:1"/><p:a xmlns:p="urn:2"/>', xdt) == '<p:a xmlns:p="urn:2"/>'

    def test_a_default_namespace_matches_a_prefix_in_the_document(self, change):
        assert change('<q:a xmlns:q="urn:1"/>', '<a xmlns="urn:1" xdt:Transform="Remove"/>') == ""

    def test_a_copy_declares_the_namespaces_it_uses(self, change):
        xdt = '<p:a xmlns:p="urn:1" xmlns:unused="urn:2" p:x="1" xdt:Transform="Insert"><b xmlns="urn:3"/></p:a>'
        assert change("", xdt) == '<p:a xmlns:p="urn:1" p:x="1"><b xmlns="urn:3" /></p:a>'

    def test_a_copy_uses_the_documents_prefix(self, change):
        xdt = '<p:a xmlns:p="urn:1" xdt:Transform="Insert"><p:b p:x="1"/></p:a>'
        assert change('<x xmlns:q="urn:1"/>', f"<x>{xdt}</x>") == '<x xmlns:q="urn:1"><q:a><q:b q:x="1" /></q:a></x>'

    def test_a_copy_without_a_namespace_leaves_the_default_one(self, change):
        xdt = '<p:x xmlns:p="urn:1"><a xdt:Transform="Insert"><b xmlns="urn:1"/><c/></a></p:x>'
        assert change('<x xmlns="urn:1"/>', xdt) == ('<x xmlns="urn:1"><a xmlns=""><b xmlns="urn:1" /><c /></a></x>')

    def test_the_prefix_of_xdt_is_free(self):
        xdt = f'<r xmlns:q="{XDT}"><a q:Transform="Remove"/></r>'
        assert transform(b"<r><a/></r>", xdt.encode()).content == b"<r></r>"

    @pytest.mark.parametrize("uri", ["https" + XDT[4:], XDT.lower(), XDT + "/"])
    def test_another_spelling_of_the_namespace_changes_nothing(self, uri):
        result = transform(b"<r><a/></r>", f'<r xmlns:xdt="{uri}"><a xdt:Transform="Remove"/></r>'.encode())
        assert result.content == b"<r><a/></r>"
        assert len(result.warnings) == 1
        assert result.warnings[0].startswith("transform 1, line 1: no element declares xmlns:xdt")

    def test_the_namespace_may_be_declared_further_in(self):
        xdt = f'<r><a xmlns:xdt="{XDT}" xdt:Transform="Remove"/></r>'
        assert transform(b"<r><a/></r>", xdt.encode()) == Transformed(b"<r></r>")


class TestChain:
    def test_transforms_apply_one_after_the_other(self, change):
        assert change("", '<a xdt:Transform="Insert"/>', '<a x="1" xdt:Transform="SetAttributes"/>') == '<a x="1" />'

    def test_without_transforms_the_bytes_stay(self):
        content = b"\xef\xbb\xbf<?xml version='1.0' ?>\r\n<a  b = 'x' ></a >"
        assert transform(content) == Transformed(content)

    def test_warnings_name_their_transform(self, warned):
        _, warnings = warned("", "\n<a xdt:Transform='Remove'/>", "\n\n<a xdt:Transform='Remove'/>")
        assert [warning.partition(":")[0] for warning in warnings] == ["transform 1, line 2", "transform 2, line 3"]

    def test_a_malformed_transform_is_found_before_any_is_applied(self):
        with pytest.raises(TransformError, match=r"^transform 2, line 1, column \d+: the XML is malformed"):
            transform(b"<r/>", f'<r xmlns:x="{XDT}"><a x:Transform="Nonsense"/></r>'.encode(), b"<r>")


class TestWarnings:
    def test_suppressed_for_one_element_only(self, warned):
        xdt = '<a xdt:SupressWarnings="TRUE" xdt:Transform="Remove">\n<b xdt:Transform="Remove"/></a>'
        _, warnings = warned("", xdt)
        assert warnings == ["transform 1, line 2: Remove changes nothing: no element matches /configuration/a."]

    def test_can_be_left_on(self, warned):
        assert len(warned("", '<a xdt:SupressWarnings=" false " xdt:Transform="Remove"/>')[1]) == 1

    def test_other_words_are_an_error(self, errors):
        assert "is neither true nor false" in errors("", '<a xdt:SupressWarnings="yes" xdt:Transform="Remove"/>')[0]

    def test_errors_are_not_suppressed(self, errors):
        assert len(errors("", '<a xdt:SupressWarnings="true" xdt:Transform="Nonsense"/>')) == 1

    def test_unknown_tags_of_xdt(self, warned):
        text, warnings = warned("", "\n<xdt:Nonsense/><xdt:Import path='x.dll' namespace='X'/>")
        assert text == ""
        assert warnings[0] == "transform 1, line 2: xdt:Nonsense is unknown and changes nothing."
        assert warnings[1].startswith("transform 1, line 2: xdt:Import is ignored")

    def test_the_outermost_missing_element_is_named(self, warned):
        _, warnings = warned("<a/>", '<a><b><c xdt:Transform="Remove"/></b></a>')
        assert warnings == ["transform 1, line 1: Remove changes nothing: no element matches /configuration/a/b."]

    def test_says_that_an_earlier_transform_removed_the_target(self, warned):
        _, warnings = warned("<a><b/></a>", '<a xdt:Transform="Remove"><b xdt:Transform="Remove"/></a>')
        assert len(warnings) == 1
        assert warnings[0].endswith("no element matches /configuration/a; an earlier transform removed it.")

    def test_the_same_words_come_once(self, warned):
        _, warnings = warned("<a/>" * 100, '<a xdt:Transform="RemoveAttributes"/>')
        assert warnings == ["transform 1, line 1: RemoveAttributes finds no attributes to remove."]

    def test_are_told_beside_errors(self, errors):
        found = errors("", '<a xdt:Transform="Remove"/>', '<b xdt:Transform="Remove"/>\n<c xdt:Transform="Nonsense"/>')
        assert found == [
            "transform 2, line 2: There is no transform 'Nonsense'.",
            "warning: transform 1, line 1: Remove changes nothing: no element matches /configuration/a.",
            "warning: transform 2, line 1: Remove changes nothing: no element matches /configuration/b.",
        ]


class TestErrors:
    def test_all_errors_are_collected(self, errors):
        found = errors(
            "<a/>",
            """
            <a xdt:Transform="Nonsense"/>
            <a xdt:Transform="remove"/>
            <z><y xdt:Transform="Insert"/></z>
            <a xdt:Transform="Remove" xdt:Locator="Match(k)"/>""",
        )
        assert [line.partition(": ")[2] for line in found] == [
            "There is no transform 'Nonsense'.",
            "There is no transform 'remove'.",
            "Insert has no parent to insert into: no element matches /configuration/z.",
            "Match(k) finds no attribute 'k' on its own element.",
        ]
        assert [line.partition(":")[0] for line in found] == [f"transform 1, line {number}" for number in (2, 3, 4, 5)]

    def test_children_of_an_unknown_transform_are_left_out_and_those_of_a_failed_one_are_not(self, errors):
        child = '<b xdt:Transform="Nonsense"/>'
        assert len(errors("<a/>", f'<a xdt:Transform="Unknown">{child}</a>')) == 1
        assert len(errors("<a/>", f'<a xdt:Transform="Remove" xdt:Locator="Condition">{child}</a>')) == 2

    def test_a_transform_that_is_no_call(self, errors):
        assert "is neither a name nor" in errors("<a/>", '<a xdt:Transform=""/>')[0]
        assert "is neither a name nor" in errors("<a/>", '<a xdt:Transform="Remove("/>')[0]

    def test_an_error_says_what_to_do(self):
        with pytest.raises(TransformError) as caught:
            transform(b"<r/>", f'<r xmlns:x="{XDT}"><a x:Transform="Nonsense"/></r>'.encode())
        assert isinstance(caught.value, DeclarationError)
        assert caught.value.message == "transform 1 cannot be applied to the document."
        assert "SetAttributes" in caught.value.hint


class TestInputs:
    def test_files_are_read_and_never_written(self, tmp_path):
        document, xdt = tmp_path / "Web.config", tmp_path / "Web.Release.config"
        document.write_bytes(b"<r><a/></r>")
        xdt.write_bytes(f'<r xmlns:x="{XDT}">\n<a x:Transform="Remove"/>\n<a x:Transform="Remove"/></r>'.encode())
        before = document.read_bytes(), xdt.read_bytes()
        result = transform(document, xdt)
        assert result.content == b"<r></r>"
        assert result.warnings[0].startswith(f"{xdt}, line 3: ")
        assert (document.read_bytes(), xdt.read_bytes()) == before
        assert len(list(tmp_path.iterdir())) == 2

    def test_a_missing_file(self, tmp_path):
        with pytest.raises(TransformError, match=r"none\.config cannot be read: No such file") as caught:
            transform(tmp_path / "none.config")
        assert caught.value.hint

    def test_a_folder_is_not_a_file(self, tmp_path):
        with pytest.raises(TransformError, match="cannot be read"):
            transform(tmp_path)

    def test_any_path_like_object(self):
        with pytest.raises(TransformError, match="cannot be read"):
            transform(PurePosixPath("/none/such"))

    @pytest.mark.parametrize("value", ["<r/>", None, 1, bytearray(b"<r/>")])
    def test_text_is_refused_because_it_could_be_a_path_or_xml(self, value):
        with pytest.raises(TransformError, match="as a path or as bytes"):
            transform(value)
        with pytest.raises(TransformError, match="as a path or as bytes"):
            transform(b"<r/>", value)

    @pytest.mark.parametrize(
        ("content", "place"),
        [
            (b"", "line 1, column 1"),
            (b"   ", "line 1, column"),
            (b"<r>\n  <a></b>\n</r>", "line 2, column"),
            (b"<r>&nbsp;</r>", "line 1, column"),
            (b"<p:r/>", "line 1, column"),
            (b"<r/><r/>", "line 1, column"),
            (b"<r>\0</r>", "line 1, column"),
            (b"<r>\xff</r>", "line 1, column"),
            (b'<?xml version="1.0" encoding="nonsense"?><r/>', "line 1, column"),
            (b'<?xml version="1.0" encoding="zlib"?><r/>', "line 1, column"),
            (b'<?xml version="1.0" encoding="utf-16"?><r/>', "line 1, column"),
            (b"\xff\xfe<\0r", "line 1, column"),
            (b"<r>" * 5000 + b"</r>" * 5000, "line 1, column"),
        ],
    )
    def test_malformed_documents_name_file_line_and_column(self, tmp_path, content, place):
        path = tmp_path / "web.config"
        path.write_bytes(content)
        with pytest.raises(TransformError) as caught:
            transform(path)
        assert caught.value.message.startswith(f"{path}, {place}")
        assert "\n" not in caught.value.message
        assert caught.value.hint

    def test_a_deep_transform(self):
        depth = 250
        opening, closing = "<a>" * depth, "</a>" * depth
        xdt = f'<r xmlns:x="{XDT}">{opening}<b x:Transform="Insert"/><c x:Transform="Remove"/>{closing}</r>'
        result = transform(f"<r>{opening}{closing}</r>".encode(), xdt.encode())
        assert result.content.count(b"<b />") == 1
        assert len(result.warnings) == 1


class TestEncodings:
    """A transform is read as its bytes are. A document must declare what it is, or .NET does not read it."""

    @pytest.mark.parametrize("declared", ["utf-16", "UTF-16LE", "ucs-2", "utf-32"])
    @pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
    def test_a_transform_in_utf_8_may_declare_another(self, declared, mark):
        xdt = f'<?xml version="1.0" encoding="{declared}"?><r xmlns:x="{XDT}"><a k="é" x:Transform="Insert"/></r>'
        assert transform(b"<r></r>", mark + xdt.encode()).content == '<r><a k="é" /></r>'.encode()

    @pytest.mark.parametrize("declared", ["utf-16", "UTF-16LE", "ucs-2", "utf-32"])
    @pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
    def test_a_document_in_utf_8_may_not(self, declared, mark):
        content = mark + f'<?xml version="1.0" encoding="{declared}"?>\n<r/>'.encode()
        for use in (lambda: transform(content), lambda: apply_settings(content, {}, {"a": "b"})):
            with pytest.raises(TransformError, match=f"declares the encoding {declared} but is not") as caught:
                use()
            assert caught.value.hint == 'Save the file as UTF-8 and declare encoding="utf-8".'

    def test_nor_may_one_in_utf_16_declare_utf_8(self):
        content = '<?xml version="1.0" encoding="utf-8"?><r/>'.encode("utf-16")
        with pytest.raises(TransformError, match="declares the encoding utf-8 but is not"):
            transform(content)
        xdt = f'<?xml version="1.0" encoding="utf-8"?><r xmlns:x="{XDT}"><a x:Transform="Insert"/></r>'
        assert transform(b"<r></r>", xdt.encode("utf-16")).content == b"<r><a /></r>"


def test_without_lxml_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "lxml.etree", None)
    for use in (lambda: transform(b"<r/>"), lambda: apply_settings(b"<r/>", {}, {})):
        with pytest.raises(DeclarationError) as caught:
            use()
        assert caught.value.hint == 'pip install "pytest-wincontainers[iis]"'


def test_importing_the_package_does_not_import_lxml():
    import subprocess

    code = "import sys, pytest_wincontainers.webconfig; sys.exit('lxml' in sys.modules)"
    root = Path(__file__).parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
