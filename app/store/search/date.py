"""Date parameters and the prefixes: https://hl7.org/fhir/R4/search.html#date, #prefix"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from app.fhir.dates import parse
from app.store.parameters import Parameter
from app.store.search.conditions import Condition, Match, on_paths
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


def last_updated(values: Iterable[str], now: datetime) -> Condition:
    """``_lastUpdated``, an instant of the head itself."""
    texts, held = [], []
    for value in values:
        text, numbers = compared(value, "@head.updated", "(@head.updated + 1)", now)
        texts.append(text)
        held += numbers
    return Condition("(" + " or ".join(texts) + ")", tuple(held))


def compared(value: str, low: str, high: str, now: datetime) -> tuple[str, list[Any]]:
    """SQL that compares a stored range [low, high) with the range of a value, both half-open."""
    found = PREFIX.fullmatch(unescaped(value).strip())
    prefix, text = (found[1] or "eq", found[2]) if found else ("eq", value)
    wanted = parse(text.replace(" ", "+"))  # a + that was not encoded
    first, last = micros(wanted.low), micros(wanted.high)
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
