"""The primitive types of R4 (https://hl7.org/fhir/R4/datatypes.html#primitive), one check each.

A check takes the JSON value and answers None, or in words what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from app.fhir.validation.narrative import xhtml

Check = Callable[[Any], str | None]

MAX_TEXT = 1024 * 1024
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_WORD = r"[^\x00-\x20]+"
_YEAR = r"(?:\d(?:\d(?:\d[1-9]|[1-9]0)|[1-9]00)|[1-9]000)"
_DAY = r"(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?"
_ZONE = r"(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))"
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", re.ASCII)


def kind(value: Any) -> str:
    """What a JSON value is, in words."""
    if value is None:
        return "null"
    names = {bool: "true or false", str: "a string", dict: "an object", list: "a list"}
    return names.get(type(value), "a number")


def _wrong(name: str, value: Any, hint: str) -> str:
    shown = f"'{value[:60]}'" if isinstance(value, str) else kind(value)
    return f"{shown} is not a {name}: {hint}."


def _pattern(name: str, expression: str, hint: str) -> Check:
    match = re.compile(expression, re.ASCII).fullmatch

    def check(value: Any) -> str | None:
        if value.__class__ is str and match(value):
            return None
        return _wrong(name, value, hint)

    return check


def _dated(name: str, expression: str, hint: str) -> Check:
    match = re.compile(expression, re.ASCII).fullmatch

    def check(value: Any) -> str | None:
        if value.__class__ is not str or not match(value):
            return _wrong(name, value, hint)
        if value[8:10] > "28":
            try:
                date.fromisoformat(value[:10])
            except ValueError:
                return f"'{value}' is in no calendar: that month has no day {value[8:10]}."
        return None

    return check


def string(value: Any) -> str | None:
    """Text: not empty, no control characters, at most 1 MiB characters; spaces of any script are welcome."""
    if value.__class__ is not str:
        return f"A string is expected, not {kind(value)}."
    if not value:
        return "A string is never empty: leave the element out."
    if _CONTROL.search(value):
        return "Control characters are not allowed in a string."
    return None if len(value) <= MAX_TEXT else "A string has at most 1048576 characters."


def boolean(value: Any) -> str | None:
    """JSON true or false, never a string."""
    return None if value is True or value is False else f"true or false is expected, not {_said(value)}."


def _whole(name: str, low: int) -> Check:
    def check(value: Any) -> str | None:
        if value.__class__ is not int:
            return f"A whole number ({name}) is expected, not {_said(value)}."
        return None if low <= value <= 2147483647 else f"{value} is outside {low} … 2147483647 ({name})."

    return check


def decimal(value: Any) -> str | None:
    """A JSON number; its exponent is kept within bounds that every database can hold."""
    if value.__class__ is Decimal:
        fine = value.is_finite() and abs(value.adjusted()) <= 308 and len(value.as_tuple().digits) <= 1000
    elif value.__class__ is int:
        fine = abs(value) < 10**309
    elif value.__class__ is float:
        fine = abs(value) < float("inf")
    else:
        return f"A number is expected, not {_said(value)}."
    return None if fine else "This number is too large, too small or too long to be kept."


def _said(value: Any) -> str:
    return f"the string '{value[:60]}'" if isinstance(value, str) else kind(value)


def base64(value: Any) -> str | None:
    """Base64 text; whitespace between the groups is allowed."""
    if value.__class__ is str and value and _BASE64.fullmatch("".join(value.split())):
        return None
    return _wrong(
        "base64Binary", "" if isinstance(value, str) else value, "groups of four of A-Z a-z 0-9 + /, padded with ="
    )


_DATE_HINT = "write 2024, 2024-03 or 2024-03-31"
CHECKS: dict[str, Check] = {
    "string": string,
    "markdown": string,
    "xhtml": xhtml,
    "boolean": boolean,
    "integer": _whole("integer", -2147483648),
    "unsignedInt": _whole("unsignedInt", 0),
    "positiveInt": _whole("positiveInt", 1),
    "decimal": decimal,
    "base64Binary": base64,
    "code": _pattern("code", rf"{_WORD}(?:[ \t\n\r]{_WORD})*", "no empty text, no spaces around it or twice in a row"),
    "id": _pattern("id", r"[A-Za-z0-9\-.]{1,64}", "1 to 64 of A-Z a-z 0-9 - and ."),
    "uri": _pattern("uri", _WORD, "an address without spaces"),
    "url": _pattern("url", _WORD, "an address without spaces"),
    "canonical": _pattern("canonical", _WORD, "an address without spaces"),
    "oid": _pattern("oid", r"urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+", "write urn:oid:1.2.3"),
    "uuid": _pattern(
        "uuid", r"urn:uuid:[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}", "write urn:uuid: and 36 lower-case characters"
    ),
    "time": _pattern("time", _CLOCK, "write 14:30:00"),
    "date": _dated("date", rf"{_YEAR}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?", _DATE_HINT),
    "dateTime": _dated(
        "dateTime",
        rf"{_YEAR}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01])(?:T{_CLOCK}{_ZONE})?)?)?",
        f"{_DATE_HINT}, or with seconds and a zone 2024-03-31T09:30:00+01:00",
    ),
    "instant": _dated("instant", rf"{_YEAR}-{_DAY}T{_CLOCK}{_ZONE}", "write 2024-03-31T09:30:00.000+01:00"),
}
