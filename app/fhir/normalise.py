"""Texts as they are compared in a search: without case, accents, or the spelling variants of Arabic.

FHIR string search ignores case and accents (https://hl7.org/fhir/R4/search.html#string). Arabic names are written
with or without vowel marks, with any of four alefs, with ة or ه and ى or ي; all of them must find each other.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_SAME = str.maketrans(
    {
        "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا",
        "ؤ": "و", "ئ": "ي", "ء": None,
        "ى": "ي", "ی": "ي", "ۍ": "ي", "ې": "ي",
        "ة": "ه", "ۀ": "ه", "ہ": "ه", "ھ": "ه",
        "ک": "ك", "ڭ": "ك", "گ": "ك", "ڨ": "ق", "ڤ": "ف", "پ": "ب",
        "ـ": None,
        "œ": "oe", "æ": "ae", "ø": "o", "đ": "d", "ł": "l", "ı": "i",
        "’": " ", "'": " ", "‘": " ", "-": " ", "‐": " ", "–": " ", ".": " ", ",": " ", "،": " ",
        **{chr(0x0660 + n): str(n) for n in range(10)},
        **{chr(0x06F0 + n): str(n) for n in range(10)},
    }
)  # fmt: skip
_SPACE = re.compile(r"\s+")


_LONGEST_KEPT = 200
"""Characters. Names and codes come again and again; a report does not, and 20,000 of them would fill the memory."""


def normalised(text: str) -> str:
    """The text for comparison: ``El-Fassí`` and ``el fassi`` are one, ``أحمَد`` and ``احمد`` too."""
    return _kept(text) if len(text) <= _LONGEST_KEPT else _wholly_folded(text)


def _wholly_folded(text: str) -> str:
    folded = _folded(text)
    while not folded.isascii() and (again := _folded(folded)) != folded:
        folded = again  # one folding may open the way to another: ℠ is SM, then sm
    return folded


_kept = lru_cache(20_000)(_wholly_folded)


def _folded(text: str) -> str:
    if text.isascii():
        return _SPACE.sub(" ", text.lower().translate(_SAME)).strip()
    # The variants are mapped before the marks are taken off: a decomposed hamza must not hide the alef below it.
    composed = unicodedata.normalize("NFKC", text).casefold().translate(_SAME)
    bare = "".join(c for c in unicodedata.normalize("NFD", composed) if not unicodedata.combining(c))
    return _SPACE.sub(" ", unicodedata.normalize("NFC", bare)).strip()


def words(text: str) -> list[str]:
    """The normalised words of a text, without the Arabic article where the rest is a word: ``الفاسي`` also as
    ``فاسي``.
    """
    found: list[str] = []
    for word in normalised(text).split():
        found.append(word)
        if word.startswith("ال") and len(word) > 4:
            found.append(word[2:])
    return found


def digits(text: str) -> str:
    """The digits of a phone number as one subscriber has them: ``+212 6 12-34`` and ``06 12-34`` end alike.

    The Moroccan trunk (0) and country code (212, 00212) are taken off.
    """
    number = re.sub(r"\D", "", normalised(text))
    for prefix in ("00212", "212", "0"):
        if number.startswith(prefix) and len(number) - len(prefix) >= 8:
            return number[len(prefix) :]
    return number
