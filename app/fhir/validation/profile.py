"""A resource held against a profile (https://hl7.org/fhir/R4/profiling.html): what a differential or snapshot narrows.

Checked: min and max, fixed and pattern values, the types of a choice, required bindings to known value sets, and
maximal lengths. Slices are checked where they slice an extension by its url; other slicing is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.fhir.definitions import codes_of
from app.fhir.resource import choice
from app.fhir.validation.problem import Problem


def profiled(resource: Mapping[str, Any], profile: Mapping[str, Any]) -> list[Problem]:
    """The problems of a resource under a StructureDefinition; the first is its type where that already differs."""
    name = resource.get("resourceType")
    if profile.get("type") != name:
        return [Problem("", f"{profile.get('url')} is a profile of {profile.get('type')}, not of {name}.", "structure")]
    part = profile.get("differential") or profile.get("snapshot") or {}
    problems: list[Problem] = []
    for element in part.get("element", ()):
        problems += _against(resource, element, str(profile.get("url")))
    return problems


def _against(resource: Mapping[str, Any], element: Mapping[str, Any], url: str) -> Iterator[Problem]:
    steps = element["path"].split(".")[1:]
    if not steps or (":" in element.get("id", "") and "sliceName" not in element):
        return
    if element.get("sliceName"):
        yield from _extension_slice(resource, steps, element, url)
        return
    for place, owner in _owners(resource, steps[:-1], ""):
        values = list(_values(owner, steps[-1], place))
        yield from _counted(values, element, f"{place}.{steps[-1].removesuffix('[x]')}", url)
        for path, value, kind in values:
            yield from _valued(path, value, kind, element, url)


def _extension_slice(
    resource: Mapping[str, Any], steps: list[str], element: Mapping[str, Any], url: str
) -> Iterator[Problem]:
    """``Patient.extension:name`` whose type names the extension's own profile."""
    wanted = [profile for kind in element.get("type", ()) for profile in kind.get("profile", ())]
    if steps[-1] not in ("extension", "modifierExtension") or not wanted:
        return
    for place, owner in _owners(resource, steps[:-1], ""):
        found = [(f"{place}.extension", one, "") for one in owner.get(steps[-1], ()) if one.get("url") in wanted]
        yield from _counted(found, element, f"{place}.extension('{wanted[0]}')", url)


def _owners(value: Any, steps: list[str], place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object at a path, with its place."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _owners(item, steps, f"{place}[{index}]")
    elif isinstance(value, dict):
        if not steps:
            yield place, value
        elif steps[0].endswith("[x]"):
            name = steps[0].removesuffix("[x]")
            if (found := choice(value, name)) is not None:
                yield from _owners(found[1], steps[1:], f"{place}.{name}.ofType({found[0]})")
        elif steps[0] in value:
            yield from _owners(value[steps[0]], steps[1:], f"{place}.{steps[0]}")


def _values(owner: Mapping[str, Any], name: str, place: str) -> Iterator[tuple[str, Any, str]]:
    """(path, value, type of a choice or "") of every value of an element; a primitive with only extensions counts."""
    if name.endswith("[x]"):
        name = name.removesuffix("[x]")
        if (found := choice(owner, name)) is not None:
            yield f"{place}.{name}.ofType({found[0]})", found[1], found[0]
        return
    value = owner.get(name, owner.get(f"_{name}"))
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield f"{place}.{name}[{index}]", item, ""
    elif value is not None:
        yield f"{place}.{name}", value, ""


def _counted(values: list[Any], element: Mapping[str, Any], path: str, url: str) -> Iterator[Problem]:
    low, high = element.get("min", 0), element.get("max", "*")
    if len(values) < low:
        yield Problem(path, f"{url} requires at least {low} here, not {len(values)}.", "required")
    if high != "*" and len(values) > int(high):
        yield Problem(path, f"{url} allows at most {high} here, not {len(values)}.", "structure")


def _valued(path: str, value: Any, kind: str, element: Mapping[str, Any], url: str) -> Iterator[Problem]:
    fixed, pattern = choice(element, "fixed"), choice(element, "pattern")
    if fixed and value != fixed[1]:
        yield Problem(path, f"{url} fixes this to {fixed[1]}.", "value")
    if pattern and not _fits(value, pattern[1]):
        yield Problem(path, f"{url} asks for {pattern[1]} here.", "value")
    allowed = [entry["code"] for entry in element.get("type", ())]
    if kind and allowed and kind.lower() not in [code.lower() for code in allowed]:
        yield Problem(path, f"{url} allows only {', '.join(allowed)} here.", "structure")
    longest = element.get("maxLength")
    if longest and isinstance(value, str) and len(value) > longest:
        yield Problem(path, f"{url} allows {longest} characters here, not {len(value)}.", "too-long")
    yield from _bound(path, value, element.get("binding", {}), url)


def _bound(path: str, value: Any, binding: Mapping[str, Any], url: str) -> Iterator[Problem]:
    name = str(binding.get("valueSet", "")).split("|")[0]
    systems = codes_of(name) if binding.get("strength") == "required" else None
    if systems is None:
        return
    entries = [{"code": value}] if isinstance(value, str) else value.get("coding", [value])
    for entry in entries:
        known = [systems.get(entry["system"], {})] if "system" in entry else systems.values()
        if any(entry.get("code") in codes for codes in known):
            return
    yield Problem(path, f"{url} requires a code of {name} here.", "code-invalid")


def _fits(value: Any, pattern: Any) -> bool:
    """Whether a value has everything that a pattern has, at any depth."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(key in value and _fits(value[key], pattern[key]) for key in pattern)
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(_fits(item, wanted) for item in value) for wanted in pattern)
    return bool(value == pattern)
