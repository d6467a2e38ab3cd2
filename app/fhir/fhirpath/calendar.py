"""Adding time-valued quantities to dates and times (http://hl7.org/fhirpath/N1/#datetime-arithmetic)."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_DOWN, Decimal
from functools import lru_cache
from typing import Final

from .errors import FhirPathError
from .quantity import CALENDAR, Quantity
from .temporal import DAY, NANO, FPDate, FPDateTime, FPTime, Temporal, month_days, nanoseconds

_DEFINITE: Final = {"wk": "week", "d": "day", "h": "hour", "min": "minute", "s": "second", "ms": "millisecond"}
_NANOSECONDS: Final = {
    "week": 7 * DAY,
    "day": DAY,
    "hour": 3600 * NANO,
    "minute": 60 * NANO,
    "second": NANO,
    "millisecond": NANO // 1000,
}
_PRECISION: Final = {1: "year", 2: "month", 3: "day", 4: "hour", 5: "minute"}
_ORDER: Final = ("millisecond", "second", "minute", "hour", "day", "week", "month", "year")
_TO_COARSER: Final = {"millisecond": 1000, "second": 60, "minute": 60, "hour": 24, "day": 30, "month": 12}


@lru_cache(4096)
def add(value: Temporal, quantity: Quantity, sign: int = 1) -> Temporal | None:
    """The value moved by a quantity of time, of the same precision; ``None`` outside the years 1 to 9999.

    Raises ``FhirPathError`` on a unit of no calendar length: UCUM's ``a`` and ``mo`` are averages.
    """
    unit = CALENDAR.get(quantity.unit) or _DEFINITE.get(quantity.unit)
    if unit is None:
        hint = {"a": " Write years.", "mo": " Write months."}.get(quantity.unit, "")
        raise FhirPathError(f"'{quantity.unit}' cannot be added to a date or time.{hint}")
    amount = quantity.value * sign
    if unit == "second" and quantity.calendar:
        unit, amount = "millisecond", amount * 1000
    count = int(amount.to_integral_value(ROUND_DOWN))
    if isinstance(value, FPTime):
        return _add_to_time(value, count, unit)
    precision = _PRECISION.get(len(value.parts))
    if precision:
        count, unit = _coarser(count, unit, precision)
    if unit in ("year", "month"):
        return _add_months(value, count * (12 if unit == "year" else 1))
    return _add_length(value, count * _NANOSECONDS[unit])


def _coarser(count: int, unit: str, precision: str) -> tuple[int, str]:
    """A count of a unit finer than the precision, as whole units of the precision: 25 hours are 1 day."""
    if unit == "week":
        count, unit = count * 7, "day"
    days_to_year = unit in ("day", "hour", "minute", "second", "millisecond") and precision == "year"
    total = Decimal(count)
    while _ORDER.index(unit) < _ORDER.index(precision):
        if unit == "day" and days_to_year:
            total, unit = total / 365, "year"
        else:
            total, unit = total / _TO_COARSER[unit], _next(unit)
    return int(total.to_integral_value(ROUND_DOWN)), unit


def _next(unit: str) -> str:
    return "month" if unit == "day" else _ORDER[_ORDER.index(unit) + 1]


def _add_months(value: Temporal, months: int) -> Temporal | None:
    parts = value.parts
    year, month = divmod(parts[0] * 12 + (parts[1] - 1 if len(parts) > 1 else 0) + months, 12)
    if not 1 <= year <= 9999:
        return None
    moved: tuple[int, ...] = (year,)
    if len(parts) > 1:
        moved = (year, month + 1)
    if len(parts) > 2:
        moved = (*moved, min(parts[2], month_days(year, month + 1)), *parts[3:])
    return type(value)(moved, value.fraction, value.offset)


def _add_length(value: Temporal, length: int) -> Temporal | None:
    parts = value.parts
    clock = _of_day(parts[3:], value.fraction) + length
    days, rest = divmod(clock, DAY)
    ordinal = date(parts[0], parts[1], parts[2]).toordinal() + days
    if not 1 <= ordinal <= date.max.toordinal():
        return None
    day = date.fromordinal(ordinal)
    clock_parts, fraction = _clock(rest, len(parts) - 3, value.fraction)
    moved = (day.year, day.month, day.day, *clock_parts)
    return FPDate(moved) if isinstance(value, FPDate) else FPDateTime(moved, fraction, value.offset)


def _add_to_time(value: FPTime, count: int, unit: str) -> FPTime:
    if unit not in _NANOSECONDS or unit in ("week", "day"):
        raise FhirPathError(f"{unit}s cannot be added to a time of day.")
    if len(value.parts) < 3:
        count, unit = _coarser(count, unit, {1: "hour", 2: "minute"}[len(value.parts)])
    moved = (_of_day(value.parts, value.fraction) + count * _NANOSECONDS[unit]) % DAY
    parts, fraction = _clock(moved, len(value.parts), value.fraction)
    return FPTime(parts, fraction)


def _of_day(parts: tuple[int, ...], fraction: str) -> int:
    """Nanoseconds since midnight."""
    units = zip(parts, (3600 * NANO, 60 * NANO, NANO), strict=False)
    return sum(part * unit for part, unit in units) + nanoseconds(fraction)


def _clock(nanosecond: int, known: int, fraction: str) -> tuple[tuple[int, ...], str]:
    """Hour, minute, second as far as ``known``, and a fraction of at least as many digits as before."""
    second, rest = divmod(nanosecond, NANO)
    parts = (second // 3600, second // 60 % 60, second % 60)[:known]
    if known < 3:
        return parts, ""
    digits = f"{rest:09d}"
    width = max(len(fraction), 3 if rest else 0)
    return parts, digits[:width] if width <= 9 else digits.ljust(width, "0")
