"""A search query read once, then run on many records (https://hl7.org/fhir/R4/search.html).

``Observation?code=http://loinc.org|85354-9&status=final&_sort=-date&_count=10``: repeated parameters are "and", commas
are "or". Results: ``_sort`` on any date, token, string, number or quantity parameter, ``_count``, ``_include`` of
direct references, ``_id``, ``_lastUpdated``. Chains and ``_has`` are refused (NotSupported): one patient's record
needs none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

from app.errors import Malformed, NotSupported
from app.fhir.dates import MAX, MIN
from app.fhir.fhirpath import evaluate
from pathways.facts.matching import ValueSets, codes, date_range, test
from pathways.facts.parameters import parameter
from pathways.facts.paths import Accessor, NotPlain, accessor

_SPLIT = re.compile(r"(?<!\\),")
_RESULT = frozenset({"_count", "_sort", "_include", "_revinclude", "_total", "_summary", "_elements", "_format"})


@dataclass(frozen=True, slots=True)
class Criterion:
    """One ``name:modifier=a,b`` of a query; ``read`` finds the parameter's values in a resource."""

    name: str
    kind: str
    modifier: str
    texts: tuple[str, ...]
    read: Accessor

    def plain_code(self) -> tuple[tuple[str | None, str], ...] | None:
        """The (system, code) pairs where an index can answer: tokens with a system and no modifier."""
        if self.kind != "token" or self.modifier:
            return None
        pairs = [text.rpartition("|") for text in self.texts]
        return tuple((s, c) for s, bar, c in pairs) if all(s and c for s, _, c in pairs) else None


@dataclass(frozen=True, slots=True)
class Query:
    """A query in its parts; ``sort`` holds (parameter reader, kind, descending)."""

    type: str
    criteria: tuple[Criterion, ...]
    sort: tuple[tuple[str, Accessor, str, bool], ...] = ()
    count: int | None = None
    include: tuple[Accessor, ...] = ()

    def tests(self, now: datetime, value_sets: ValueSets | None) -> list[tuple[Criterion, Callable[[Any], bool]]]:
        """Each criterion with its test on a whole resource."""
        return [(one, _on_resource(one, now, value_sets)) for one in self.criteria]


def _on_resource(one: Criterion, now: datetime, value_sets: ValueSets | None) -> Callable[[Any], bool]:
    matches, read = test(one.kind, one.modifier, list(one.texts), now, value_sets), one.read
    return lambda resource: matches(read(resource))


@lru_cache(16384)
def read(text: str) -> Query:
    """The query of a text. Raises Malformed or NotSupported, naming the parameter."""
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
    return Query(type, tuple(criteria), _sort(type, options), _count(options), _includes(type, options))


def _criterion(type: str, key: str, value: str) -> Criterion:
    name, _, modifier = key.partition(":")
    if "." in key or name == "_has":
        raise NotSupported(f"{key}: chains are not evaluated on a record in memory")
    kind, find = _parameter(type, name)
    texts = tuple(part.replace("\\,", ",").replace("\\$", "$").replace("\\|", "|") for part in _SPLIT.split(value))
    return Criterion(name, kind, modifier, texts, find)


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
