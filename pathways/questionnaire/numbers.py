"""Numbers as people type them in Morocco: decimal comma or point, Western, Arabic-Indic or Persian digits."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

_DIGITS = {0x0660 + n: str(n) for n in range(10)} | {0x06F0 + n: str(n) for n in range(10)}
_MARKS = {0x066B: ".", 0x060C: ",", 0x2212: "-"}
"""The Arabic decimal mark, the comma of an Arabic keyboard, the minus of typesetters."""
_UNSEEN = re.compile("[\\s\u066c\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Spaces, marks of thousands and of direction: pasted with a number, no part of it."""
_WRITTEN = _DIGITS | _MARKS
_DIGITS_SHOWN = 12
_TWELVE = Context(prec=_DIGITS_SHOWN, rounding=ROUND_HALF_UP)
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?", re.ASCII)


def western(text: str) -> str:
    """The same text with Western digits, without marks of direction; dates and codes typed on an Arabic keyboard."""
    return _UNSEEN.sub(lambda found: found[0] if found[0].isspace() else "", text).translate(_DIGITS)


def parse_number(text: str) -> Decimal | None:
    """The number that was typed, digit by digit (``0,40`` → ``0.40``); None when it is none.

    Where comma and point both stand, the last one is the decimal mark (``1.234,5``); a single one always is.
    """
    plain = _UNSEEN.sub("", text).translate(_WRITTEN)
    if "," in plain and "." in plain:
        last = max(plain.rfind(","), plain.rfind("."))
        plain = plain[:last].replace(",", "").replace(".", "") + "." + plain[last + 1 :]
    plain = plain.replace(",", ".")
    return Decimal(plain.removeprefix("+")) if _NUMBER.fullmatch(plain) else None


def number_text(value: Decimal | int | float, language: str = "fr") -> str:
    """A number for people: no exponent, its own digits, the decimal comma of French and of Moroccan Arabic."""
    written = str(value) if isinstance(value, int) else format(Decimal(str(value)), "f")
    return written.replace(".", ",") if language in ("fr", "ar") else written


def decimal_places(value: Decimal | int) -> int:
    """How many digits stand after the decimal mark."""
    exponent = Decimal(value).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def to_places(value: Any, places: int | None) -> Any:
    """A number that was calculated, to so many decimal places; without them to twelve digits, as the page's script
    shows it: a third has no end. Anything else as it is.
    """
    if not isinstance(value, (Decimal, int)) or isinstance(value, bool):
        return value
    number = Decimal(value)
    if places is not None and number.adjusted() < _DIGITS_SHOWN:
        return number.quantize(Decimal(1).scaleb(-int(places)), ROUND_HALF_UP)
    return value if len(number.as_tuple().digits) <= _DIGITS_SHOWN else _TWELVE.plus(number)
