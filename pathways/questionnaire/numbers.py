"""Numbers as people type them in Morocco: decimal comma or point, Western, Arabic-Indic or Persian digits."""

from __future__ import annotations

import re
from decimal import Decimal

_DIGITS = {0x0660 + n: str(n) for n in range(10)} | {0x06F0 + n: str(n) for n in range(10)}
_MARKS = {"\u066b": ".", "\u2212": "-"} | dict.fromkeys(
    "\u066c\u00a0\u202f\u2009\u200e\u200f\u2066\u2067\u2068\u2069 ", ""
)
_WRITTEN = _DIGITS | {ord(mark): other for mark, other in _MARKS.items()}
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?", re.ASCII)


def western(text: str) -> str:
    """The same text with Western digits; dates and codes typed on an Arabic keyboard."""
    return text.translate(_DIGITS)


def parse_number(text: str) -> Decimal | None:
    """The number that was typed, digit by digit (``0,40`` → ``0.40``); None when it is none.

    Where comma and point both stand, the last one is the decimal mark (``1.234,5``); a single one always is.
    """
    plain = text.translate(_WRITTEN)
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
