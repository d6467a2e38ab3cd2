"""Reading what people type: digits of either script, comma or dot, dates in two orders. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal, InvalidOperation

_DIGITS = {
    ord(eastern): str(value) for start in ("٠", "۰") for value in range(10) for eastern in (chr(ord(start) + value),)
}
_NUMBER_SIGNS = {ord("٫"): ".", ord("٬"): "", ord(","): ".", ord("،"): ".", ord("−"): "-"}
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"))
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_DAY = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})")


class Unreadable(ValueError):
    """What was typed is not what the field asks for."""


def clean_text(text: str) -> str:
    """Trimmed, NFC, without invisible direction marks (they come with copied Arabic and break searches)."""
    return unicodedata.normalize("NFC", text.translate(_INVISIBLE)).strip()


def western(text: str) -> str:
    """Arabic-Indic and Persian digits as 0-9."""
    return text.translate(_DIGITS)


def read_number(text: str) -> Decimal:
    """``7,2``, ``7.2``, ``٧٫٢`` and ``1 200`` to a Decimal. Raises Unreadable."""
    plain = re.sub(r"[\s\u202f\u00a0]", "", western(clean_text(text))).translate(_NUMBER_SIGNS)
    if not _NUMBER.fullmatch(plain) or len(plain) > 30:
        raise Unreadable(text)
    try:
        return Decimal(plain)
    except InvalidOperation as error:
        raise Unreadable(text) from error


def read_day(text: str) -> date:
    """``2026-11-21`` or ``21/11/2026`` (day first) to a date. Raises Unreadable."""
    plain = western(clean_text(text))
    try:
        found = _DAY.fullmatch(plain)
        return date(int(found[3]), int(found[2]), int(found[1])) if found else date.fromisoformat(plain)
    except ValueError as error:
        raise Unreadable(text) from error
