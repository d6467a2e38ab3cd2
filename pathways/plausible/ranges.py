"""The absolute ranges of ``definitions.json``: ObservationDefinitions, one or more codes each, with their sources.

``qualifiedInterval`` of category ``absolute`` is what FHIR has for "results outside indicate an error"
(https://hl7.org/fhir/R4/valueset-observation-range-category.html). A quantity is judged by the interval whose unit it
can be converted to; where none can, it is in a wrong unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from app.config import CANONICAL_BASE
from app.fhir.fhirpath.ucum import Unit, lookup
from app.fhir.json import loads
from app.fhir.resource import extension

FILE = Path(__file__).parent / "definitions.json"
EXCEEDS = f"{CANONICAL_BASE}/StructureDefinition/exceeds"
Code = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Interval:
    """``low`` to ``high``, both in, in ``unit`` (UCUM); ``label`` is the unit as people write it."""

    low: Decimal
    high: Decimal
    unit: str
    label: str

    def holds(self, value: Decimal, unit: str) -> bool:
        """Whether a value in a unit that fits lies within."""
        if unit == self.unit:
            return self.low <= value <= self.high
        mine, its = lookup(self.unit), lookup(unit)
        if mine is None or its is None:
            return False
        low, found, high = _based(self.low, mine), _based(value, its), _based(self.high, mine)
        return low <= found <= high

    def fits(self, unit: str) -> bool:
        """Whether a unit can be converted; a pure number (``%``, ``{score}``) only when it is written alike.

        By dimension alone, ``mmol/mol`` of IFCC would pass for the ``%`` of NGSP.
        """
        if unit == self.unit:
            return True
        mine, its = lookup(self.unit), lookup(unit)
        return bool(mine and its and mine.dimension and mine.dimension == its.dimension)


@dataclass(frozen=True, slots=True)
class Plausible:
    """What a code allows. ``exceeds``: the code of the component that lies below it (diastolic under systolic)."""

    intervals: tuple[Interval, ...]
    exceeds: Code | None = None

    def interval(self, unit: str) -> Interval | None:
        """The interval in whose unit a value can be judged."""
        return next((one for one in self.intervals if one.fits(unit)), None)

    def labelled(self, text: str) -> Interval | None:
        """The same by a unit written for people alone."""
        return next((one for one in self.intervals if text in (one.label, one.unit)), None) or self.interval(text)

    @property
    def units(self) -> str:
        """Its units, as people write them."""
        return ", ".join(one.label for one in self.intervals)


@cache
def plausible() -> Mapping[Code, Plausible]:
    """(system, code) → what it allows."""
    found: dict[Code, Plausible] = {}
    for entry in loads(FILE.read_bytes())["entry"]:
        definition = entry["resource"]
        allowed = Plausible(tuple(map(_interval, definition["qualifiedInterval"])), _exceeds(definition))
        for coding in definition["code"]["coding"]:
            found[coding["system"], coding["code"]] = allowed
    return found


def _interval(data: Mapping[str, Any]) -> Interval:
    low, high = data["range"]["low"], data["range"]["high"]
    return Interval(Decimal(str(low["value"])), Decimal(str(high["value"])), low["code"], low["unit"])


def _exceeds(definition: Mapping[str, Any]) -> Code | None:
    coding = extension(definition, EXCEEDS)
    return (coding["system"], coding["code"]) if coding else None


def _based(value: Decimal, unit: Unit) -> Fraction:
    return Fraction(value) * unit.factor + unit.shift
