"""The engine: goes through a transform in document order and applies what its elements say."""

from __future__ import annotations

import os
from collections.abc import Iterable

from lxml import etree

from pytest_wincontainers.webconfig.content import Named
from pytest_wincontainers.webconfig.document import Document
from pytest_wincontainers.webconfig.errors import Problem, TransformError
from pytest_wincontainers.webconfig.locators import XDT, Step, call_in
from pytest_wincontainers.webconfig.source import Source, parse, read
from pytest_wincontainers.webconfig.transforms import TRANSFORMS, Transform, TransformCall


def apply_transforms(
    document: bytes | os.PathLike[str] | Named, transforms: Iterable[bytes | os.PathLike[str] | Named]
) -> tuple[bytes, tuple[str, ...]]:
    """The transformed content and the warnings."""
    source = read(document, "the document")
    sources = [read(given, f"transform {number}", strict=False) for number, given in enumerate(transforms, 1)]
    target = Document(source)
    warnings: dict[str, None] = {}
    for run in [_Run(transform, target, warnings) for transform in sources]:
        run.apply()
    return target.content(), tuple(warnings)


class _Run:
    """One transform that is applied to a document. It adds to the warnings of those before it."""

    def __init__(self, source: Source, document: Document, warnings: dict[str, None]) -> None:
        self.source = source
        self.transform = Document(source)
        self.document = document
        # Each once: thousands of targets can warn in the same words.
        self.warnings = warnings
        self.errors: dict[str, str] = {}
        self._original: etree._ElementTree | None = None

    def apply(self) -> None:
        if not self._uses_xdt():
            self._warn(
                self.root,
                f'no element declares xmlns:xdt="{XDT}" in this exact spelling, so the transform changes nothing.',
            )
            return
        self._warn_of_unknown_tags()
        # Depth first with a stack of its own: a parent's transform runs before its children's.
        steps = [Step(self.root, None)]
        while steps:
            step = steps.pop()
            try:
                self._handle(step)
            except Problem as problem:
                self._error(step, problem)
                # Microsoft's engine leaves out the children of an element that it cannot read.
                continue
            children = [child for child in step.element if isinstance(child.tag, str)]
            steps += [Step(child, step) for child in reversed(children)]
        if self.errors:
            raise TransformError(
                f"{self.source.name} cannot be applied to {self.document.source.name}.",
                hint=" ".join(dict.fromkeys(filter(None, self.errors.values()))),
                details="\n".join([*self.errors, *(f"warning: {warning}" for warning in self.warnings)]),
            )

    def _handle(self, step: Step) -> None:
        call = call_in(step.element, "Transform")
        if call is None:
            return
        transform = TRANSFORMS.get(call.name)
        if transform is None:
            raise Problem(
                f"There is no transform {call.name!r}.",
                hint=f"The transforms are {', '.join(sorted(TRANSFORMS))}; their names are case-sensitive.",
            )
        quiet = _suppresses_warnings(step.element)

        def warn(text: str) -> None:
            if not quiet:
                self._warn(step.element, text)

        try:
            path = _target_path(step, transform)
            targets = step.select(self._tree, path)
            if targets:
                transform.apply(
                    TransformCall(call.name, call.arguments, step, self.transform, self.document, path, targets, warn)
                )
                return
            missing = self._missing(step, transform)
            if transform.into_parent:
                raise Problem(
                    f"{call.name} has no parent to insert into: {missing}",
                    hint="Create the parent element first, with a separate Insert before this one.",
                )
            warn(f"{call.name} changes nothing: {missing}")
        except Problem as problem:
            # Not passed on: after an error here the children still have their turn.
            self._error(step, problem)

    def _missing(self, step: Step, transform: Transform) -> str:
        """Which path leads to nothing: that of the outermost element that is missing."""
        failed = step
        if transform.into_parent and step.parent and step.parent_path == step.parent.path:
            failed = step.parent
        while failed.parent and not failed.parent.select(self._tree, failed.parent.path):
            failed = failed.parent
        message = f"no element matches {failed.path}."
        if failed.select(self._original_tree, failed.path):
            return f"{message[:-1]}; an earlier transform removed it."
        return message

    @property
    def root(self) -> etree._Element:
        return self.transform.root

    @property
    def _tree(self) -> etree._ElementTree:
        return self.document.root.getroottree()

    @property
    def _original_tree(self) -> etree._ElementTree:
        if self._original is None:
            self._original = parse(self.document.source).getroottree()
        return self._original

    def _uses_xdt(self) -> bool:
        return any(XDT in node.nsmap.values() for node in self.root.iter(etree.Element))

    def _warn_of_unknown_tags(self) -> None:
        for element in self.root.iter(f"{{{XDT}}}*"):
            name = etree.QName(element).localname
            if name == "Import":
                self._warn(element, "xdt:Import is ignored because transforms in .NET assemblies cannot run here.")
            else:
                self._warn(element, f"xdt:{name} is unknown and changes nothing.")

    def _place(self, element: etree._Element) -> str:
        return f"{self.source.name}, line {element.sourceline or 1}"

    def _warn(self, element: etree._Element, text: str) -> None:
        self.warnings[f"{self._place(element)}: {text}"] = None

    def _error(self, step: Step, problem: Problem) -> None:
        self.errors[f"{self._place(step.element)}: {problem.message}"] = problem.hint


def _target_path(step: Step, transform: Transform) -> str:
    # Also for Insert, which only needs the parent's: Microsoft's engine makes the element's own path for its log.
    own = step.path
    if not transform.into_parent:
        return own
    if step.parent is None:
        raise Problem(
            "The root element of a transform has no parent to be inserted into.",
            hint="Put the transform on an element inside the root element.",
        )
    return step.parent_path


def _suppresses_warnings(element: etree._Element) -> bool:
    # Spelled with one p, as Microsoft's engine spells it.
    value = element.get(f"{{{XDT}}}SupressWarnings", "false").strip().lower()
    if value not in ("true", "false"):
        raise Problem(
            f"xdt:SupressWarnings={value!r} is neither true nor false.", hint='Write xdt:SupressWarnings="true".'
        )
    return value == "true"
