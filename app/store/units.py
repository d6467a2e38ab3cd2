"""UCUM quantities in base units, so that ``0.5 g`` finds what was measured as ``500 mg`` (https://ucum.org/ucum)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from app.fhir.fhirpath.ucum import Unit, lookup

UCUM = "http://unitsofmeasure.org"
_NONE = ("", 0.0, 0.0)


@lru_cache(1024)
def _unit(code: str) -> tuple[Unit, str] | None:
    """A unit and its dimension as text (``g1.m-1.s-2``; ``1`` for pure numbers)."""
    found = lookup(code)
    if found is None:
        return None
    return found, ".".join(f"{base}{exponent}" for base, exponent in found.dimension) or "1"


def in_base_units(
    system: str | None, code: str, low: Decimal | float, high: Decimal | float
) -> tuple[str, float, float]:
    """(dimension, low, high) in base units, exact before they become floats; ("", 0, 0) where the unit is not known."""
    if system != UCUM or (found := _unit(code)) is None:
        return _NONE
    based = _based(code, low)
    return found[1], based, based if high is low else _based(code, high)


@lru_cache(8192)
def _based(code: str, value: Decimal | float) -> float:
    """A value in base units; the unit is known."""
    unit = _unit(code)[0]  # type: ignore[index]
    if value in (float("inf"), float("-inf")):
        return float(value)
    try:
        return float(Fraction(value) * unit.factor + unit.shift)
    except OverflowError:
        return 1e308 if value > 0 else -1e308


def slack_in_base_units(code: str, slack: Decimal) -> float:
    """A difference (not a place on the scale: no shift) in base units; the unit is known."""
    found = _unit(code)
    return float(Fraction(slack) * found[0].factor) if found else 0.0
