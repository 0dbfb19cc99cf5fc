"""Connection strings and app settings in a web.config, and in the files that its sections name."""

from __future__ import annotations

import ntpath
from collections.abc import Mapping
from pathlib import PureWindowsPath
from typing import Literal, NamedTuple

from lxml import etree

from pytest_wincontainers.webconfig.document import Document
from pytest_wincontainers.webconfig.errors import TransformError
from pytest_wincontainers.webconfig.source import read


class _Section(NamedTuple):
    name: str
    key: str
    value: str


SectionName = Literal["connectionStrings", "appSettings"]

_CONNECTION_STRINGS = _Section("connectionStrings", "name", "connectionString")
_APP_SETTINGS = _Section("appSettings", "key", "value")
_SECTIONS: Mapping[SectionName, _Section] = {"connectionStrings": _CONNECTION_STRINGS, "appSettings": _APP_SETTINGS}


class SectionFile(NamedTuple):
    """A file that a section of a web.config names."""

    path: str
    """As it is written: relative to the web.config's directory."""
    replaces: bool
    """Whether the file is the whole section (`configSource`), or overrides what the web.config has (`file`)."""
    place: str
    """The section's file and line, for messages."""

    @property
    def leads_out(self) -> bool:
        """Whether the path leads out of the web.config's directory."""
        path = PureWindowsPath(ntpath.normpath(self.path))
        return bool(path.anchor) or path.parts[:1] == ("..",)


def set_settings(
    content: bytes,
    connection_strings: Mapping[str, str],
    app_settings: Mapping[str, str],
    source: str,
    *,
    inherits: bool = False,
) -> bytes:
    """The content with the settings in it."""
    document = Document(read(content, source))
    if document.root.tag != "configuration":
        raise TransformError(
            f"{source}, line {document.root.sourceline or 1}: the root element is {document.root.tag}, "
            "but must be configuration without a namespace.",
            hint="Settings can only be set in a web.config; remove any xmlns from <configuration>.",
        )
    for section, settings in ((_CONNECTION_STRINGS, connection_strings), (_APP_SETTINGS, app_settings)):
        if settings:
            element = _section_element(document, section)
            for key, value in settings.items():
                # .NET takes two of one name, in one file or in two, for a mistake; of app settings the last one counts.
                _set(document, element, section, key, value, remove=inherits and section is _CONNECTION_STRINGS)
    return document.content()


def connection_string_names(content: bytes, source: str) -> list[str]:
    """The names of the connection strings that .NET reads in a web.config, or in a file that has the section alone.

    In alphabetical order.
    """
    root = Document(read(content, source)).root
    section = root if root.tag == _CONNECTION_STRINGS.name else root.find(_CONNECTION_STRINGS.name)
    names = {str(child.get("name")) for child in section if child.tag == "add"} if section is not None else set()
    return sorted(name for name in names if section is not None and _entries(section, _CONNECTION_STRINGS, name))


def section_file(content: bytes, name: SectionName, source: str) -> SectionFile | None:
    """The file that a section of a web.config names, if it names one.

    Raises TransformError for a `configSource` that .NET rejects (BaseConfigurationRecord.NormalizeConfigSource and
    ScanSectionsRecursive in its reference source).
    """
    document = Document(read(content, source))
    section = document.root.find(name)
    if section is None:
        return None
    path, replaces = section.get("configSource"), True
    if path is None:
        # Only this section has it, and "" is as good as none.
        path, replaces = section.get("file") if name == "appSettings" else None, False
        if not path:
            return None
    found = SectionFile(path, replaces, f"{source}, line {section.sourceline or 1}")
    if replaces:
        _check_config_source(document, section, found)
    return found


def _check_config_source(document: Document, section: etree._Element, found: SectionFile) -> None:
    told = f"configSource={found.path!r}"
    if not found.path or found.path != found.path.strip() or found.leads_out:
        raise _refusal(
            document,
            section,
            f"has {told}, which names no file in the web.config's directory",
            "Use a path that is relative to the web.config's directory and stays in it; .NET accepts no other.",
        )
    if "/" in found.path:
        raise _refusal(
            document, section, f"has {told} with a slash, which .NET rejects", "Write backslashes, on any engine."
        )
    if len(section.attrib) > 1 or len(section.findall("*")) or (section.text or "").strip():
        raise _refusal(
            document,
            section,
            f"has {told} and contents of its own, which .NET rejects",
            "Remove the other attributes and elements, or move them into that file.",
        )


def set_section(
    content: bytes, name: SectionName, settings: Mapping[str, str], source: str, *, inherits: bool = False
) -> bytes:
    """The content of a file whose root element is a section, with the settings in it."""
    document, section = _alone(content, name, source), _SECTIONS[name]
    for key, value in settings.items():
        _set(document, document.root, section, key, value, remove=inherits and section is _CONNECTION_STRINGS)
    return document.content()


def overridden(content: bytes, name: SectionName, settings: Mapping[str, str], source: str) -> dict[str, str]:
    """Those of the settings that a file whose root element is a section would override."""
    root = _alone(content, name, source).root
    key = _SECTIONS[name].key
    named = {(child.get(key) or "").lower() for child in root.iterchildren("add", "remove")}
    every = root.find("clear") is not None
    return {one: value for one, value in settings.items() if every or one.lower() in named}


def _alone(content: bytes, name: SectionName, source: str) -> Document:
    document = Document(read(content, source))
    root = document.root
    if root.tag != name:
        raise TransformError(
            f"{source}, line {root.sourceline or 1}: the root element is {root.tag}, but must be {name}.",
            hint="A file that a section of a web.config names has that section as its root element.",
        )
    _require_local(document, root)
    return document


def _section_element(document: Document, section: _Section) -> etree._Element:
    """The section's element, created if there is none."""
    root = document.root
    found = root.find(section.name)
    if found is not None:
        _require_local(document, found)
        return found
    other = root.find(f"{{*}}{section.name}")
    if other is not None:
        raise _refusal(document, other, "is in a namespace", "Remove the xmlns from it; IIS does not read it there.")
    # configSections must be the first child, or IIS refuses the whole file.
    last = next((child for name in ("connectionStrings", "configSections") for child in root.findall(name)), None)
    created = etree.Element(section.name)
    document.insert(root, len(root) if last is None else root.index(last) + 1, created)
    return created


def _require_local(document: Document, section: etree._Element) -> None:
    if section.get("configSource") is not None:
        raise _refusal(
            document,
            section,
            f"has its contents in another file, {section.get('configSource')!r}",
            "Remove configSource with a transform, or change that file instead.",
        )
    if section.get("configProtectionProvider") is not None:
        raise _refusal(
            document, section, "is encrypted", "Replace the section with a transform, or decrypt it with aspnet_regiis."
        )


def _refusal(document: Document, element: etree._Element, why: str, hint: str) -> TransformError:
    name = etree.QName(element).localname
    return TransformError(f"{document.source.name}, line {element.sourceline or 1}: <{name}> {why}.", hint=hint)


def _set(document: Document, element: etree._Element, section: _Section, key: str, value: str, *, remove: bool) -> None:
    try:
        entries = _entries(element, section, key)
        for entry in entries:
            document.set_attribute(entry, section.value, value)
        if not entries:
            if remove:
                document.insert(element, len(element), etree.Element("remove", {section.key: key}))
            entry = etree.Element("add", {section.key: key, section.value: value})
            document.insert(element, len(element), entry)
    except (TypeError, ValueError) as error:
        raise TransformError(
            f"{document.source.name}: the entry {key!r} of {section.name} cannot be written: {error}.",
            hint="Use keys and values without control characters.",
        ) from error


def _entries(section_element: etree._Element, section: _Section, key: str) -> list[etree._Element]:
    """The entries with this key that .NET reads; it ignores case, and <clear /> and <remove /> undo what is above."""
    entries: list[etree._Element] = []
    for child in section_element:
        same = (child.get(section.key) or "").lower() == key.lower() if isinstance(child.tag, str) else False
        if child.tag == "clear" or (child.tag == "remove" and same):
            entries = []
        elif child.tag == "add" and same:
            entries.append(child)
    return entries
