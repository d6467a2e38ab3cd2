"""Date parameters and the prefixes: https://hl7.org/fhir/R4/search.html#date, #prefix"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from app.fhir.dates import parse
from app.store.parameters import Parameter
from app.store.search.conditions import Match, on_paths
from app.store.search.request import unescaped
from app.store.values import micros

PREFIX = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?(.*)", re.S)


def date(parameters: Sequence[Parameter], values: Iterable[str], now: datetime) -> Match:
    """The row whose range stands to one of the values as its prefix says. Raises Malformed on what is no date."""
    codes = [code for parameter in parameters for code in parameter.codes()]
    texts, held = [], []
    for value in values:
        text, numbers = compared(value, "i.low", "i.high", now)
        texts.append(text)
        held += numbers
    return Match("date", f"{on_paths(codes)} and ({' or '.join(texts)})", tuple(held))


def instants(column: str, values: Iterable[str], now: datetime) -> tuple[str, list[Any]]:
    """SQL that compares a column of instants (microseconds) with the ranges of values, so that an index serves it."""
    texts, held = [], []
    for value in values:
        prefix, first, last = _read(value)
        if prefix == "ap":
            slack = abs(micros(now) - first) // 10
            prefix, first, last = "eq", first - slack, last + slack
        text, numbers = _INSTANT[prefix]
        texts.append(text.replace("@", column))
        held += [first if number == "first" else last for number in numbers]
    return "(" + " or ".join(texts) + ")", held


_INSTANT: dict[str, tuple[str, tuple[str, ...]]] = {
    "eq": ("(@ >= ? and @ < ?)", ("first", "last")),
    "ne": ("(@ < ? or @ >= ?)", ("first", "last")),
    "gt": ("@ >= ?", ("last",)),
    "lt": ("@ < ?", ("first",)),
    "ge": ("@ >= ?", ("first",)),
    "le": ("@ < ?", ("last",)),
    "sa": ("@ >= ?", ("last",)),
    "eb": ("@ < ?", ("first",)),
}


def _read(value: str) -> tuple[str, int, int]:
    """(prefix, low, high) of a value, high out. Raises Malformed."""
    found = PREFIX.fullmatch(unescaped(value).strip())
    prefix, text = (found[1] or "eq", found[2]) if found else ("eq", value)
    wanted = parse(text.replace(" ", "+"))  # a + that was not encoded
    return prefix, micros(wanted.low), micros(wanted.high)


def compared(value: str, low: str, high: str, now: datetime) -> tuple[str, list[Any]]:
    """SQL that compares a stored range [low, high) with the range of a value, both half-open."""
    prefix, first, last = _read(value)
    if prefix == "eq":
        return f"({low} >= ? and {low} < ? and {high} <= ?)", [first, last, last]
    if prefix == "ne":
        return f"({low} < ? or {high} > ?)", [first, last]
    if prefix == "gt":
        return f"({high} > ?)", [last]
    if prefix == "lt":
        return f"({low} < ?)", [first]
    if prefix == "ge":
        return f"({low} >= ? or {high} > ?)", [first, last]
    if prefix == "le":
        return f"({low} < ? and ({low} < ? or {high} <= ?))", [last, first, last]
    if prefix == "sa":
        return f"({low} >= ?)", [last]
    if prefix == "eb":
        return f"({high} <= ?)", [first]
    slack = max((abs(micros(now) - first)) // 10, 0)
    return f"({low} < ? and {high} > ?)", [last + slack, first - slack]
