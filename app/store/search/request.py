"""The query text as a typed request, refused with every complaint at once (https://hl7.org/fhir/R4/search.html)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote_plus

from app.errors import Issue, Malformed
from app.store.codes import type_codes

DEFAULT_COUNT = 50
MAX_COUNT = 1000
MAX_PARAMETERS = 100
MOST_SORTS = 10
MOST_VALUES, MOST_IDS = 500, 5000
"""Values of one parameter, joined by commas."""
SHOWN_ELSEWHERE = frozenset({"_elements", "_summary", "_format", "_pretty"})
"""Result parameters that change what is shown of the resources, not which they are; ``app.rest`` answers them."""


class Criterion(NamedTuple):
    """One parameter of a query: ``name[:modifier][.rest]=value,value``. ``rest`` is what a chain asks of the target.

    ``source`` is the text before ``=``, for messages.
    """

    name: str
    modifier: str | None
    values: tuple[str, ...]
    rest: Criterion | None = None
    source: str = ""
    text: str = ""
    """The whole value, commas included."""


class Include(NamedTuple):
    """``_include=type:code[:target]`` or its reverse; ``code`` may be ``*``; ``iterate`` goes on from what was
    included.
    """

    type: str
    code: str
    target: str | None
    iterate: bool
    reverse: bool


@dataclass(slots=True)
class SearchRequest:
    """A search. ``types`` is empty for all types; ``sort`` is (code, descending)."""

    types: tuple[str, ...]
    criteria: list[Criterion] = field(default_factory=list)
    sort: list[tuple[str, bool]] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    count: int = DEFAULT_COUNT
    total: bool = False
    contained: str = ""
    """``true``: resources are looked for within others; ``both``: there, and by themselves."""
    alone: bool = False
    """Of what is contained the resource itself is wanted, not its container."""
    cursor: str | None = None
    query: str = ""
    """The query without its cursor, by which the next page is asked for."""


def parse(query: str) -> tuple[SearchRequest, list[Issue]]:
    """``Type?a=b&c=d`` or ``?_type=A,B&…``, and what is wrong with it."""
    type, _, text = query.partition("?")
    issues: list[Issue] = []
    request = SearchRequest((type,) if type else ())
    if type and type not in type_codes():
        raise Malformed(f"'{type}' is no resource type of FHIR R4.")
    for name, value in pairs_of(text, MAX_PARAMETERS):
        try:
            if name[:1] != "_":
                request.criteria.append(criterion(name, value))
            elif name == "_type" and type:
                _same_type(type, value)
            else:
                _add(request, name, value)
        except Malformed as error:
            issues += error.issues
    request.query = query if request.cursor is None else _without_cursor(query)
    return request, issues


def _same_type(type: str, value: str) -> None:
    """Where the address names the type, which is what the searcher may search, ``_type`` can only repeat it."""
    if set(_types(value)) - {type}:
        raise Malformed(f"_type={value}: the address says {type} already.", expression="http._type")


def pairs_of(text: str, most: int) -> list[tuple[str, str]]:
    """The (name, value) pairs of a query text, as ``urllib.parse.parse_qsl`` reads it, for a tenth of its cost.

    Raises Malformed on escapes that are not UTF-8, and on more than ``most``.
    """
    parts = text.split("&")
    if len(parts) > most:
        raise Malformed("The query cannot be read: Max number of fields exceeded.")
    pairs = [(name, value) for name, _, value in [part.partition("=") for part in parts if part]]
    if "%" not in text and "+" not in text:
        return pairs
    try:
        return [(_meant(name), _meant(value)) for name, value in pairs]
    except ValueError as error:
        raise Malformed(f"The query cannot be read: {error}.") from None


def _meant(text: str) -> str:
    return unquote_plus(text, errors="strict") if "%" in text or "+" in text else text


def _without_cursor(query: str) -> str:
    return re.sub(r"&?_cursor=[^&]*", "", query).replace("?&", "?")


def _add(request: SearchRequest, name: str, value: str) -> None:
    if name == "_sort":
        request.sort += [(one.removeprefix("-"), one.startswith("-")) for one in value.split(",") if one]
        if len(request.sort) > MOST_SORTS:
            raise Malformed(f"_sort: {MOST_SORTS} keys are the most.", expression="http._sort")
    elif name == "_count":
        request.count = _count(value)
    elif name == "_total":
        if value not in ("none", "estimate", "accurate"):
            raise Malformed(f"_total={value}: write none, estimate or accurate.", expression="http._total")
        request.total = value != "none"
    elif name == "_summary" and value == "count":
        request.count, request.total = 0, True
    elif name == "_cursor":
        request.cursor = value
    elif name == "_type":
        request.types = _both(request.types, _types(value))
    elif name.split(":")[0] in ("_include", "_revinclude"):
        request.includes.append(_include(name, value))
    elif name in ("_contained", "_containedType"):
        _contained(request, name, value)
    elif name.startswith(("_sort:", "_count:", "_total:", "_type:")):
        plain = name.partition(":")[0]
        raise Malformed(f"{name}: {plain} takes no modifier; descending is _sort=-date.", expression=f"http.{name}")
    elif name not in SHOWN_ELSEWHERE:
        request.criteria.append(criterion(name, value))


def _contained(request: SearchRequest, name: str, value: str) -> None:
    """https://hl7.org/fhir/R4/search.html#contained"""
    known = ("true", "both", "false") if name == "_contained" else ("container", "contained")
    if value not in known:
        raise Malformed(f"{name}={value}: write {', '.join(known)}.", expression=f"http.{name}")
    if name == "_contained":
        request.contained = "" if value == "false" else value
    else:
        request.alone = value == "contained"


def _count(value: str) -> int:
    if not value.isdecimal() or not value.isascii():
        raise Malformed(f"_count={value}: write a whole number from 0 to {MAX_COUNT}.", expression="http._count")
    return min(int(value[:9]), MAX_COUNT)


def _both(before: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[str, ...]:
    """``_type`` repeated: what each of them names."""
    kept = tuple(type for type in wanted if not before or type in before)
    if not kept:
        raise Malformed("_type: the lists have no type in common; write one: _type=A,B.", expression="http._type")
    return kept


def _types(value: str) -> tuple[str, ...]:
    names = tuple(name for name in value.split(",") if name)
    if not names:
        raise Malformed("_type= names no type: write _type=Patient,Observation.", expression="http._type")
    unknown = [name for name in names if name not in type_codes()]
    if unknown:
        raise Malformed(f"_type: {', '.join(unknown)} is no resource type of FHIR R4.", expression="http._type")
    return names


def _include(name: str, value: str) -> Include:
    kind, _, modifier = name.partition(":")
    if modifier not in ("", "iterate", "recurse"):
        raise Malformed(f"{name}: only :iterate can stand on {kind}.", expression=f"http.{kind}")
    parts = value.split(":") if value != "*" else ["*", "*"]
    if parts[0][:1].isupper() and parts[0] not in type_codes():
        said = f"{name}: '{parts[0]}' is no resource type of FHIR R4: write {name}=Type:parameter."
        raise Malformed(said, expression=f"http.{kind}")
    if len(parts) not in (2, 3) or (parts[0] not in type_codes() and parts[0] != "*"):
        raise Malformed(
            f"{name}={value}: write {name}=Type:parameter or {name}=Type:parameter:Target.", expression=f"http.{kind}"
        )
    if len(parts) == 3 and parts[2] not in type_codes():
        raise Malformed(f"{name}: '{parts[2]}' is no resource type of FHIR R4.", expression=f"http.{kind}")
    return Include(parts[0], parts[1], parts[2] if len(parts) == 3 else None, bool(modifier), kind == "_revinclude")


def criterion(name: str, value: str) -> Criterion:
    """One criterion, its chain and reverse chain taken apart."""
    if name == "_has" or name.startswith("_has:"):
        parts = name.split(":", 3)
        if len(parts) != 4 or parts[1] not in type_codes():
            raise Malformed(f"{name}: write _has:Type:reference:parameter=value.", expression=f"http.{name}")
        return Criterion("_has", f"{parts[1]}:{parts[2]}", (), criterion(parts[3], value), name)
    first, dot, rest = name.partition(".")
    code, _, modifier = first.partition(":")
    if dot:
        return Criterion(code, modifier or None, (), criterion(rest, value), name)
    values = tuple(split(value, ","))
    if len(values) > (MOST_IDS if code == "_id" else MOST_VALUES):
        raise Malformed(
            f"{name} has {len(values)} values: at most {MOST_VALUES} ({MOST_IDS} of _id) are taken; ask several times.",
            expression=f"http.{name}",
        )
    return Criterion(code, modifier or None, values, None, name, value)


def split(text: str, mark: str) -> list[str]:
    """The parts between unescaped marks (https://hl7.org/fhir/R4/search.html#escaping); escapes stay, see
    ``unescaped``.
    """
    if "\\" not in text:
        return text.split(mark)
    return list(_parts(text, mark))


def _parts(text: str, mark: str) -> Iterator[str]:
    part, escaped = "", False
    for char in text:
        if char == mark and not escaped:
            yield part
            part = ""
            continue
        escaped = char == "\\" and not escaped
        part += char
    yield part


def unescaped(text: str) -> str:
    """A value as it is meant."""
    return re.sub(r"\\([,$|\\])", r"\1", text) if "\\" in text else text
