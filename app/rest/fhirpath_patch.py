"""FHIRPath Patch (https://hl7.org/fhir/R4/fhirpatch.html): a Parameters resource of operations at FHIRPath
addresses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.errors import Invalid, Malformed
from app.fhir.resource import Resource, choice
from app.rest.patch_places import Path, at, child_of, choice_stem, element, located, replaced, without


def apply(before: Resource, parameters: Resource) -> Resource:
    """The resource after all operations, in order.

    Raises Malformed (400) on Parameters that are no patch, Invalid (422) on a path that finds nothing or several.
    """
    operations = [one for one in parameters.get("parameter", ()) if one.get("name") == "operation"]
    if not operations:
        raise Malformed("A FHIRPath Patch has parameters named 'operation'.", expression="Parameters.parameter")
    resource = before
    for index, operation in enumerate(operations):
        parts = {part.get("name"): part for part in operation.get("part", ())}
        resource = _applied(resource, parts, f"operation {index}")
    return resource


def _applied(resource: Resource, parts: dict[Any, Resource], place: str) -> Resource:
    kind = _text(parts, "type", place)
    run = _RUN.get(kind)
    if run is None:
        raise Malformed(f"{place}: type is {kind!r}; write add, insert, delete, replace or move.")
    return run(resource, parts, place)


def _add(resource: Resource, parts: dict[Any, Resource], place: str) -> Resource:
    """Appends to a list, or sets what is not there yet."""
    owner = _one(resource, parts, place)
    name = _text(parts, "name", place)
    known = element(resource["resourceType"], (*owner, name))
    value, suffix = _value(parts, place, known)
    key = name + suffix if known.get("c") else name
    here = at(resource, owner)
    if not isinstance(here, dict):
        raise Invalid(f"{place}: nothing can be added below a plain value.")
    if known.get("max", "1") != "1":
        return replaced(resource, (*owner, key), [*here.get(key, ()), value])
    if key in here:
        raise Invalid(f"{place}: {name} is there already, and it does not repeat: use replace.")
    return replaced(resource, (*owner, key), value)


def _insert(resource: Resource, parts: dict[Any, Resource], place: str) -> Resource:
    path, items = _list(resource, parts, place)
    index = _number(parts, "index", place, len(items))
    value, _ = _value(parts, place, element(resource["resourceType"], path))
    return replaced(resource, path, [*items[:index], value, *items[index:]])


def _delete(resource: Resource, parts: dict[Any, Resource], place: str) -> Resource:
    """Deleting what is not there is no error (fhirpatch.html: "if found")."""
    found = located(resource, _text(parts, "path", place), place)
    if len(found) > 1:
        raise Invalid(f"{place}: the path finds {len(found)} elements; only one can be deleted at a time.")
    return without(resource, _below(found[0], place)) if found else resource


def _replace(resource: Resource, parts: dict[Any, Resource], place: str) -> Resource:
    path = _below(_one(resource, parts, place), place)
    value, suffix = _value(parts, place, element(resource["resourceType"], path))
    name = path[-1]
    if isinstance(name, str) and (stem := choice_stem(resource["resourceType"], path)):
        return replaced(without(resource, path), (*path[:-1], stem + suffix), value)
    return replaced(resource, path, value)


def _move(resource: Resource, parts: dict[Any, Resource], place: str) -> Resource:
    path, items = _list(resource, parts, place)
    source = _number(parts, "source", place, len(items) - 1)
    rest = [*items[:source], *items[source + 1 :]]
    target = _number(parts, "destination", place, len(rest))
    return replaced(resource, path, [*rest[:target], items[source], *rest[target:]])


_RUN: dict[str, Callable[[Resource, dict[Any, Resource], str], Resource]] = {
    "add": _add,
    "insert": _insert,
    "delete": _delete,
    "replace": _replace,
    "move": _move,
}


def _text(parts: dict[Any, Resource], name: str, place: str) -> str:
    found = choice(parts.get(name, {}), "value")
    if found is None or not isinstance(found[1], str):
        raise Malformed(f"{place}: the part '{name}' is missing.", expression="Parameters.parameter.part")
    return found[1]


def _number(parts: dict[Any, Resource], name: str, place: str, last: int) -> int:
    found = choice(parts.get(name, {}), "value")
    if found is None or isinstance(found[1], bool) or not isinstance(found[1], int):
        raise Malformed(f"{place}: the part '{name}' is an integer.", expression="Parameters.parameter.part")
    if not 0 <= found[1] <= last:
        raise Invalid(f"{place}: {name} is {found[1]}, the last place is {last}.")
    return found[1]


def _below(path: Path, place: str) -> Path:
    """The same path. Raises Invalid on that of the whole resource."""
    if not path:
        raise Invalid(f"{place}: the path is the whole resource: name an element of it, or send a PUT or DELETE.")
    return path


def _value(parts: dict[Any, Resource], place: str, known: dict[str, Any]) -> tuple[Any, str]:
    """(value, type suffix); elements without a type of their own (``Patient.contact``), and those that no parameter
    can hold (Extension), are given as parts. ``known``: what the R4 model says of the element.
    """
    part = parts.get("value")
    if part is None:
        raise Malformed(f"{place}: the part 'value' is missing.", expression="Parameters.parameter.part")
    found = choice(part, "value")
    if found is not None:
        return found[1], found[0]
    if "resource" in part:
        return part["resource"], ""
    if "part" not in part:
        raise Malformed(f"{place}: the part 'value' has no value.", expression="Parameters.parameter.part")
    made: Resource = {}
    for inner in part["part"]:
        name = inner.get("name", "")
        child = child_of(known, name)
        value, suffix = _value({"value": inner}, place, child)
        key = name + suffix if child.get("c") else name
        made[key] = [*made.get(key, ()), value] if child.get("max", "1") != "1" else value
    return made, ""


def _one(resource: Resource, parts: dict[Any, Resource], place: str) -> Path:
    expression = _text(parts, "path", place)
    found = located(resource, expression, place)
    if len(found) != 1:
        raise Invalid(f"{place}: {expression} finds {len(found)} elements; it must find one.")
    return found[0]


def _list(resource: Resource, parts: dict[Any, Resource], place: str) -> tuple[Path, list[Any]]:
    expression = _text(parts, "path", place)
    found = located(resource, expression, place)
    owners = {path[:-1] for path in found if path and isinstance(path[-1], int)}
    if len(owners) != 1:
        raise Invalid(f"{place}: {expression} is no list here.")
    path = owners.pop()
    return path, at(resource, path)
