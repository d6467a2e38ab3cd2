"""A search query read once, then run on many records (https://hl7.org/fhir/R4/search.html).

``Observation?code=http://loinc.org|85354-9&status=final&_sort=-date&_count=10``: repeated parameters are "and", commas
are "or". Results: ``_sort`` on any date, token, string, number or quantity parameter, ``_count``, ``_include`` of
direct references, ``_id``, ``_lastUpdated``. Chains and ``_has`` are refused (NotSupported): one patient's record
needs none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from app.errors import Malformed, NotSupported
from app.fhir.dates import MAX, MIN
from app.fhir.fhirpath import evaluate
from pathways.facts.matching import Test, ValueSets, codes, date_range, range_of, test
from pathways.facts.parameters import parameter
from pathways.facts.paths import Accessor, NotPlain, accessor, element_of, plain_element

PLACE = "\x01"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SPLIT = re.compile(r"(?<!\\),")
_RESULT = frozenset({"_count", "_sort", "_include", "_revinclude", "_total", "_summary", "_elements", "_format"})


class Criterion(NamedTuple):
    """One ``name:modifier=a,b`` of a query; ``read`` finds the parameter's values in a resource."""

    name: str
    kind: str
    modifier: str
    texts: tuple[str, ...]
    read: Accessor
    fixed: Test | None = None
    """Its test, where that depends on nothing but the query."""
    open: bool = False
    """Whether it has places to be filled."""
    element: str | None = None
    """The one element that ``read`` reads, where it does no more."""
    codes: frozenset[str] | None = None
    """The codes it asks for, where its element is a plain ``code`` and nothing else is asked: ``status=final``."""

    def test(self, now: datetime, value_sets: ValueSets | None) -> Test:
        """The test of the values that ``read`` finds."""
        return self.fixed or test(self.kind, self.modifier, list(self.texts), now, value_sets)

    def filled(self, values: Sequence[str]) -> Criterion:
        """The criterion with its places filled."""
        if not self.open:
            return self
        whole = ",".join(self.texts)
        for at, value in enumerate(values):
            whole = whole.replace(place(at), value)
        return Criterion(self.name, self.kind, self.modifier, _texts(whole), self.read, element=self.element)

    def plain_code(self) -> tuple[tuple[str | None, str], ...] | None:
        """The (system, code) pairs where an index can answer: tokens with a system and no modifier."""
        return _plain_code(self.kind, self.modifier, self.texts)


@lru_cache(4096)
def _plain_code(kind: str, modifier: str, texts: tuple[str, ...]) -> tuple[tuple[str | None, str], ...] | None:
    if kind != "token" or modifier:
        return None
    pairs = [text.rpartition("|") for text in texts]
    return tuple((s, c) for s, bar, c in pairs) if all(s and c for s, _, c in pairs) else None


@dataclass(frozen=True, slots=True)
class Query:
    """A query in its parts. ``sort``: (name, reader, kind, descending)."""

    type: str
    criteria: tuple[Criterion, ...]
    sort: tuple[tuple[str, Accessor, str, bool], ...] = ()
    count: int | None = None
    include: tuple[Accessor, ...] = ()
    coded: Coded | None = None
    """Its codes, where an index of them can answer the same for everybody."""


class Coded(NamedTuple):
    """What the index of codes answers of a query: a criterion, its pairs, and the criteria that are left."""

    criterion: Criterion
    pairs: tuple[tuple[str | None, str], ...]
    rest: tuple[Criterion, ...]


def coded(criteria: tuple[Criterion, ...], values: Sequence[str]) -> Coded | None:
    """The first criterion that an index of codes can answer; None without one."""
    for at, one in enumerate(criteria):
        if one.name == "code" and (pairs := one.filled(values).plain_code()):
            return Coded(one, pairs, criteria[:at] + criteria[at + 1 :])
    return None


def place(at: int) -> str:
    """What stands in a query text for the value of its placeholder number ``at``."""
    return f"{PLACE}{at}{PLACE}"


@lru_cache(16384)
def read(text: str) -> Query:
    """The query of a text, which may hold places to be filled. Raises Malformed or NotSupported, by name."""
    type, _, rest = text.partition("?")
    criteria: list[Criterion] = []
    options: dict[str, list[str]] = {}
    for pair in filter(None, rest.split("&")):
        key, equals, value = pair.partition("=")
        if not equals:
            raise Malformed(f"'{pair}' is no criterion: write name=value")
        key, value = unquote_plus(key), unquote_plus(value.replace("+", "%2B"))
        if key.partition(":")[0] in _RESULT:
            options.setdefault(key, []).append(value)
        else:
            criteria.append(_criterion(type, key, value))
    about = (_sort(type, options), _count(options), _includes(type, options))
    open_codes = any(one.open for one in criteria if one.name == "code")
    return Query(type, tuple(criteria), *about, None if open_codes else coded(tuple(criteria), ()))


def _criterion(type: str, key: str, value: str) -> Criterion:
    name, _, modifier = key.partition(":")
    if "." in key or name == "_has":
        raise NotSupported(f"{key}: chains are not evaluated on a record in memory")
    kind, find = _parameter(type, name)
    texts, element = _texts(value), _element(type, name)
    varies = PLACE in value or modifier in ("in", "not-in") or any(text.startswith("ap") for text in texts)
    fixed = None if varies else test(kind, modifier, list(texts), EPOCH, None)
    plain = kind == "token" and not modifier and element is not None and _is_code(type, element)
    asked = frozenset(texts) if plain and not varies and not any("|" in text for text in texts) else None
    return Criterion(name, kind, modifier, texts, find, fixed, PLACE in value, element, asked)


def _element(type: str, name: str) -> str | None:
    found = parameter(type, name)
    return None if found is None else plain_element(type, found[1])


def _is_code(type: str, element: str) -> bool:
    about = element_of(type, element)
    return about is not None and about["t"] == ["code"]


def _texts(value: str) -> tuple[str, ...]:
    return tuple(part.replace("\\,", ",").replace("\\$", "$").replace("\\|", "|") for part in _SPLIT.split(value))


def _parameter(type: str, name: str) -> tuple[str, Accessor]:
    """(type of the parameter, reader). Raises NotSupported where R4 knows no such parameter."""
    found = parameter(type, name)
    if found is None:
        raise NotSupported(f"{type} has no search parameter '{name}'")
    kind, expression = found
    try:
        return kind, accessor(type, expression)
    except NotPlain:
        return kind, lambda resource: evaluate(resource, expression)


def _sort(type: str, options: Mapping[str, list[str]]) -> tuple[tuple[str, Accessor, str, bool], ...]:
    keys = [key for text in options.get("_sort", ()) for key in text.split(",") if key]
    made = []
    for key in keys:
        kind, find = _parameter(type, key.lstrip("-"))
        made.append((key.lstrip("-"), find, kind, key.startswith("-")))
    return tuple(made)


def _count(options: Mapping[str, list[str]]) -> int | None:
    texts = options.get("_count")
    if not texts:
        return None
    if not texts[-1].isdigit():
        raise Malformed(f"_count={texts[-1]} is no number")
    return int(texts[-1])


def _includes(type: str, options: Mapping[str, list[str]]) -> tuple[Accessor, ...]:
    if "_revinclude" in options:
        raise NotSupported("_revinclude is not evaluated on a record in memory")
    made = []
    for text in options.get("_include", ()):
        owner, _, rest = text.partition(":")
        if owner != type:
            raise NotSupported(f"_include={text}: only references of {type} are followed")
        made.append(_parameter(type, rest.partition(":")[0])[1])
    return tuple(made)


def sort_key(kind: str, values: list[Any], descending: bool) -> Any:
    """What to sort a resource by; missing values come last either way."""
    if kind == "date":
        if len(values) == 1 and isinstance(values[0], str):
            return range_of(values[0]).low
        ranges = [found for value in values if (found := date_range(value))]
        if descending:
            return max((r.high if r.low == MIN else r.low for r in ranges), default=MIN)
        return min((r.low for r in ranges), default=MAX)
    plain = [_plain_key(kind, value) for value in values]
    if not plain:
        return (not descending, "")
    return (descending, max(plain) if descending else min(plain))


def _plain_key(kind: str, value: Any) -> Any:
    if kind == "token":
        return next((code or "" for _, code in codes(value)), "")
    if isinstance(value, dict):
        return value.get("value", value.get("reference", value.get("text", str(value))))
    return value
