"""Masks the secrets of a run, in whatever form a program writes them."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from html.entities import html5

_MASK = "***"
_CUT = "..."
_LONGEST_PART = 240
"""Of a value that pytest has shortened, the characters at its beginning and end."""
_LEAST = 3
"""Of how many characters the beginning or end of a secret is masked there."""
_LEAST_OF_BASE64 = 6
_LONGEST_FORM = 24
_LEAST_IN_BASE64 = 5
"""Shorter ones would be found in Base64 text that has nothing to do with them."""
_ENTITIES = {"'": "apos"}
_ENTITIES.update({char: name.rstrip(";") for name, char in html5.items() if name.islower()})


class Mask:
    """Masks secrets: as they are, and as URLs, HTML, XML, JSON, programming languages and Base64 quote them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # The longest first, as one may contain another.
        self.secrets = tuple(sorted(set(filter(None, secrets)), key=lambda one: (-len(one), one)))
        literals = [form for secret in self.secrets for form in (secret, *_in_base64(secret))]
        self._literals = sorted(literals, key=len, reverse=True)
        self._encoded = [form.encode("utf-8", "surrogatepass") for form in self._literals]
        quoted = [_quoted(secret) for secret in self.secrets if not (secret.isascii() and secret.isalnum())]
        self._patterns = [re.compile(pattern) for pattern in quoted]
        self._encoded_patterns = [re.compile(pattern.encode("utf-8", "surrogatepass")) for pattern in quoted]
        self._ends: list[tuple[re.Pattern[str], re.Pattern[str]]] | None = None

    def text(self, text: str) -> str:
        """The text with every secret made unreadable."""
        for pattern in self._patterns:
            text = pattern.sub(_MASK, text)
        for literal in self._literals:
            text = text.replace(literal, _MASK)
        return text

    def shortened(self, text: str) -> str:
        """The text, in which pytest may have shortened values, with the ends of secrets made unreadable, too."""
        text = self.text(text)
        if _CUT not in text:
            return text
        if self._ends is None:
            self._ends = [ends for secret in self.secrets for ends in _ends_of(secret)]
        pieces = text.split(_CUT)
        for beginning, end in self._ends:
            pieces[1:] = [end.sub(_MASK, piece) for piece in pieces[1:]]
            pieces[:-1] = [
                piece[:-_LONGEST_PART] + beginning.sub(_MASK, piece[-_LONGEST_PART:]) for piece in pieces[:-1]
            ]
        return _CUT.join(pieces)

    def data(self, content: bytes) -> bytes:
        """UTF-8 with every secret made unreadable."""
        for pattern in self._encoded_patterns:
            content = pattern.sub(_MASK.encode(), content)
        for literal in self._encoded:
            content = content.replace(literal, _MASK.encode())
        return content

    @property
    def longest(self) -> int:
        """The length of the longest form of a secret, in bytes, and at least 1."""
        longest = max((len(secret.encode("utf-8", "surrogatepass")) for secret in self.secrets), default=1)
        return 12 * longest if self.secrets else 1


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret made unreadable."""
    return mask_of(frozenset(secrets)).text(text)


@lru_cache(maxsize=16)
def mask_of(secrets: frozenset[str]) -> Mask:
    """The mask of these secrets, made once."""
    return Mask(secrets)


def _in_base64(secret: str) -> set[str]:
    """The parts of Base64 text that no other text than one with the secret has, wherever the secret begins in it.

    PowerShell's -EncodedCommand is UTF-16.
    """
    found: set[str] = set()
    if len(secret) >= _LEAST_IN_BASE64:
        for encoding in ("utf-8", "utf-16-le"):
            raw = secret.encode(encoding, "surrogatepass")
            for before in range(3):
                # Six bits make a character; those that share theirs with neighbours are left out.
                first, end = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
                form = base64.b64encode(bytes(before) + raw)[first:end].decode()
                found |= {form, form.replace("+", "-").replace("/", "_")}
    return found


def _ends_of(secret: str) -> Iterator[tuple[re.Pattern[str], re.Pattern[str]]]:
    """Patterns of the beginning of a secret at the end of a text, and of its end at the beginning of a text."""
    yield _ends(_forms(secret), _LEAST)
    for form in _in_base64(secret):
        if len(form) > _LEAST_OF_BASE64:
            yield _ends([re.escape(char) for char in form], _LEAST_OF_BASE64)


def _ends(forms: Sequence[str], least: int) -> tuple[re.Pattern[str], re.Pattern[str]]:
    first, last = forms[: _LONGEST_PART // 2], forms[-_LONGEST_PART // 2 :]
    more = ""
    for form in reversed(first[least:]):
        more = f"(?:{form}{more})?"
    beginning = "".join(first[:least]) + more
    more = ""
    for form in last[:-least]:
        more = f"(?:{more}{form})?"
    end = more + "".join(last[-least:])
    # A character that is quoted may be cut in its middle.
    part = rf"\S{{0,{_LONGEST_FORM}}}?" if any(len(form) > 1 for form in forms) else ""
    return re.compile(rf"{beginning}{part}\Z"), re.compile(rf"\A{part}{end}")


def _quoted(secret: str) -> str:
    """A pattern of the secret with each special character as it is or quoted."""
    return "".join(_forms(secret))


def _forms(secret: str) -> list[str]:
    """A pattern for each character of the secret; for several backslashes one."""
    parts = (match[0] for match in re.finditer(r"\\+|.", secret, re.DOTALL))
    return [part if part.isascii() and part.isalnum() else _any_form(part) for part in parts]


def _any_form(char: str) -> str:
    if char.startswith("\\"):
        # As one, or a pattern could divide a long run of them in as many ways as there are.
        as_url, as_code = (
            f"(?:{form}){{{len(char)}}}"
            for form in ("%(?:25)?5[cC]", r"\\{1,4}u005[cC]|\\x5[cC]|&(?:amp;)?#(?:0*92|x0*5[cC]);")
        )
        return rf"(?:\\{{{len(char)},{8 * len(char)}}}|{as_url}|{as_code})"
    code = ord(char)
    raw = char.encode("utf-8", "surrogatepass")
    units = char.encode("utf-16-be", "surrogatepass")
    in_units = "".join(rf"\\{{1,4}}u(?i:{units[at : at + 2].hex()})" for at in range(0, len(units), 2))
    forms = [
        # A limit, as a run of backslashes would else be looked through from each of its places.
        rf"\\{{0,8}}{re.escape(char)}",
        "".join(f"%(?:25)?(?i:{byte:02x})" for byte in raw),
        f"&(?:amp;)?#(?:0*{code}|(?i:x0*{code:x}));",
        in_units,
        *([rf"\\x(?i:{code:02x})"] if code <= 0xFF else []),
        *([f"&(?:amp;)?{_ENTITIES[char]};"] if char in _ENTITIES else []),
        *([r"\+", _NEXT_LINE] if char == " " else []),
        *([rf"\\{{1,4}}{_ESCAPES[char]}"] if char in _ESCAPES else []),
    ]
    return f"(?:{'|'.join(forms)})"


_NEXT_LINE = r"""\\{0,8} ['"]\n[^'"\n]{0,200}['"]"""
"""Where pprint, and so pytest, goes on with a text in the next line."""
_ESCAPES = {"\n": "n", "\r": "r", "\t": "t"}
