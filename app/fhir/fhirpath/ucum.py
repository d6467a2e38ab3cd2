"""UCUM units to base units, exactly, as fractions (https://ucum.org/ucum).

The table is `ucum-essence.xml`, the specification's own, as the `ucumvert` package carries it; it is read at the first
conversion (10 ms), without the package's unit library, whose import takes a second and whose numbers are floats.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from .errors import FhirPathError

Dimension = tuple[tuple[str, int], ...]
"""Base units and their exponents, sorted, none of them 0."""

_SPACE = "{http://unitsofmeasure.org/ucum-essence}"
_TOKEN = re.compile(r"\{[^{}]*\}|[()./]|(?:\[[^\[\]]*\]|[^()./{}\[\]])+")
_COMPONENT = re.compile(r"(10[*^]|[^\d+-](?:.*[^\d+-])?)([+-]?\d+)?", re.DOTALL)
"""A symbol and its exponent, whose sign is none of the symbol: ``s-1``."""
_MAX_EXPONENT = 99


class Unit(NamedTuple):
    """``factor`` base units make one of it; ``shift`` base units stand at its zero (temperatures)."""

    factor: Fraction
    dimension: Dimension
    shift: Fraction = Fraction(0)


class _Table(NamedTuple):
    prefixes: dict[str, Fraction]
    bases: frozenset[str]
    entries: dict[str, tuple[str, Fraction, bool, bool]]


class _Unknown(Exception):
    """A unit that UCUM does not define."""


@cache
def _table() -> _Table:
    spec = find_spec("ucumvert")  # finds the package without importing it
    if spec is None or spec.origin is None:
        raise FhirPathError(
            "Units cannot be converted: the package ucumvert, with the table of UCUM, is not installed."
        )
    text = (Path(spec.origin).parent / "vendor" / "ucum-essence.xml").read_bytes()
    root = ElementTree.fromstring(text)
    prefixes = {
        prefix.attrib["Code"]: Fraction(prefix.find(f"{_SPACE}value").attrib["value"])  # type: ignore[union-attr]
        for prefix in root.iter(f"{_SPACE}prefix")
    }
    entries = {}
    for unit in root.iter(f"{_SPACE}unit"):
        value = unit.find(f"{_SPACE}value")
        if value is None:
            continue
        function = value.find(f"{_SPACE}function")
        special, apart = function is not None, unit.get("isArbitrary") == "yes"
        entries[unit.attrib["Code"]] = (
            value.attrib["Unit"] if function is None else function.attrib["Unit"],
            Fraction(Decimal((value if function is None else function).attrib.get("value", "1"))),
            unit.get("isMetric") == "yes",
            special or apart,
        )
    bases = frozenset(base.attrib["Code"] for base in root.iter(f"{_SPACE}base-unit"))
    return _Table(prefixes, bases, entries)


_TEMPERATURES = {
    "Cel": Unit(Fraction(1), (("K", 1),), Fraction(27315, 100)),
    "[degF]": Unit(Fraction(5, 9), (("K", 1),), Fraction(45967, 100) * Fraction(5, 9)),
    "[degRe]": Unit(Fraction(5, 4), (("K", 1),), Fraction(27315, 100)),
}


def convert(value: Fraction, unit: str) -> tuple[Fraction, Dimension] | None:
    """The value in base units and their dimension; ``None`` when UCUM does not know the unit."""
    known = lookup(unit)
    return None if known is None else (value * known.factor + known.shift, known.dimension)


@lru_cache(maxsize=1024)
def lookup(unit: str) -> Unit | None:
    """What a unit expression such as ``mmol/L`` means; ``None`` when it is not UCUM."""
    if len(unit) > 100:
        return None
    if unit in _TEMPERATURES:
        return _TEMPERATURES[unit]
    try:
        return _Reader(unit).whole()
    except (_Unknown, IndexError, RecursionError):
        return None


class _Reader:
    """Reads ``term: ['/'] component (('.'|'/') component)*``, left to right, as UCUM says."""

    def __init__(self, text: str):
        self.tokens = _TOKEN.findall(text)
        if "".join(self.tokens) != text or not text:
            raise _Unknown(text)
        self.at = 0

    def whole(self) -> Unit:
        unit = self.term()
        if self.at < len(self.tokens):
            raise _Unknown(self.tokens[self.at])
        return unit

    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def term(self) -> Unit:
        unit = Unit(Fraction(1), ())
        power = 1
        if self.next() == "/":
            self.at += 1
            power = -1
        while True:
            unit = _times(unit, self.component(), power)
            operator = self.next()
            if operator not in (".", "/") or not operator:
                return unit
            self.at += 1
            power = 1 if operator == "." else -1

    def component(self) -> Unit:
        token = self.tokens[self.at]
        self.at += 1
        if token == "(":
            unit = self.term()
            if self.next() != ")":
                raise _Unknown(token)
            self.at += 1
        elif token.startswith("{"):
            return Unit(Fraction(1), ())
        else:
            unit = _component(token)
        if self.next().startswith("{"):
            self.at += 1
        return unit


def _times(left: Unit, right: Unit, power: int) -> Unit:
    exponents = dict(left.dimension)
    for base, exponent in right.dimension:
        exponents[base] = exponents.get(base, 0) + exponent * power
    factor = left.factor * right.factor**power
    return Unit(factor, tuple(sorted((base, exponent) for base, exponent in exponents.items() if exponent)))


def _component(text: str) -> Unit:
    if text.isascii() and text.isdigit():
        if int(text) == 0 or len(text) > _MAX_EXPONENT:
            raise _Unknown(text)
        return Unit(Fraction(int(text)), ())
    if text in _table().entries or text in _table().bases:
        return _atom(text)
    found = _COMPONENT.fullmatch(text)
    if found is None:
        raise _Unknown(text)
    symbol, exponent = found.groups()
    power = int(exponent or 1)
    if abs(power) > _MAX_EXPONENT:
        raise _Unknown(text)
    return _times(Unit(Fraction(1), ()), _symbol(symbol), power)


def _symbol(text: str) -> Unit:
    table = _table()
    if text in table.entries or text in table.bases:
        return _atom(text)
    for length in (1, 2):
        prefix, rest = text[:length], text[length:]
        metric = rest in table.bases or (rest in table.entries and table.entries[rest][2])
        if prefix in table.prefixes and metric:
            unit = _atom(rest)
            return Unit(unit.factor * table.prefixes[prefix], unit.dimension)
    raise _Unknown(text)


@cache
def _atom(text: str) -> Unit:
    table = _table()
    if text in table.bases:
        return Unit(Fraction(1), ((text, 1),))
    unit, value, _metric, apart = table.entries[text]
    if apart:  # arbitrary units ([iU]) and logarithms compare with themselves alone
        return Unit(Fraction(1), ((text, 1),))
    meaning = _Reader(unit).whole()
    return Unit(meaning.factor * value, meaning.dimension)
