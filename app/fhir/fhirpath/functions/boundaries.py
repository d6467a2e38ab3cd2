"""How far a value of limited precision may reach (http://hl7.org/fhirpath/#lowboundaryprecision-integer-decimal--date--datetime--time)."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from ..environment import Run, single
from ..equality import is_number, told
from ..errors import FhirPathError
from ..nodes import Items, system
from ..operators import EMPTY
from ..quantity import Quantity, as_decimal
from ..temporal import FPDate, FPDateTime, FPTime, Temporal, month_days
from .registry import function, integer_of

MAX_PLACES = 31
_DATETIME_PARTS = {4: 1, 6: 2, 8: 3, 10: 4, 12: 5, 14: 6, 17: 7}
_TIME_PARTS = {2: 1, 4: 2, 6: 3, 9: 4}
_EARLIEST_OFFSET, _LATEST_OFFSET = 14 * 60, -12 * 60


def decimal_boundary(value: Decimal, places: int, *, high: bool) -> Decimal:
    """Half a unit of the last digit away, at a number of decimal places.

    Away from zero it is rounded, toward zero it is cut, as the official suite has it: 1.587 lies from 1.58 to 1.59.
    """
    with localcontext() as context:
        context.prec = 200
        half = Decimal(5).scaleb(min(0, int(value.as_tuple().exponent)) - 1)
        outward = high != (value < 0) or value == 0
        size = value.copy_abs() + (half if outward else -half)
        step = Decimal(1).scaleb(-places)
        found = size.quantize(step, ROUND_HALF_UP if outward else ROUND_DOWN)
        return -found if value < 0 or (value == 0 and not high) else found


def temporal_boundary(value: Temporal, digits: int, *, high: bool) -> Temporal | None:
    """The first or last value of a precision, counted in digits as ``precision()`` does; ``None`` for one unknown."""
    if isinstance(value, FPTime):
        known = _TIME_PARTS.get(digits)
        return None if known is None else FPTime(*_clock(value.parts, value.fraction, known, high=high))
    known = _DATETIME_PARTS.get(digits)
    if known is None or (isinstance(value, FPDate) and known > 3):
        return None
    parts = list(value.parts[:3])
    if len(parts) < 2:
        parts.append(12 if high else 1)
    if len(parts) < 3:
        parts.append(month_days(parts[0], parts[1]) if high else 1)
    if isinstance(value, FPDate):
        return FPDate(tuple(parts[:known]))
    if known <= 3:
        return FPDateTime(tuple(parts[:known]))
    given = value.parts[3:]
    if len(given) == 1:  # FHIR has no hour without minutes: the official suite takes T08 for T08:00
        given = (*given, 0)
    clock, fraction = _clock(given, value.fraction, known - 3, high=high)
    offset = value.offset
    if offset is None:
        offset = _LATEST_OFFSET if high else _EARLIEST_OFFSET
    return FPDateTime((*parts, *clock), fraction, offset)


def _clock(parts: tuple[int, ...], fraction: str, known: int, *, high: bool) -> tuple[tuple[int, ...], str]:
    fill = (23, 59, 59) if high else (0, 0, 0)
    clock = (*parts, *fill[len(parts) :])
    filler = "9" if high and len(parts) < 3 else "0"
    if len(parts) == 3 and not fraction and high:
        filler = "9"
    return clock[: min(known, 3)], (fraction[:3].ljust(3, filler) if known > 3 else "")


def _boundary(items: Items, precision: Items, what: str, *, high: bool) -> Items:
    item = single(items, what)
    if item is None:
        return EMPTY
    value: Any = system(item)
    places = integer_of(precision, what)
    if isinstance(value, Temporal):
        default = 8 if isinstance(value, FPDate) else 9 if isinstance(value, FPTime) else 17
        found = temporal_boundary(value, default if places is None else places, high=high)
        return EMPTY if found is None else [found]
    count = 8 if places is None else places
    if not (is_number(value) or isinstance(value, Quantity)):
        raise FhirPathError(f"{what} is for numbers, quantities, dates and times, not for {told(item)}.")
    if not 0 <= count <= MAX_PLACES:
        return EMPTY
    if isinstance(value, Quantity):
        return [Quantity(decimal_boundary(value.value, count, high=high), value.unit, value.calendar, value.either)]
    return [decimal_boundary(as_decimal(value), count, high=high)]


@function("lowBoundary", "?v")
def low_boundary(run: Run, items: Items, precision: Items = EMPTY) -> Items:
    return _boundary(items, precision, "lowBoundary()", high=False)


@function("highBoundary", "?v")
def high_boundary(run: Run, items: Items, precision: Items = EMPTY) -> Items:
    return _boundary(items, precision, "highBoundary()", high=True)


@function("precision")
def precision(run: Run, items: Items) -> Items:
    """Decimal places of a decimal; digits of a date or time (4 a year, 17 a dateTime with milliseconds)."""
    item = single(items, "precision()")
    if item is None:
        return EMPTY
    value: Any = system(item)
    if isinstance(value, FPTime):
        return [2 * len(value.parts) + len(value.fraction[:3])]
    if isinstance(value, Temporal):
        return [4 + 2 * (len(value.parts) - 1) + len(value.fraction[:3])]
    if isinstance(value, Quantity):
        value = value.value
    if not is_number(value):
        raise FhirPathError(f"precision() is for decimals, dates and times, not for {told(item)}.")
    return [max(0, -int(as_decimal(value).as_tuple().exponent))]
