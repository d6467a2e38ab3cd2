"""Search parameter expressions as plain accessors: a path such as ``Observation.value.ofType(Quantity)`` read once.

Official search parameters (https://hl7.org/fhir/R4/searchparameter-registry.html) use a small part of FHIRPath:
members, ``ofType``, ``where(resolve() is Type)``, ``where(a='b')``, ``extension('url')``, indexes and unions.
These take a tenth of the time of the general engine; whatever else stands in an expression is refused here and left
to the caller.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from app.fhir.definitions import load

Accessor = Callable[[Mapping[str, Any]], list[Any]]
_Step = Callable[[list[Any]], list[Any]]

_TOKEN = re.compile(
    r"\.?(?:(?P<type>ofType|as)\((?P<of>\w+)\)"
    r"|where\(resolve\(\) is (?P<target>\w+)\)"
    r"|where\((?P<key>\w+)\s*=\s*'(?P<equal>[^']*)'\)"
    r"|extension\('(?P<url>[^']+)'\)"
    r"|\[(?P<index>\d+)\]"
    r"|(?P<name>\w+))"
)


_TARGET = re.compile(r"where\(resolve\(\) is (\w+)\)")


class NotPlain(ValueError):
    """The expression is more than a plain path."""


@lru_cache(4096)
def accessor(type: str, expression: str) -> Accessor:
    """All values that an expression finds in a resource of ``type``. Raises NotPlain when it is no plain path."""
    paths = [_path(type, part.strip()) for part in _union(expression)]
    if len(paths) == 1:
        return paths[0]

    def union(resource: Mapping[str, Any]) -> list[Any]:
        return [value for path in paths for value in path(resource)]

    return union


def _union(expression: str) -> list[str]:
    parts = [part.strip() for part in expression.split("|")]
    return [part[1:-1] if part.startswith("(") and part.endswith(")") else part for part in parts]


def _path(type: str, expression: str) -> Accessor:
    head, _, rest = expression.partition(".")
    if head not in (type, "Resource", "DomainResource"):
        raise NotPlain(expression)
    steps: list[_Step] = []
    at, place, within = 0, rest, type
    while at < len(place):
        found = _TOKEN.match(place, at)
        if found is None:
            raise NotPlain(expression)
        at = found.end()
        step, within = _step(found, within, expression)
        steps.append(step)

    quick = _quick(type, rest)
    if quick is not None:
        return quick

    def read(resource: Mapping[str, Any]) -> list[Any]:
        values: list[Any] = [resource]
        for step in steps:
            values = step(values)
            if not values:
                break
        return values

    return read


@lru_cache(4096)
def plain_element(type: str, expression: str) -> str | None:
    """The name of the one element, of one type and not repeated, that an expression reads and may narrow to references
    of one type: ``Observation.status``, ``Observation.subject.where(resolve() is Patient)``. None for any other."""
    own = [part.partition(".")[2] for part in _union(expression) if part.partition(".")[0] == type]
    if len(own) != 1 or len(_union(expression)) != 1:
        return None
    name, _, target = own[0].partition(".")
    about = element_of(type, name)
    if about is None or about.get("c") or about["max"] != "1" or (target and _TARGET.fullmatch(target) is None):
        return None
    return name


def _quick(type: str, rest: str) -> Accessor | None:
    """The commonest paths in one step: one plain element, or one reference to a type of resource."""
    name, _, target = rest.partition(".")
    about = element_of(type, name)
    if about is None:
        return None
    if about.get("c"):
        keys = tuple(name + kind[:1].upper() + kind[1:] for kind in about["t"])
        return _chosen(keys) if not target and about["max"] == "1" else None
    if not target:
        if about["max"] != "1":
            return lambda resource: resource.get(name, [])
        return lambda resource: [resource[name]] if name in resource else []
    found = _TARGET.fullmatch(target)
    if found is None or about["max"] != "1":
        return None
    start, middle = f"{found[1]}/", f"/{found[1]}/"

    def refers(resource: Mapping[str, Any]) -> list[Any]:
        value = resource.get(name)
        if value is None:
            return []
        text = value.get("reference", "")
        return [value] if text.startswith(start) or middle in text or value.get("type") == found[1] else []

    return refers


def _chosen(keys: tuple[str, ...]) -> Accessor:
    """The value of a choice element, whichever type it has."""

    def chosen(resource: Mapping[str, Any]) -> list[Any]:
        for key in keys:
            if key in resource:
                return [resource[key]]
        return []

    return chosen


def _step(found: re.Match[str], within: str, expression: str) -> tuple[_Step, str]:
    parts = found.groupdict()
    if parts["name"] is not None:
        return _member(within, parts["name"], expression)
    if parts["of"] is not None:
        return _of_type(parts["of"]), parts["of"]
    if parts["target"] is not None:
        return _targets(parts["target"]), within
    if parts["key"] is not None:
        key, equal = parts["key"], parts["equal"]
        return (lambda values: [v for v in values if v.get(key) == equal]), within
    if parts["url"] is not None:
        url = parts["url"]
        return (lambda values: [e for v in values for e in v.get("extension", ()) if e.get("url") == url]), "Extension"
    index = int(parts["index"])
    return (lambda values: values[index : index + 1]), within


@lru_cache(4096)
def element_of(type: str, name: str) -> Mapping[str, Any] | None:
    """The definition of an element of a type or of one of its bases (``t`` types, ``max``, ``c`` choice); None:
    unknown."""
    model = load("elements")
    while type in model:
        if name in model[type]["elements"]:
            found: Mapping[str, Any] = model[type]["elements"][name]
            return found
        type = model[type].get("base") or ""
    return None


def _member(within: str, name: str, expression: str) -> tuple[_Step, str]:
    about = element_of(within, name)
    if about is None:
        raise NotPlain(expression)
    if about.get("c"):
        keys = [name + kind[:1].upper() + kind[1:] for kind in about["t"]]
        return (lambda values: [v[k] for v in values for k in keys if k in v]), about["t"][0]
    return (lambda values: _get(values, name)), about["t"][0]


def _get(values: list[Any], name: str) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if isinstance(value, dict) and name in value:
            item = value[name]
            if isinstance(item, list):
                found.extend(item)
            else:
                found.append(item)
    return found


_SHAPES: dict[str, Callable[[Any], bool]] = {
    "Quantity": lambda v: isinstance(v, dict) and ("value" in v or "unit" in v or "code" in v) and "coding" not in v,
    "Age": lambda v: isinstance(v, dict) and "value" in v,
    "CodeableConcept": lambda v: isinstance(v, dict) and ("coding" in v or "text" in v),
    "Reference": lambda v: isinstance(v, dict) and ("reference" in v or "identifier" in v or "display" in v),
    "Period": lambda v: isinstance(v, dict) and ("start" in v or "end" in v),
    "Range": lambda v: isinstance(v, dict) and ("low" in v or "high" in v),
    "SampledData": lambda v: isinstance(v, dict) and "origin" in v,
    "boolean": lambda v: isinstance(v, bool),
}


def _of_type(kind: str) -> _Step:
    shape = _SHAPES.get(kind, lambda value: not isinstance(value, dict))
    return lambda values: [value for value in values if shape(value)]


def _targets(kind: str) -> _Step:
    start, middle = f"{kind}/", f"/{kind}/"

    def keep(values: list[Any]) -> list[Any]:
        return [v for v in values if v.get("type") == kind or _points(v.get("reference", ""), start, middle)]

    return keep


def _points(reference: str, start: str, middle: str) -> bool:
    return reference.startswith(start) or middle in reference
