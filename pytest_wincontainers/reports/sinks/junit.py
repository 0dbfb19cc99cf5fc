"""JUnit XML: the paths of a failing test's files, as properties and as attachments that CI servers know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from pytest_wincontainers.evidence import FailureEvidence
from pytest_wincontainers.reports.logs.files import replace_file

_PREFIX = "wincontainers_"
_FOLDER = f"{_PREFIX}files"


class JUnitProperties:
    """Adds a property with the path of each file: `wincontainers_browser_screenshot`."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_wincontainers_failure(
        self, item: pytest.Item, evidence: FailureEvidence, report: pytest.TestReport
    ) -> None:
        found = [(_FOLDER, evidence.folder)] if evidence.attachments else []
        found += [(f"{_PREFIX}{_slug(one.name)}", one.path) for one in evidence.attachments]
        for one in found:
            # pytest writes those of the last phase's report, which gets the test's.
            for properties in (item.user_properties, report.user_properties):
                if one not in properties:
                    properties.append(one)


def add_attachments(path: Path, environ: Mapping[str, str]) -> None:
    """Name the files in the file that pytest has written, in the way that Jenkins and GitLab know.

    pytest writes no output of tests unless it is told to with `junit_logging`. GitLab wants paths below its project's
    directory (gitlab-org/gitlab lib/gitlab/ci/parsers/test/junit.rb), Jenkins whole ones. Raises OSError.
    """
    try:
        # Of pytest, which has escaped all text.
        tree = ET.parse(path)  # noqa: S314
    except ET.ParseError:
        return
    base = environ.get("CI_PROJECT_DIR")
    changed = False
    for case in tree.iter("testcase"):
        given = [(one.get("name", ""), one.get("value", "")) for one in case.iter("property")]
        paths = [value for name, value in given if name.startswith(_PREFIX) and name != _FOLDER]
        lines = [f"[[ATTACHMENT|{_below(base, value)}]]" for value in paths]
        if not lines:
            continue
        output = case.find("system-out")
        if output is None:
            output = ET.SubElement(case, "system-out")
        output.text = "\n".join([*filter(None, [output.text]), *lines]) + "\n"
        changed = True
    if changed:
        replace_file(path, ET.tostring(tree.getroot(), encoding="utf-8", xml_declaration=True))


def _below(base: str | None, path: str) -> str:
    if base is not None and Path(path).is_relative_to(base):
        return Path(path).relative_to(base).as_posix()
    return path


def _slug(name: str) -> str:
    return re.sub(r"\W+", "_", name).strip("_").lower()
