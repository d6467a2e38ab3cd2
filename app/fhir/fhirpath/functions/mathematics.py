"""Mathematics (http://hl7.org/fhirpath/N1/#math). Results are decimals of up to 28 digits; overflow is empty."""

from __future__ import annotations

from collections.abc import Callable
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DecimalException,
    localcontext,
)
from typing import Any

from ..environment import Run, single
from ..equality import is_number, told
from ..errors import FhirPathError
from ..nodes import Items, system
from ..operators import EMPTY, in_range
from ..quantity import Quantity, as_decimal
from .registry import function, integer_of

_WORKING = Context(prec=60)
_DIGITS = Context(prec=28)
MAX_PLACES = 100
"""Decimal places of ``round``."""


def _number(items: Items, what: str) -> Any:
    item = single(items, what)
    value = None if item is None else system(item)
    if value is not None and not is_number(value):
        raise FhirPathError(f"{what} is for numbers, not for {told(item)}.")
    return value


def _decimal(items: Items, what: str, calculate: Callable[[Decimal], Decimal | None]) -> Items:
    """The calculation at 60 digits, rounded to 28; outside its domain, empty."""
    value = _number(items, what)
    if value is None:
        return EMPTY
    try:
        with localcontext(_WORKING):
            found = calculate(as_decimal(value))
    except (DecimalException, OverflowError):
        return EMPTY
    return EMPTY if found is None or not found.is_finite() else [_rounded(found)]


def _rounded(value: Decimal) -> Decimal:
    return _DIGITS.plus(value)


@function("abs")
def abs_(run: Run, items: Items) -> Items:
    item = single(items, "abs()")
    value = None if item is None else system(item)
    if isinstance(value, Quantity):
        return [Quantity(value.value.copy_abs(), value.unit, value.calendar, value.either)]
    number = _number(items, "abs()")
    return EMPTY if number is None else [abs(number) if number.__class__ is int else number.copy_abs()]


def _integral(items: Items, what: str, rounding: str | None) -> Items:
    quantity = system(items[0]) if len(items) == 1 else None
    if isinstance(quantity, Quantity):
        rounded = quantity.value.to_integral_value(rounding or ROUND_DOWN)
        return [Quantity(rounded, quantity.unit, quantity.calendar, quantity.either)]
    value = _number(items, what)
    if value is None:
        return EMPTY
    found = in_range(int(value) if rounding is None else int(as_decimal(value).to_integral_value(rounding)))
    return EMPTY if found is None else [found]


@function("ceiling")
def ceiling(run: Run, items: Items) -> Items:
    return _integral(items, "ceiling()", ROUND_CEILING)


@function("floor")
def floor(run: Run, items: Items) -> Items:
    return _integral(items, "floor()", ROUND_FLOOR)


@function("truncate")
def truncate(run: Run, items: Items) -> Items:
    return _integral(items, "truncate()", None)


@function("round", "?v")
def round_(run: Run, items: Items, places: Items = EMPTY) -> Items:
    """Half away from zero, as taught at school."""
    count = integer_of(places, "round()") or 0
    if not 0 <= count <= MAX_PLACES:
        raise FhirPathError(f"round() takes 0 to {MAX_PLACES} decimal places, not {count}.")
    quantity = system(items[0]) if len(items) == 1 else None
    if isinstance(quantity, Quantity):
        found = round_(run, [quantity.value], places)
        return [Quantity(found[0], quantity.unit, quantity.calendar, quantity.either)] if found else EMPTY
    value = _number(items, "round()")
    if value is None:
        return EMPTY
    with localcontext() as context:
        context.prec = 1000
        try:
            return [as_decimal(value).quantize(Decimal(1).scaleb(-count), ROUND_HALF_UP)]
        except DecimalException:
            return EMPTY


@function("sqrt")
def sqrt(run: Run, items: Items) -> Items:
    return _decimal(items, "sqrt()", lambda value: None if value < 0 else value.sqrt())


@function("exp")
def exp(run: Run, items: Items) -> Items:
    return _decimal(items, "exp()", lambda value: value.exp() if abs(value) < 10_000 else None)


@function("ln")
def ln(run: Run, items: Items) -> Items:
    return _decimal(items, "ln()", lambda value: value.ln() if value > 0 else None)


@function("log", "v")
def log(run: Run, items: Items, base: Items) -> Items:
    root = _number(base, "log()")
    if root is None or root <= 0 or root == 1:
        return EMPTY
    return _decimal(items, "log()", lambda value: value.ln() / as_decimal(root).ln() if value > 0 else None)


@function("power", "v")
def power(run: Run, items: Items, exponent: Items) -> Items:
    """Integer to an Integer not below 0 is an Integer; a root of a negative number is empty."""
    value, count = _number(items, "power()"), _number(exponent, "power()")
    if value is None or count is None:
        return EMPTY
    if count == 0:  # of 0 too, as everywhere in computing; decimal arithmetic alone refuses it
        return [1 if value.__class__ is int and count.__class__ is int else Decimal("1.0")]
    found = _decimal([as_decimal(value)], "power()", lambda base: base ** as_decimal(count))
    if found and value.__class__ is int and count.__class__ is int and count >= 0:
        whole = in_range(int(found[0])) if abs(found[0]) < 2**40 else None
        return EMPTY if whole is None else [whole]
    return found
