"""Expressions of search parameters as paths: which JSON keys to follow, and which FHIR type stands at the end.

All but a handful of the 1,712 R4 expressions are unions of plain paths with ``ofType``, ``where(x='y')``,
``extension(url)``,
``[0]`` and ``where(resolve() is Type)``. Those are walked directly (``app.store.extract``), several times faster
than any interpreter; the rest goes to the FHIRPath engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from app.fhir.definitions import load, resource_types

_STEP = re.compile(
    r"""\.?(?:
      ofType\((?P<of>\w+)\)
    | where\(resolve\(\)\s+is\s+(?P<target>\w+)\)
    | where\((?P<key>\w+)\s*=\s*'(?P<value>[^']*)'\)
    | where\(extension\('(?P<having>[^']+)'\)\.exists\(\)\)
    | extension\('(?P<url>[^']+)'\)
    | \[(?P<at>\d+)\]
    | (?P<name>[A-Za-z]\w*)
    )""",
    re.X,
)
_PRIMITIVE_CASE = {"DateTime": "dateTime", "String": "string", "Boolean": "boolean"}


@dataclass(frozen=True, slots=True)
class Step:
    """Follow ``key`` (a JSON key) to values of FHIR ``type``; ``only`` keeps those where a sub-key has a value;
    ``at`` keeps one position of a list."""

    key: str
    type: str
    only: tuple[str, str] | None = None
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Path:
    """One branch of an expression on one resource type, with every choice of type it can take.

    ``expression`` is its canonical text (what ``path_code`` numbers); ``ways`` are the sequences of steps, one for each
    type that a choice element may have; None: only the FHIRPath engine can walk it. ``target`` is the resource type
    that ``where(resolve() is …)`` asks of a reference.
    """

    expression: str
    ways: tuple[tuple[Step, ...], ...] | None
    target: str | None = None

    @property
    def canonical(self) -> bool:
        """Whether canonicals stand at its end."""
        return any(way and way[-1].type == "canonical" for way in self.ways or ())


@cache
def paths(expression: str) -> tuple[Path, ...]:
    """The branches of a union, each by itself."""
    return tuple(_path(branch) for branch in branches(expression))


def branches(expression: str) -> list[str]:
    """A union cut at its top-level ``|``."""
    found, depth, start = [], 0, 0
    for position, char in enumerate(expression):
        depth += (char == "(") - (char == ")")
        if char == "|" and depth == 0:
            found.append(expression[start:position].strip())
            start = position + 1
    return [branch for branch in [*found, expression[start:].strip()] if branch]


def _path(branch: str) -> Path:
    target, position, base = None, 0, ""
    ways: list[tuple[Step, ...]] = []
    canonical: list[str] = []
    while position < len(branch):
        step = _STEP.match(branch, position)
        if step is None:
            return Path(branch, None)
        position = step.end()
        if step["target"]:
            target = step["target"]
            continue
        canonical.append(step[0].removeprefix("."))
        if not base:
            base, ways = step[0], [()]
            continue
        ways = [more for way in ways for more in _further(base, way, step)]
    return Path(".".join(canonical), tuple(ways) or None, target)


def _further(base: str, way: tuple[Step, ...], step: re.Match[str]) -> Iterator[tuple[Step, ...]]:
    """The ways that a step opens from the end of one."""
    owner = way[-1].type if way else base
    if step["url"]:
        for suffix, kind in _extension_values():
            yield (*way, Step("extension", "Extension", ("url", step["url"])), Step(f"value{suffix}", kind))
    elif step["key"]:
        last = way[-1]
        yield (*way[:-1], Step(last.key, last.type, (step["key"], step["value"]), last.at))
    elif step["at"]:
        last = way[-1]
        yield (*way[:-1], Step(last.key, last.type, last.only, int(step["at"])))
    elif step["of"]:
        wanted = _PRIMITIVE_CASE.get(step["of"], step["of"])
        if owner == wanted:
            yield way
        elif owner == "Resource" and wanted in resource_types():
            yield (*way[:-1], Step(way[-1].key, wanted, ("resourceType", wanted), way[-1].at))
    elif step["having"]:
        yield (*way[:-1], Step(way[-1].key, way[-1].type, ("extension", step["having"]), way[-1].at))
    elif step["name"] == "value" and owner in _value_types() and way and way[-1].key.startswith("value"):
        yield way  # ``extension(url).value``: the extension's value is where the way stands already
    else:
        yield from ((*way, one) for one in _elements(owner, step["name"]))


def _elements(owner: str, name: str) -> Iterator[Step]:
    """The JSON keys under which an element stands, each with its type."""
    model: dict[str, Any] = load("elements")
    place, definition = owner, model.get(owner)
    while definition is not None and name not in definition["elements"]:
        place = definition.get("base") or ""
        definition = model.get(place)
    if definition is None:
        return
    element = definition["elements"][name]
    for kind in element["t"]:
        nested = f"{place}.{name}"
        where = nested if kind in ("BackboneElement", "Element") and nested in model else kind
        yield Step(name + kind[0].upper() + kind[1:] if element.get("c") else name, where)


@cache
def _extension_values() -> tuple[tuple[str, str], ...]:
    """(suffix, type) of every type that an extension's value may have."""
    return tuple((kind[0].upper() + kind[1:], kind) for kind in load("elements")["Extension"]["elements"]["value"]["t"])


@cache
def _value_types() -> frozenset[str]:
    return frozenset(kind for _, kind in _extension_values())
