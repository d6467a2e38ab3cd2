"""Conversion (http://hl7.org/fhirpath/N1/#conversion): what cannot be converted is empty, never an error."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

from ..environment import Run, single
from ..equality import is_number
from ..nodes import Items, system
from ..operators import EMPTY, answer, in_range
from ..quantity import CALENDAR, Quantity, amounts, as_decimal, parse_quantity
from ..temporal import FPDate, FPDateTime, FPTime, Temporal, parse_date, parse_datetime, parse_time
from ..units import exact
from .registry import function, string_of

_INTEGER: Final = re.compile(r"[+-]?\d{1,10}", re.ASCII)
_DECIMAL: Final = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_BOOLEANS: Final = dict.fromkeys(("true", "t", "yes", "y", "1", "1.0"), True) | dict.fromkeys(
    ("false", "f", "no", "n", "0", "0.0"), False
)


def to_boolean(value: Any) -> Any:
    if value.__class__ is bool:
        return value
    if is_number(value):
        return {0: False, 1: True}.get(value)
    return _BOOLEANS.get(value.lower()) if isinstance(value, str) else None


def to_integer(value: Any) -> Any:
    if value.__class__ is bool:
        return int(value)
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return in_range(int(value))
    return value if value.__class__ is int else None


def to_decimal(value: Any) -> Any:
    if value.__class__ is bool:
        return Decimal("1.0") if value else Decimal("0.0")
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return Decimal(value)
    return as_decimal(value) if is_number(value) else None


def to_string(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if value.__class__ is bool:
        return "true" if value else "false"
    if value.__class__ is Decimal:
        return f"{value:f}"
    return str(value) if isinstance(value, int | Temporal | Quantity) else None


def to_date(value: Any) -> Any:
    if isinstance(value, FPDateTime):
        return _day_of(value.parts[:3])
    if isinstance(value, str):
        found = parse_datetime(value)
        return None if found is None else parse_date(value.split("T")[0])
    return value if isinstance(value, FPDate) else None


@lru_cache(4096)
def _day_of(parts: tuple[int, ...]) -> FPDate:
    return FPDate(parts)


def to_datetime(value: Any) -> Any:
    if isinstance(value, FPDate):
        return FPDateTime(value.parts)
    if isinstance(value, str):
        return parse_datetime(value)
    return value if isinstance(value, FPDateTime) else None


def to_time(value: Any) -> Any:
    if isinstance(value, str):
        return parse_time(value)
    return value if isinstance(value, FPTime) else None


def to_quantity(value: Any) -> Any:
    if value.__class__ is bool:
        return Quantity(Decimal("1.0") if value else Decimal("0.0"))
    if is_number(value):
        return Quantity(as_decimal(value))
    if isinstance(value, str):
        return parse_quantity(value)
    return value if isinstance(value, Quantity) else None


_CONVERSIONS: Final[dict[str, Callable[[Any], Any]]] = {
    "Boolean": to_boolean,
    "Integer": to_integer,
    "Long": to_integer,
    "Decimal": to_decimal,
    "String": to_string,
    "Date": to_date,
    "DateTime": to_datetime,
    "Time": to_time,
}


def _enter(name: str, convert: Callable[[Any], Any]) -> None:
    """``toName()`` and ``convertsToName()``."""

    def to(run: Run, items: Items) -> Items:
        item = single(items, f"to{name}()")
        found = None if item is None else convert(system(item))
        return EMPTY if found is None else [found]

    def converts(run: Run, items: Items) -> Items:
        item = single(items, f"convertsTo{name}()")
        return EMPTY if item is None else answer(convert(system(item)) is not None)

    function(f"to{name}")(to)
    function(f"convertsTo{name}")(converts)


for _name, _convert in _CONVERSIONS.items():
    _enter(_name, _convert)


def in_unit(quantity: Quantity, unit: str) -> Quantity | None:
    """The quantity in another unit; ``None`` when the units do not match."""
    target = Quantity(Decimal(1), CALENDAR.get(unit, unit), calendar=unit in CALENDAR)
    if quantity.unit == target.unit and quantity.calendar == target.calendar:
        return quantity
    both, zero = amounts(quantity, target), amounts(quantity, Quantity(Decimal(0), target.unit, target.calendar))
    if both is None or zero is None:
        return None
    scale = both[1] - zero[1]  # what one of the target is, without its zero (temperatures)
    value = Fraction(both[0] - zero[1]) / scale
    return Quantity(exact(value), target.unit, target.calendar)


def _quantity_of(items: Items, unit: Items, what: str) -> Quantity | None:
    item = single(items, what)
    found = None if item is None else to_quantity(system(item))
    wanted = string_of(unit, what)
    return found if found is None or wanted is None else in_unit(found, wanted)


@function("toQuantity", "?v")
def to_quantity_(run: Run, items: Items, unit: Items = EMPTY) -> Items:
    found = _quantity_of(items, unit, "toQuantity()")
    return EMPTY if found is None else [found]


@function("convertsToQuantity", "?v")
def converts_to_quantity(run: Run, items: Items, unit: Items = EMPTY) -> Items:
    return answer(_quantity_of(items, unit, "convertsToQuantity()") is not None) if items else EMPTY
