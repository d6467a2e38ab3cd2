"""One value of a resource against one criterion of a search (https://hl7.org/fhir/R4/search.html#ptypes).

A criterion is read once into a test, ``test(values) -> bool``, where ``values`` is all that the parameter's expression
found in a resource; several values after commas are one test (any of them).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from app.errors import Malformed, NotSupported
from app.fhir import dates

Test = Callable[[list[Any]], bool]
ValueSets = Callable[[str], Iterable[tuple[str | None, str]]]
"""Canonical of a value set → the (system, code) pairs in it."""

PREFIXES = ("eq", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap")
range_of = lru_cache(16384)(dates.parse)
"""390 bytes each: 6 MB of each process. *My day* looks at a hundred patients of a hundred dates each."""


def test(kind: str, modifier: str, texts: list[str], now: datetime, value_sets: ValueSets | None) -> Test:
    """The test of one criterion. ``kind``: token, reference, date ...; ``texts``: what stands between the commas.

    Raises NotSupported on a modifier that is not evaluated in memory, Malformed on a value that cannot be read.
    """
    if modifier == "missing":
        wanted = texts == ["true"]
        return lambda values: (not values) is wanted
    if modifier == "not":
        inner = test(kind, "", texts, now, value_sets)
        return lambda values: not inner(values)
    if kind == "token" and modifier in ("in", "not-in"):
        return _in_value_set(texts, modifier == "in", value_sets)
    if kind == "token" and not modifier and not any("|" in text for text in texts):
        return _codes_in(frozenset(texts))
    makers = {"token": _token, "reference": _reference, "date": _date, "string": _string, "uri": _uri}
    if kind in ("number", "quantity"):
        each = [_quantity(text, modifier) for text in texts]
    elif kind == "date":
        each = [_date(text, modifier, now) for text in texts]
    elif kind in makers:
        each = [makers[kind](text, modifier) for text in texts]  # type: ignore[operator]
    else:
        raise NotSupported(f"parameters of type {kind} are not evaluated on a record in memory")
    return each[0] if len(each) == 1 else lambda values: any(one(values) for one in each)


def codes(value: Any) -> Iterable[tuple[str | None, str | None]]:
    """The (system, code) pairs of a token value: CodeableConcept, Coding, Identifier, ContactPoint, code or boolean."""
    if value.__class__ is dict and "coding" in value:
        return [(one.get("system"), one.get("code")) for one in value["coding"]]
    if isinstance(value, str):
        return ((None, value),)
    if isinstance(value, bool):
        return ((None, "true" if value else "false"),)
    return ((value.get("system"), value.get("code", value.get("value"))),)


def _token(text: str, modifier: str) -> Test:
    if modifier == "text":
        return _string(text, "contains-text")
    if modifier:
        raise NotSupported(f"the modifier :{modifier} is not evaluated on a record in memory")
    system, bar, code = text.rpartition("|")
    if not bar:
        return lambda values: any(c == code for value in values for _, c in codes(value))
    if not code:
        return lambda values: any(s == system for value in values for s, _ in codes(value))
    wanted = system or None

    def matches(values: list[Any]) -> bool:
        return any(
            c == code and (s == wanted or (s is None and isinstance(value, (str, bool))))
            for value in values
            for s, c in codes(value)
        )

    return matches


def _codes_in(wanted: frozenset[str]) -> Test:
    """Codes of any system: ``status=final,amended``."""

    def matches(values: list[Any]) -> bool:
        for value in values:
            if value.__class__ is str:
                if value in wanted:
                    return True
            elif any(code in wanted for _, code in codes(value)):
                return True
        return False

    return matches


def _in_value_set(texts: list[str], within: bool, value_sets: ValueSets | None) -> Test:
    if value_sets is None:
        raise NotSupported("value sets are not at hand here: :in cannot be evaluated")
    listed = {pair for text in texts for pair in value_sets(text)}
    return lambda values: any(pair in listed for value in values for pair in codes(value)) is within


def _reference(text: str, modifier: str) -> Test:
    if modifier == "identifier":
        inner = _token(text, "")
        return lambda values: inner([v["identifier"] for v in values if isinstance(v, dict) and "identifier" in v])
    if modifier and not modifier[0].isupper():
        raise NotSupported(f"the modifier :{modifier} is not evaluated on a record in memory")
    wanted = f"{modifier}/{text}" if modifier and "/" not in text else text
    end = "/" + wanted

    def matches(values: list[Any]) -> bool:
        for value in values:
            target = value if isinstance(value, str) else value.get("reference", "")
            if target == wanted or target.endswith(end) or target.partition("|")[0] == wanted:
                return True
        return False

    return matches


def _date(text: str, modifier: str, now: datetime) -> Test:
    prefix, literal = split_prefix(text)
    asked = range_of(literal)
    if prefix == "ap":
        slack = abs(now - asked.low) / 10
        low, high = asked.low - slack, asked.high + slack
        return lambda values: any(r.low < high and r.high > low for r in _ranges(values))
    compare = _DATES[prefix]
    return lambda values: any(compare(one, asked) for one in _ranges(values))


def split_prefix(text: str) -> tuple[str, str]:
    """``ge2024`` → ``("ge", "2024")``; without a prefix ``eq``."""
    return (text[:2], text[2:]) if text[:2] in PREFIXES else ("eq", text)


_DATES: Mapping[str, Callable[[dates.Range, dates.Range], bool]] = {
    "eq": lambda v, p: v.low >= p.low and v.high <= p.high,
    "ne": lambda v, p: not (v.low >= p.low and v.high <= p.high),
    "gt": lambda v, p: v.high > p.high,
    "ge": lambda v, p: v.high > p.high or v.low >= p.low,
    "lt": lambda v, p: v.low < p.low,
    "le": lambda v, p: v.low < p.low or v.high <= p.high,
    "sa": lambda v, p: v.low >= p.high,
    "eb": lambda v, p: v.high <= p.low,
}


def _ranges(values: Iterable[Any]) -> Iterable[dates.Range]:
    for value in values:
        if (found := date_range(value)) is not None:
            yield found


def date_range(value: Any) -> dates.Range | None:
    """The time that a date, dateTime, Period or Timing covers; None where there is none."""
    if isinstance(value, str):
        return range_of(value)
    if "start" in value or "end" in value:
        return dates.of_period(value.get("start"), value.get("end"))
    if value.get("event"):
        events = [range_of(one) for one in value["event"]]
        return dates.Range(min(e.low for e in events), max(e.high for e in events), "period")
    bounds = value.get("repeat", {}).get("boundsPeriod")
    return dates.of_period(bounds.get("start"), bounds.get("end")) if bounds else None


def _quantity(text: str, modifier: str) -> Test:
    if modifier:
        raise NotSupported(f"the modifier :{modifier} is not evaluated on a record in memory")
    prefix, literal = split_prefix(text)
    parts = literal.split("|")
    try:
        asked = Decimal(parts[0])
    except InvalidOperation:
        raise Malformed(f"'{text}' is not a number") from None
    half = Decimal(1).scaleb(int(asked.as_tuple().exponent)) / 2
    unit = parts[2] if len(parts) > 2 else ""
    compare = _NUMBERS[prefix]

    def matches(values: list[Any]) -> bool:
        for value in values:
            number = value.get("value") if isinstance(value, dict) else value
            fits = not unit or not isinstance(value, dict) or unit in (value.get("code"), value.get("unit"))
            if number is not None and fits and compare(Decimal(str(number)), asked, half):
                return True
        return False

    return matches


_NUMBERS: Mapping[str, Callable[[Decimal, Decimal, Decimal], bool]] = {
    "eq": lambda v, p, half: p - half <= v < p + half,
    "ne": lambda v, p, half: not p - half <= v < p + half,
    "gt": lambda v, p, half: v > p,
    "sa": lambda v, p, half: v > p,
    "ge": lambda v, p, half: v >= p,
    "lt": lambda v, p, half: v < p,
    "eb": lambda v, p, half: v < p,
    "le": lambda v, p, half: v <= p,
    "ap": lambda v, p, half: abs(v - p) <= abs(p) / 10,
}


def _string(text: str, modifier: str) -> Test:
    if modifier == "exact":
        return lambda values: any(text in _words(value) for value in values)
    wanted = _plain(text)
    if modifier in ("contains", "contains-text"):
        return lambda values: any(wanted in _plain(word) for value in values for word in _words(value))
    if modifier:
        raise NotSupported(f"the modifier :{modifier} is not evaluated on a record in memory")
    return lambda values: any(_plain(word).startswith(wanted) for value in values for word in _words(value))


def _uri(text: str, modifier: str) -> Test:
    if modifier == "below":
        return lambda values: any(value == text or value.startswith(text.rstrip("/") + "/") for value in values)
    if modifier:
        raise NotSupported(f"the modifier :{modifier} is not evaluated on a record in memory")
    return lambda values: text in values


def _words(value: Any) -> list[str]:
    """The texts in a string value: itself, or the parts of a HumanName, Address or CodeableConcept."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [word for item in value for word in _words(item)]
    return [word for item in value.values() for word in _words(item)] if isinstance(value, dict) else []


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
