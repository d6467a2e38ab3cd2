"""Arithmetic of quantities (http://hl7.org/fhirpath/N1/#quantity)."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

from .quantity import Quantity, amounts, definite


def exact(value: Fraction) -> Decimal:
    """A fraction as a decimal, to 38 digits."""
    with localcontext() as context:
        context.prec = 38
        return Decimal(value.numerator) / Decimal(value.denominator)


def add_quantities(left: Quantity, right: Quantity, sign: int) -> Quantity | None:
    """The sum, or difference for ``sign`` -1, in the finer unit; ``None`` when the units do not match."""
    with localcontext() as context:
        context.prec = 200
        if left.unit == right.unit and left.calendar == right.calendar:
            return Quantity(left.value + sign * right.value, left.unit, left.calendar)
    one, other = (Quantity(Decimal(1), quantity.unit, quantity.calendar, quantity.either) for quantity in (left, right))
    scale, values = amounts(one, other), amounts(left, right)
    if scale is None or values is None:
        return None
    unit, factor = (left, scale[0]) if scale[0] <= scale[1] else (right, scale[1])
    return Quantity(exact((values[0] + sign * values[1]) / factor), unit.unit, unit.calendar)


def multiply_quantities(left: Quantity, right: Quantity) -> Quantity:
    """The product; its unit is the product of the units as UCUM writes it."""
    left, right = definite(left), definite(right)
    with localcontext() as context:
        context.prec = 200
        value = left.value * right.value
    if "1" in (left.unit, right.unit):
        return Quantity(value, right.unit if left.unit == "1" else left.unit)
    return Quantity(value, f"{_grouped(left.unit)}.{_grouped(right.unit)}")


def divide_quantities(left: Quantity, right: Quantity) -> Quantity | None:
    """The quotient, without unit when both are of one dimension; ``None`` on division by 0."""
    if not right.value:
        return None
    left, right = definite(left), definite(right)
    both = amounts(left, right)
    if both is not None and right.unit != "1":
        return Quantity(exact(both[0] / both[1]))
    with localcontext() as context:
        context.prec = 38
        value = left.value / right.value
    return Quantity(value, left.unit if right.unit == "1" else f"{left.unit}/{_grouped(right.unit)}")


def _grouped(unit: str) -> str:
    return f"({unit})" if "/" in unit or "." in unit else unit
