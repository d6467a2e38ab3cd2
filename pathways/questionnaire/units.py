"""Laboratory units: Moroccan reports in g/L and mg/L beside mmol/L, µmol/L and mg/dL (``unit_conversions.json``).

Moles depend on the substance, so a conversion is looked up by the LOINC code of what was measured first; units of one
dimension (cm and m, mg/dL and g/L) convert by their UCUM definition.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.errors import Invalid
from app.fhir.fhirpath import ucum
from app.fhir.resource import Resource, extension
from pathways.questionnaire import items, sdc
from pathways.questionnaire.numbers import decimal_places


@dataclass(frozen=True, slots=True)
class Scale:
    """One unit of a table: how it relates to the table's base unit, and the digits it is shown with."""

    factor: Decimal
    offset: Decimal
    inverse: bool
    places: int

    def to_base(self, value: Decimal) -> Decimal:
        """A value of this unit in the base unit."""
        return (value / self.factor if self.inverse else value * self.factor) + self.offset

    def of_base(self, value: Decimal) -> Decimal:
        """A value of the base unit in this unit."""
        plain = value - self.offset
        return plain * self.factor if self.inverse else plain / self.factor


@lru_cache(maxsize=1)
def _file() -> tuple[dict[str, dict[str, Scale]], dict[str, int]]:
    read = json.loads(Path(__file__).with_name("unit_conversions.json").read_text("utf-8"))
    by_code: dict[str, dict[str, Scale]] = {}
    for name, analyte in read["analytes"].items():
        scales = {code: _scale(unit) for code, unit in analyte["units"].items()}
        by_code |= dict.fromkeys((name, *analyte["codes"]), scales)
    return by_code, read["places"]


def known_substances() -> frozenset[str]:
    """The names and LOINC codes of what can be converted between moles and grams."""
    return frozenset(_file()[0])


def _scale(unit: Mapping[str, Any]) -> Scale:
    factor = Decimal(unit.get("per_base") or unit["factor"])
    return Scale(factor, Decimal(unit.get("offset", "0")), "per_base" in unit, unit["places"])


def _table(analytes: Iterable[str], *units: str) -> dict[str, Scale] | None:
    known = (_file()[0].get(analyte, {}) for analyte in analytes)
    return next((table for table in known if table and all(unit in table for unit in units)), None)


def _by_dimension(value: Decimal, from_unit: str, to_unit: str) -> Decimal | None:
    """The value in another unit of the same dimension; None where the dimensions differ or UCUM knows no such unit."""
    source, target = ucum.lookup(from_unit), ucum.lookup(to_unit)
    if source is None or target is None or source.dimension != target.dimension:
        return None
    exact = (Fraction(value) * source.factor + source.shift - target.shift) / target.factor
    return Decimal(exact.numerator) / Decimal(exact.denominator)


def convertible(from_unit: str, to_unit: str, analytes: Iterable[str] = ()) -> bool:
    """Whether a conversion between two UCUM codes is known for one of these LOINC codes (or names of the table)."""
    if from_unit == to_unit or _table(analytes, from_unit, to_unit):
        return True
    return _by_dimension(Decimal(1), from_unit, to_unit) is not None


def convert(value: Decimal, from_unit: str, to_unit: str, analyte: str | Iterable[str] = ()) -> Decimal:
    """A value in another UCUM unit, unrounded; the same unit gives the same digits.

    ``analyte``: LOINC code(s) of what was measured, or a name of the table (``glucose``). Raises Invalid when no
    conversion is known: nothing is guessed.
    """
    if from_unit == to_unit:
        return value
    analytes = (analyte,) if isinstance(analyte, str) else tuple(analyte)
    if table := _table(analytes, from_unit, to_unit):
        return table[to_unit].of_base(table[from_unit].to_base(value))
    if (converted := _by_dimension(value, from_unit, to_unit)) is not None:
        return converted
    raise Invalid(f"no conversion from {from_unit} to {to_unit} is known for {', '.join(analytes) or 'this measure'}")


def rounded(value: Decimal, unit: str, analyte: str | Iterable[str] = ()) -> Decimal:
    """A converted value with the digits that laboratories give in this unit."""
    table = _table((analyte,) if isinstance(analyte, str) else analyte, unit)
    places = table[unit].places if table else _file()[1].get(unit, 2)
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def analytes_of(item: Mapping[str, Any]) -> list[str]:
    """The codes of what a question measures, and the substance that it names itself."""
    named = extension(item, sdc.SUBSTANCE)
    return [coding["code"] for coding in item.get("code", ()) if "code" in coding] + ([named] if named else [])


def beside(item: Mapping[str, Any], unit_code: str) -> Resource | None:
    """The Coding of the unit in which an amount is shown beside the one typed: moles for grams, else the preferred one.

    None where nothing can be converted.
    """
    analytes = analytes_of(item)
    others = [one for one in items.units(item) if convertible(unit_code, one["code"], analytes)]
    others = [one for one in others if one["code"] != unit_code]
    return next((one for one in others if _by_dimension(Decimal(1), unit_code, one["code"]) is None), None) or next(
        iter(others), None
    )


def line(from_unit: str, to_unit: str, analytes: Iterable[str]) -> tuple[Decimal, Decimal, int]:
    """(factor, offset, decimals shown) of a conversion: they are all straight lines."""
    analytes = list(analytes)
    offset = convert(Decimal(0), from_unit, to_unit, analytes)
    places = decimal_places(rounded(Decimal(1), to_unit, analytes))
    return convert(Decimal(1), from_unit, to_unit, analytes) - offset, offset, places


def in_preferred_unit(item: Mapping[str, Any], quantity: Resource) -> Resource:
    """A quantity in the item's preferred unit: as it stands when it is in it already or cannot be converted."""
    preferred = items.unit(item)
    entered = quantity.get("code")
    if preferred is None or not entered or "value" not in quantity or entered == preferred["code"]:
        return quantity
    analytes = analytes_of(item)
    if not convertible(entered, preferred["code"], analytes):
        return quantity
    value = rounded(
        convert(Decimal(quantity["value"]), entered, preferred["code"], analytes), preferred["code"], analytes
    )
    return {
        "value": value,
        "unit": preferred.get("display") or preferred["code"],
        "system": preferred.get("system", sdc.UCUM),
        "code": preferred["code"],
    }
