"""Number and quantity parameters: https://hl7.org/fhir/R4/search.html#number, #quantity

A value of a search stands for all that rounds to it: ``5.40`` is 5.395 up to 5.405.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from app.errors import Malformed
from app.store.codes import system_code
from app.store.parameters import Parameter
from app.store.search.conditions import Match, on_paths
from app.store.search.date import PREFIX
from app.store.search.request import split, unescaped
from app.store.units import in_base_units, slack_in_base_units


def number(parameters: Sequence[Parameter], values: Iterable[str]) -> Match:
    """A number that stands to one of the values as its prefix says. Raises Malformed on what is no number."""
    codes = [code for parameter in parameters for code in parameter.codes()]
    texts, held = [], []
    for value in values:
        text, more = _compared(*_read(value), "i.low", "i.high")
        texts.append(text)
        held += more
    return Match("quantity", f"{on_paths(codes)} and ({' or '.join(texts)})", tuple(held))


def quantity(parameters: Sequence[Parameter], values: Iterable[str]) -> Match:
    """``[prefix]number|system|code``; with a UCUM code, what was measured in another unit of the dimension counts
    too.
    """
    codes = [code for parameter in parameters for code in parameter.codes()]
    texts, held = [], []
    for value in values:
        parts = split(value, "|")
        if len(parts) not in (1, 3):
            raise Malformed(f"'{value}' is no quantity: write number, number|system|code or number||code.")
        text, more = _measured(*_read(parts[0]), *[unescaped(part) for part in parts[1:]])
        texts.append(text)
        held += more
    return Match("quantity", f"{on_paths(codes)} and ({' or '.join(texts)})", tuple(held))


def _measured(prefix: str, wanted: Decimal, slack: Decimal, system: str = "", code: str = "") -> tuple[str, list[Any]]:
    text, values = _compared(prefix, wanted, slack, "i.low", "i.high")
    if not code:
        return (f"({text} and i.system = ?)", [*values, system_code(system)]) if system else (text, values)
    if not system:
        return f"({text} and (i.code = ? or i.unit = ?))", [*values, code, code]
    dimension, base, _ = in_base_units(system, code, wanted, wanted)
    if not dimension:
        return f"({text} and i.code = ? and i.system = ?)", [*values, code, system_code(system)]
    around = slack_in_base_units(code, slack)
    text, values = _tested(prefix, base - around, base + around, base, "i.base_low", "i.base_high")
    return f"({text} and i.dimension = ?)", [*values, dimension]


def _read(value: str) -> tuple[str, Decimal, Decimal]:
    """(prefix, number, half of its last digit)."""
    found = PREFIX.fullmatch(unescaped(value).strip())
    prefix, text = (found[1] or "eq", found[2]) if found else ("eq", value)
    try:
        wanted = Decimal(text)
    except InvalidOperation:
        raise Malformed(f"'{value}' is no number.") from None
    digit = wanted.as_tuple().exponent
    if not isinstance(digit, int) or not -300 < digit < 300:
        raise Malformed(f"'{value}' is no number that can be searched for.")
    exponent: int = digit if "e" in text.lower() else min(digit, 0)
    return prefix, wanted, Decimal(5).scaleb(exponent - 1)


def _compared(prefix: str, wanted: Decimal, slack: Decimal, low: str, high: str) -> tuple[str, list[Any]]:
    return _tested(prefix, float(wanted - slack), float(wanted + slack), float(wanted), low, high)


def _tested(prefix: str, first: float, last: float, exact: float, low: str, high: str) -> tuple[str, list[Any]]:
    """SQL that compares a stored [low, high] with a number and what rounds to it."""
    if prefix == "eq":
        return f"({low} >= ? and {low} < ? and {high} < ?)", [first, last, last]
    if prefix == "ne":
        return f"({low} < ? or {high} >= ?)", [first, last]
    if prefix == "gt":
        return f"({high} > ?)", [exact]
    if prefix == "lt":
        return f"({low} < ?)", [exact]
    if prefix == "ge":
        return f"({high} >= ?)", [exact]
    if prefix == "le":
        return f"({low} <= ?)", [exact]
    if prefix == "sa":
        return f"({low} > ?)", [exact]
    if prefix == "eb":
        return f"({high} < ?)", [exact]
    tenth = abs(exact) / 10
    return f"({low} <= ? and {high} >= ?)", [exact + tenth, exact - tenth]
