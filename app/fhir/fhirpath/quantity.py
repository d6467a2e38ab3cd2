"""Quantities: a decimal with a UCUM unit or a calendar duration (http://hl7.org/fhirpath/N1/#quantity)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

_WORDS: Final = ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
CALENDAR: Final[dict[str, str]] = {word: word for word in _WORDS} | {f"{word}s": word for word in _WORDS}
"""Calendar words, plural ones too, to the singular."""

_UCUM_OF: Final = {
    "year": "a",
    "month": "mo",
    "week": "wk",
    "day": "d",
    "hour": "h",
    "minute": "min",
    "second": "s",
    "millisecond": "ms",
}
_WORD_OF: Final = {code: word for word, code in _UCUM_OF.items()}
_MONTHS: Final = {"year": 12, "month": 1}
_TEXT = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*(?:'([^']+)'|([a-z]+))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Quantity:
    """``calendar``: the unit is a calendar word, singular; ``either``: it comes from FHIR, where ``a`` may mean years.

    Equality of Python objects is that of the parts; FHIRPath's own is ``compare`` and ``equivalent``.
    """

    value: Decimal
    unit: str = "1"
    calendar: bool = False
    either: bool = False

    def __str__(self) -> str:
        if self.calendar:
            return f"{self.value:f} {self.unit if self.value == 1 else self.unit + 's'}"
        return f"{self.value:f} '{self.unit}'"


def parse_quantity(text: str) -> Quantity | None:
    """``4``, ``4 'mg'`` or ``7 days``; ``None`` when the text is none."""
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        return None
    number, unit, word = found.groups()
    if word is not None:
        return Quantity(Decimal(number), CALENDAR[word], calendar=True) if word in CALENDAR else None
    return Quantity(Decimal(number), unit or "1")


def from_fhir(resource: dict[str, object]) -> Quantity | None:
    """A FHIR Quantity; ``None`` without a value, or with a comparator, which leaves the value unknown.

    Source: https://hl7.org/fhir/R4/fhirpath.html#quantity.
    """
    value = resource.get("value")
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float | Decimal)
        or resource.get("comparator") is not None
    ):
        return None
    unit = resource.get("code") or resource.get("unit") or "1"
    return Quantity(as_decimal(value), str(unit), either=str(unit) in _WORD_OF)


def as_decimal(value: float | Decimal) -> Decimal:
    """A JSON number as it was written: a float by its shortest text, not by its binary expansion."""
    return value if isinstance(value, Decimal) else Decimal(repr(value) if isinstance(value, float) else value)


def _pair(left: Quantity, right: Quantity) -> tuple[Quantity, Quantity]:
    """Both as calendar durations or both in UCUM, as far as that is exact."""
    if left.calendar and not right.calendar:
        other, turned = _pair(right, left)
        return turned, other
    if right.calendar and not left.calendar:
        word = _WORD_OF.get(left.unit) or CALENDAR.get(left.unit)
        if word and (left.either or word not in _MONTHS):
            left = Quantity(left.value, word, calendar=True)
    return left, right


def amounts(left: Quantity, right: Quantity) -> tuple[Fraction, Fraction] | None:
    """Both values in one unit, exact; ``None`` when the units cannot be compared."""
    if left.unit == right.unit and left.calendar == right.calendar:
        return Fraction(left.value), Fraction(right.value)
    left, right = _pair(left, right)
    if left.calendar != right.calendar:
        return None
    if left.calendar:
        if (left.unit in _MONTHS) != (right.unit in _MONTHS):
            return None
        if left.unit in _MONTHS:
            return Fraction(left.value) * _MONTHS[left.unit], Fraction(right.value) * _MONTHS[right.unit]
        left, right = definite(left), definite(right)
    from .ucum import convert  # the table of units is read from a file: only when units differ

    here, there = convert(Fraction(left.value), left.unit), convert(Fraction(right.value), right.unit)
    if here is None or there is None or here[1] != there[1]:
        return None
    return here[0], there[0]


def definite(quantity: Quantity) -> Quantity:
    """A calendar duration in UCUM: year as ``a``, month as ``mo``, which are averages."""
    return Quantity(quantity.value, _UCUM_OF[quantity.unit]) if quantity.calendar else quantity


def compare(left: Quantity, right: Quantity) -> int | None:
    """-1, 0, 1, or ``None`` when the units cannot be compared (mass with length, a year with ``a``)."""
    if left.unit == right.unit and left.calendar == right.calendar:
        return (left.value > right.value) - (left.value < right.value)
    both = amounts(left, right)
    return None if both is None else (both[0] > both[1]) - (both[0] < both[1])


def comparable(left: Quantity, right: Quantity) -> bool:
    """Whether the units are of one dimension."""
    return amounts(definite(left), definite(right)) is not None


def equivalent(left: Quantity, right: Quantity) -> bool:
    """Equal when both are put in the coarser unit and rounded to the less precise (``4 'g' ~ 4040 'mg'``)."""
    both = amounts(definite(left), definite(right))
    if both is None:
        return False
    ones = amounts(*(Quantity(Decimal(1), definite(quantity).unit) for quantity in (left, right)))
    unit = max(ones or (Fraction(1),))
    digits = min(
        max(0, -int(quantity.value.as_tuple().exponent)) for quantity in (left, right)
    )  # decimals of the least precise one
    return round(both[0] / unit, digits) == round(both[1] / unit, digits)
