"""``_summary`` and ``_elements`` (https://hl7.org/fhir/R4/search.html#summary): parts of resources, marked
SUBSETTED.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.errors import Malformed
from app.fhir.definitions import load
from app.fhir.json import loads
from app.fhir.resource import Resource
from app.rest.asked import Asked

SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
MODES = frozenset({"true", "false", "text", "data", "count"})
_ALWAYS = frozenset({"resourceType", "id", "meta", "implicitRules"})


@dataclass(frozen=True, slots=True)
class Part:
    """What is wanted of each resource: a summary ``mode`` or the named ``elements`` (``Patient.name`` names a
    type's).
    """

    mode: str = ""
    elements: tuple[str, ...] = ()


def wanted(asked: Asked) -> Part | None:
    """The part that the request asks for; None: the whole. Raises Malformed on an unknown ``_summary``."""
    mode = asked.first("_summary")
    if mode is not None and mode not in MODES:
        raise Malformed(f"_summary={mode}: write true, text, data, count or false.", expression="http._summary")
    elements = tuple(name.strip() for value in asked.all("_elements") for name in value.split(",") if name.strip())
    if elements:
        return Part(elements=elements)
    return None if mode in (None, "false") else Part(str(mode))


def subset(body: bytes, part: Part) -> Resource:
    """Another resource with the part only; mandatory and modifier elements always stay (``_elements``)."""
    resource = loads(body)
    type = resource["resourceType"]
    if part.mode == "data":
        kept = {key: value for key, value in resource.items() if key != "text"}
    elif part.mode == "text":
        kept = _top(resource, {"text", *_mandatory(type)})
    elif part.mode == "true":
        kept = _summarised(resource, _summary(type))
    else:
        kept = _top(resource, {*_named(type, part.elements), *_mandatory(type), *_modifiers(type)})
    return _marked(kept)


def _marked(resource: Resource) -> Resource:
    meta = resource.get("meta", {})
    first = {"resourceType": resource["resourceType"], "id": resource.get("id")}
    return {**first, "meta": {**meta, "tag": [*meta.get("tag", ()), SUBSETTED]}} | {
        key: value for key, value in resource.items() if key not in ("resourceType", "id", "meta")
    }


def _top(resource: Resource, names: set[str]) -> Resource:
    return {key: value for key, value in resource.items() if key in _ALWAYS or _stands(key, "", names)}


def _summarised(value: Any, paths: frozenset[str], path: str = "") -> Any:
    """Below backbones the flags of their own elements count; data types stand whole."""
    if isinstance(value, list):
        return [_summarised(item, paths, path) for item in value]
    if not isinstance(value, dict) or (path and not any(known.startswith(path + ".") for known in paths)):
        return value
    start = f"{path}." if path else ""
    kept = {}
    for key, item in value.items():
        if (not path and key in _ALWAYS) or (path and key in ("id", "extension")) or _stands(key, start, paths):
            kept[key] = _summarised(item, paths, start + key)
    return kept


def _stands(key: str, start: str, paths: Iterable[str]) -> bool:
    name = start + key.lstrip("_")
    return any(p == name or (p.endswith("[x]") and _is_choice(name, p[:-3])) for p in paths)


def _is_choice(name: str, stem: str) -> bool:
    return name.startswith(stem) and len(name) > len(stem) and name[len(stem)].isupper()


def _named(type: str, elements: tuple[str, ...]) -> set[str]:
    """The top elements named; a path below (``Patient.contact.name``) keeps its whole top element."""
    tops = set()
    for name in elements:
        first, _, rest = name.partition(".")
        if first == type and rest:
            tops.add(rest.split(".")[0])
        elif not first[:1].isupper():
            tops.add(first)
    return tops | {f"{top}[x]" for top in tops}


@lru_cache(256)
def _summary(type: str) -> frozenset[str]:
    return frozenset(load("summaries").get(type, {}).get("summary", ())) | _mandatory(type)


@lru_cache(256)
def _modifiers(type: str) -> frozenset[str]:
    return frozenset(name for name in load("summaries").get(type, {}).get("modifier", ()) if "." not in name)


@lru_cache(256)
def _mandatory(type: str) -> frozenset[str]:
    known = load("elements").get(type, {}).get("elements", {})
    return frozenset(
        name + ("[x]" if element.get("c") else "") for name, element in known.items() if element["min"] > 0
    )
