"""Step: dynamicValue. Sets what an expression found at a path of the resource that is being made.

``path`` is the simple FHIRPath subset (https://hl7.org/fhir/R4/fhirpath.html#simple): ``payload[0].contentString``,
``input.value`` (the type of a choice is taken from the value), ``extension('url').value``, ``%resource.status``. A
value is fitted to the element's type: a resource becomes a Reference to it, a Coding a CodeableConcept, a text a
CodeableConcept's text.

The extensions of a primitive are reached through it, and so its translations:
``dosageInstruction[0].text.extension('http://hl7.org/fhir/StructureDefinition/translation').extension('content').value``
(``[1]`` after an ``extension`` is the second with that url). A text that is set anew loses the translations it had,
which would say something else: set the text first, then its translations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from app.errors import Invalid
from app.fhir.translation import URL as TRANSLATION
from pathways.facts.paths import element_of

Resource = dict[str, Any]
Step = tuple[str, str | None, int | None]
"""(element name, extension url, index)"""

_STEP = re.compile(r"\.?(?:extension\('(?P<url>[^']+)'\)|(?P<name>[A-Za-z]\w*))(?:\[(?P<index>\d+)\])?")
_DATED = re.compile(r"\d{4}(-\d\d(-\d\d(T.*)?)?)?")
MAX_INDEX = 1000


ACTION = "PlanDefinition.action"


def set_value(resource: Resource, path: str, values: list[Any], type: str | None = None) -> Resource:
    """Another resource with ``values`` (raw FHIR JSON values) at ``path``; no values: the same resource.

    ``type`` is that of an element that is no resource, such as ``ACTION``. Raises Invalid when the path names an
    element that the resource type does not have, or no place at all.
    """
    type = type or resource["resourceType"]
    steps = _steps(path, type)
    if not steps:
        raise Invalid("the path '{path}' of a dynamic value names no element", path=path)
    if not values:
        return resource
    return _set(resource, type, steps, values, path)


def refuse_path(type: str, path: str) -> None:
    """Raises Invalid when a path cannot be set on a resource type, whatever the value."""
    set_value({}, path, [{}], type)


@lru_cache(4096)
def _steps(path: str, type: str) -> tuple[Step, ...]:
    """(element name, extension url, index) of each step."""
    path = path.strip().removeprefix("%resource.").removeprefix("%action.").removeprefix(f"{type}.")
    steps: list[Step] = []
    at = 0
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            raise Invalid(
                "the path '{path}' of a dynamic value cannot be read at '{place}'", path=path, place=path[at:]
            )
        at = found.end()
        index = int(found["index"]) if found["index"] else None
        if index is not None and index > MAX_INDEX:
            raise Invalid(
                "the path '{path}' of a dynamic value points at item {index}: too far", path=path, index=index
            )
        steps.append((found["name"] or "extension", found["url"], index))
    return tuple(steps)


def _set(owner: Mapping[str, Any], type: str, steps: tuple[Step, ...], values: list[Any], path: str) -> Resource:
    (name, url, index), rest = steps[0], steps[1:]
    key, about, kind = _element(owner, type, name, values if not rest else None, path)
    made = dict(owner)
    if not rest:
        fitted = [_fit(value, kind) for value in values]
        made[key] = _placed(made.get(key), fitted, about["max"] != "1", index, path)
        return _without_other_choices(_retold(made, key, index), key, name, about)
    if kind[0].islower():
        return made | {f"_{key}": _beside(made, key, about["max"] != "1", index or 0, rest, values, path)}
    if about["max"] == "1":
        made[key] = _set(made.get(key) or {}, kind, rest, values, path)
        return _without_other_choices(made, key, name, about)
    items = list(made.get(key, ()))
    at = _extension_place(items, url, index or 0) if url else index or 0
    items += [{} for _ in range(at + 1 - len(items))]
    inner = {"url": url, **items[at]} if url else items[at]
    items[at] = _set(inner, kind, rest, values, path)
    made[key] = items
    return made


def _element(
    owner: Mapping[str, Any], type: str, name: str, values: list[Any] | None, path: str
) -> tuple[str, Mapping[str, Any], str]:
    """(JSON key, definition, type) of an element; a choice may be named with or without its type."""
    about = element_of(type, name)
    if about is not None and not about.get("c"):
        return name, about, about["t"][0] if about["t"] else "Element"
    if about is not None:
        kind = _kind_of(values[0] if values else None, about["t"])
        return name + kind[0].upper() + kind[1:], about, kind
    for end in range(len(name) - 1, 0, -1):
        stem, suffix = name[:end], name[end:]
        if suffix[0].isupper() and (choice := element_of(type, stem)) and choice.get("c"):
            for kind in choice["t"]:
                if kind[0].upper() + kind[1:] == suffix:
                    return name, choice, kind
    raise Invalid("'{path}' of a dynamic value: {type} has no element '{name}'", path=path, type=type, name=name)


def _without_other_choices(made: Resource, key: str, name: str, about: Mapping[str, Any]) -> Resource:
    """A choice element stands once: setting ``valueString`` takes ``valueCode`` away."""
    if not about.get("c"):
        return made
    others = _other_choices(key, name, tuple(about["t"]))
    return made if others.isdisjoint(made) else {k: v for k, v in made.items() if k not in others}


@lru_cache(1024)
def _other_choices(key: str, name: str, kinds: tuple[str, ...]) -> frozenset[str]:
    """The keys that a choice element would stand under with other types."""
    suffixes = [kind[0].upper() + kind[1:] for kind in kinds]
    stem = next((key[: -len(suffix)] for suffix in suffixes if key.endswith(suffix)), name)
    return frozenset({stem + suffix for suffix in suffixes} - {key})


def _placed(present: Any, fitted: list[Any], many: bool, index: int | None, path: str) -> Any:
    if not many:
        if len(fitted) > 1:
            raise Invalid(
                "'{path}' of a dynamic value takes one value, but there are {count}", path=path, count=len(fitted)
            )
        return fitted[0]
    if index is None:
        return fitted
    items = list(present or ())
    items += [None] * (index + 1 - len(items))
    items[index : index + 1] = fitted
    return [item for item in items if item is not None]


def _extension_place(items: list[Any], url: str, which: int) -> int:
    """The place of the extension with this url; after the last one where there are not so many."""
    places = [at for at, item in enumerate(items) if item.get("url") == url]
    return places[which] if which < len(places) else len(items)


def _beside(
    owner: Resource, key: str, many: bool, index: int, steps: tuple[Step, ...], values: list[Any], path: str
) -> Resource | list[Resource | None]:
    """The sibling of a primitive, ``_text``, with a value below its extensions."""
    beside = owner.get(f"_{key}")
    if not many:
        return _set(beside or {}, "Element", steps, values, path)
    items: list[Resource | None] = list(beside or ())
    items += [None] * (max(index + 1, len(owner.get(key, ()))) - len(items))
    items[index] = _set(items[index] or {}, "Element", steps, values, path)
    return items


def _retold(made: Resource, key: str, index: int | None) -> Resource:
    """Without the translations of a primitive that has been set anew."""
    beside = made.get(f"_{key}")
    if beside is None:
        return made
    if isinstance(beside, list):
        told = [_untranslated(one) if index in (None, at) else one for at, one in enumerate(beside)]
        kept: Any = told if any(told) else None
    else:
        kept = _untranslated(beside)
    rest = {name: value for name, value in made.items() if name != f"_{key}"}
    return rest | ({f"_{key}": kept} if kept else {})


def _untranslated(beside: Resource | None) -> Resource | None:
    if not beside or "extension" not in beside:
        return beside
    kept = [one for one in beside["extension"] if one.get("url") != TRANSLATION]
    rest = {name: value for name, value in beside.items() if name != "extension"}
    return (rest | ({"extension": kept} if kept else {})) or None


_SHAPES: tuple[tuple[str, frozenset[str]], ...] = (
    ("Reference", frozenset({"resourceType"})),
    ("Reference", frozenset({"reference"})),
    ("CodeableConcept", frozenset({"coding"})),
    ("Quantity", frozenset({"value"})),
    ("Coding", frozenset({"system", "code"})),
    ("Period", frozenset({"start"})),
    ("Timing", frozenset({"repeat"})),
    ("CodeableConcept", frozenset({"text"})),
)


def _kind_of(value: Any, kinds: list[str]) -> str:
    """The type, among those a choice allows, that a raw value most likely has."""
    likely: list[str] = []
    if isinstance(value, bool):
        likely = ["boolean"]
    elif isinstance(value, int):
        likely = ["integer", "positiveInt", "unsignedInt", "decimal", "Quantity"]
    elif isinstance(value, (Decimal, float)):
        likely = ["decimal", "Quantity"]
    elif isinstance(value, str):
        dated = _DATED.fullmatch(value)
        likely = (["dateTime", "date"] if dated else []) + ["string", "code", "uri", "canonical", "CodeableConcept"]
    elif isinstance(value, dict):
        likely = [kind for kind, keys in _SHAPES if keys <= value.keys()]
    return next((kind for kind in likely if kind in kinds), kinds[0])


def _fit(value: Any, kind: str) -> Any:
    """The value in the shape of a type."""
    if kind == "Reference":
        if isinstance(value, str):
            return {"reference": value}
        if isinstance(value, dict) and "resourceType" in value:
            found = next((e["resource"] for e in value.get("entry", ()) if "resource" in e), value)
            return {"reference": f"{found['resourceType']}/{found.get('id', '')}"}
    if kind == "CodeableConcept":
        if isinstance(value, str):
            return {"text": value}
        if isinstance(value, dict) and "code" in value and "coding" not in value:
            return {"coding": [value]}
    if kind == "Coding" and isinstance(value, dict) and "coding" in value:
        return value["coding"][0]
    if kind in ("string", "markdown", "code") and isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return str(value)
    return value
