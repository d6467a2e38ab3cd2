"""Strings (http://hl7.org/fhirpath/N1/#string-manipulation). An empty input or argument makes the answer empty."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from functools import lru_cache
from typing import Final

from app.fhir.regex import Pattern

from ..environment import Run
from ..errors import FhirPathError
from ..limits import room_for
from ..nodes import Items
from ..operators import EMPTY, answer
from .registry import function, integer_of, string_of

_REFERENCE: Final = re.compile(r"\$(\d+|\{\w+\})|\\(.)")


@lru_cache(maxsize=256)
def pattern(text: str) -> Pattern:
    """A compiled regular expression, in which a dot matches a line's end too; raises on a broken one, and when it is
    matched for too long (``app.fhir.regex``).
    """
    return Pattern(text, FhirPathError)


@function("indexOf", "v")
def index_of(run: Run, items: Items, part: Items) -> Items:
    text, wanted = string_of(items, "indexOf()"), string_of(part, "indexOf()")
    return EMPTY if text is None or wanted is None else [text.find(wanted)]


@function("lastIndexOf", "v")
def last_index_of(run: Run, items: Items, part: Items) -> Items:
    text, wanted = string_of(items, "lastIndexOf()"), string_of(part, "lastIndexOf()")
    return EMPTY if text is None or wanted is None else [text.rfind(wanted)]


@function("substring", "v?v")
def substring(run: Run, items: Items, start: Items, length: Items | None = None) -> Items:
    text, begin = string_of(items, "substring()"), integer_of(start, "substring()")
    if text is None or begin is None or not 0 <= begin < len(text):
        return EMPTY
    count = None if length is None else integer_of(length, "substring()")
    return [text[begin:] if count is None else text[begin : begin + max(0, count)]]


@function("startsWith", "v")
def starts_with(run: Run, items: Items, part: Items) -> Items:
    text, wanted = string_of(items, "startsWith()"), string_of(part, "startsWith()")
    return EMPTY if text is None or wanted is None else answer(text.startswith(wanted))


@function("endsWith", "v")
def ends_with(run: Run, items: Items, part: Items) -> Items:
    text, wanted = string_of(items, "endsWith()"), string_of(part, "endsWith()")
    return EMPTY if text is None or wanted is None else answer(text.endswith(wanted))


@function("contains", "v")
def contains(run: Run, items: Items, part: Items) -> Items:
    text, wanted = string_of(items, "contains()"), string_of(part, "contains()")
    return EMPTY if text is None or wanted is None else answer(wanted in text)


@function("upper")
def upper(run: Run, items: Items) -> Items:
    text = string_of(items, "upper()")
    return EMPTY if text is None else [text.upper()]


@function("lower")
def lower(run: Run, items: Items) -> Items:
    text = string_of(items, "lower()")
    return EMPTY if text is None else [text.lower()]


@function("trim")
def trim(run: Run, items: Items) -> Items:
    text = string_of(items, "trim()")
    return EMPTY if text is None else [text.strip()]


@function("length")
def length_(run: Run, items: Items) -> Items:
    text = string_of(items, "length()")
    return EMPTY if text is None else [len(text)]


@function("toChars")
def to_chars(run: Run, items: Items) -> Items:
    text = string_of(items, "toChars()")
    return EMPTY if text is None else list(text)


@function("split", "v")
def split(run: Run, items: Items, separator: Items) -> Items:
    text, mark = string_of(items, "split()"), string_of(separator, "split()")
    if text is None or mark is None:
        return EMPTY
    return list(text.split(mark)) if mark else list(text)


@function("join", "?v")
def join(run: Run, items: Items, separator: Items = EMPTY) -> Items:
    if not items:
        return EMPTY
    mark = string_of(separator, "join()") or ""
    texts = [text for item in items if (text := string_of([item], "join()")) is not None]
    room_for(sum(map(len, texts)) + len(mark) * len(texts), "join()")
    return [mark.join(texts)]


@function("replace", "vv")
def replace(run: Run, items: Items, part: Items, substitution: Items) -> Items:
    text = string_of(items, "replace()")
    old, new = string_of(part, "replace()"), string_of(substitution, "replace()")
    if text is None or old is None or new is None:
        return EMPTY
    room_for(len(text) + text.count(old) * len(new), "replace()")
    return [text.replace(old, new)]


def _flagged(regex: str, flags: Items) -> Pattern:
    letters = "".join(letter for letter in string_of(flags, "matches()") or "" if letter in "im")
    return pattern(f"(?{letters}:{regex})" if letters else regex)


@function("matches", "v?v")
def matches(run: Run, items: Items, regex: Items, flags: Items = EMPTY) -> Items:
    text, wanted = string_of(items, "matches()"), string_of(regex, "matches()")
    return EMPTY if text is None or wanted is None else answer(_flagged(wanted, flags).search(text))


@function("matchesFull", "v?v")
def matches_full(run: Run, items: Items, regex: Items, flags: Items = EMPTY) -> Items:
    text, wanted = string_of(items, "matchesFull()"), string_of(regex, "matchesFull()")
    return EMPTY if text is None or wanted is None else answer(_flagged(wanted, flags).fullmatch(text))


@function("replaceMatches", "vv?v")
def replace_matches(run: Run, items: Items, regex: Items, substitution: Items, flags: Items = EMPTY) -> Items:
    """``$1`` and ``${name}`` in the substitution are groups; an empty expression replaces nothing."""
    text = string_of(items, "replaceMatches()")
    wanted, new = string_of(regex, "replaceMatches()"), string_of(substitution, "replaceMatches()")
    if text is None or wanted is None or new is None:
        return EMPTY
    if not wanted:
        return [text]
    room_for((len(text) + 1) * len(new), "replaceMatches()")
    return [_flagged(wanted, flags).sub(_template(new), text)]


def _template(substitution: str) -> str:
    """A substitution as Python writes it: ``\\g<1>`` for ``$1``, everything else as it stands."""
    out, at = [], 0
    for found in _REFERENCE.finditer(substitution):
        out.append(substitution[at : found.start()].replace("\\", "\\\\"))
        group, escaped = found.groups()
        out.append(f"\\g<{group.strip('{}')}>" if group else escaped.replace("\\", "\\\\"))
        at = found.end()
    return "".join([*out, substitution[at:].replace("\\", "\\\\")])


@function("encode", "v")
def encode(run: Run, items: Items, format_: Items) -> Items:
    text, name = string_of(items, "encode()"), string_of(format_, "encode()")
    if text is None or name is None:
        return EMPTY
    data = text.encode()
    match name:
        case "hex":
            return [data.hex()]
        case "base64":
            return [base64.b64encode(data).decode()]
        case "urlbase64":
            return [base64.urlsafe_b64encode(data).decode()]
    raise FhirPathError(f"encode() knows hex, base64 and urlbase64, not '{name}'.")


@function("decode", "v")
def decode(run: Run, items: Items, format_: Items) -> Items:
    text, name = string_of(items, "decode()"), string_of(format_, "decode()")
    if text is None or name is None:
        return EMPTY
    try:
        match name:
            case "hex":
                return [bytes.fromhex(text).decode()]
            case "base64":
                return [base64.b64decode(text, validate=True).decode()]
            case "urlbase64":
                return [base64.b64decode(text, altchars=b"-_").decode()]
    except (ValueError, binascii.Error):
        raise FhirPathError(f"This text is not {name} of UTF-8 text.") from None
    raise FhirPathError(f"decode() knows hex, base64 and urlbase64, not '{name}'.")


@function("escape", "v")
def escape(run: Run, items: Items, target: Items) -> Items:
    text, name = string_of(items, "escape()"), string_of(target, "escape()")
    if text is None or name is None:
        return EMPTY
    if name == "html":
        return [html.escape(text, quote=True).replace("&#x27;", "&#39;")]
    if name == "json":
        return [json.dumps(text, ensure_ascii=False)[1:-1]]
    raise FhirPathError(f"escape() knows html and json, not '{name}'.")


@function("unescape", "v")
def unescape(run: Run, items: Items, target: Items) -> Items:
    text, name = string_of(items, "unescape()"), string_of(target, "unescape()")
    if text is None or name is None:
        return EMPTY
    if name == "html":
        return [html.unescape(text)]
    if name != "json":
        raise FhirPathError(f"unescape() knows html and json, not '{name}'.")
    try:
        return [json.loads(f'"{_quoted(text)}"', strict=False)]
    except ValueError:
        raise FhirPathError("This text is not an escaped JSON string.") from None


def _quoted(text: str) -> str:
    """The text with its bare quotation marks escaped, so that it can stand in JSON."""
    return re.sub(r'(\\.)|"', lambda found: found.group(1) or '\\"', text, flags=re.DOTALL)
