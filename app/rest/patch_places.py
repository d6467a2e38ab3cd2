"""Places in a resource: where an expression finds elements, and the resource with one of them changed."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from app.errors import Invalid
from app.fhir.definitions import load
from app.fhir.fhirpath import FhirPathError, evaluate
from app.fhir.resource import Resource

LONGEST = 500
_REGULAR = re.compile(r"\b(?:matches|matchesFull|replaceMatches)\s*\(")
"""A path of a patch comes from anywhere, and some expressions take for ever to find that nothing matches."""

Step = str | int
Path = tuple[Step, ...]


class _Text(str):
    """A text that is told apart from an equal one elsewhere in the resource."""

    __slots__ = ()


class _Decimal(Decimal):
    __slots__ = ()


class _Integer(int):
    __slots__ = ()


def located(resource: Resource, expression: str, place: str) -> list[Path]:
    """Where the elements stand that an expression finds; each value is made one of its kind, then known by identity."""
    if len(expression) > LONGEST or _REGULAR.search(expression):
        raise Invalid(
            f"{place}: a path has {LONGEST} characters at most and no regular expressions.",
            expression="Parameters.parameter.part",
        )
    where: dict[int, Path] = {}
    marked = _marked(resource, (), where)
    try:
        found = evaluate(marked, expression)
        paths = [where[id(one)] for one in found if id(one) in where]
        if len(paths) == len(found):
            return paths
        owner, _, name = expression.rpartition(
            "."
        )  # true and false are the same everywhere: they are found by their owner
        owners = [where[id(one)] for one in evaluate(marked, owner)] if owner else [()]
    except FhirPathError as error:
        raise Invalid(f"{place}: {error}", expression="Parameters.parameter.part") from None
    except KeyError:
        owners = []
    paths = [(*path, name) for path in owners if isinstance(at(resource, (*path, name)), bool)]
    if len(paths) != len(found):
        raise Invalid(f"{place}: {expression} names no element of the resource.")
    return paths


def _marked(value: Any, path: Path, where: dict[int, Path]) -> Any:
    made: Any = value
    if isinstance(value, dict):
        made = {
            key: item if key == "resourceType" else _marked(item, (*path, key), where) for key, item in value.items()
        }
    elif isinstance(value, list):
        return [_marked(item, (*path, index), where) for index, item in enumerate(value)]
    elif isinstance(value, str):
        # another text of the same type, where there can be one (of one letter there is only one in the process)
        made = (
            value.encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass") if len(value) > 1 else _Text(value)
        )
    elif isinstance(value, Decimal):
        made = _Decimal(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        made = _Integer(value)
    if not isinstance(made, bool) and made is not None:
        where[id(made)] = path
    return made


def at(value: Any, path: Path) -> Any:
    """What stands at a place; None where nothing does."""
    for step in path:
        if isinstance(step, str) and not (isinstance(value, dict) and step in value):
            return None
        value = value[step]
    return value


def replaced(resource: Resource, path: Path, new: Any) -> Resource:
    """The resource with another value at a place."""
    made: Resource = _replaced(resource, path, new)
    return made


def _replaced(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    first, rest = path[0], path[1:]
    if isinstance(first, int):
        return [*value[:first], _replaced(value[first], rest, new), *value[first + 1 :]]
    return {**value, first: _replaced(value.get(first), rest, new)}


def without(resource: Resource, path: Path) -> Resource:
    """The resource without one element; a list that becomes empty goes too, as FHIR has no empty lists."""
    made: Resource = _without(resource, path)
    return made


def _without(value: Any, path: Path) -> Any:
    first, rest = path[0], path[1:]
    if not rest:
        if isinstance(first, int):
            return [*value[:first], *value[first + 1 :]]
        return {key: item for key, item in value.items() if key not in (first, f"_{first}")}
    inner = _without(value[first], rest)
    if inner in ([], {}):
        return _without(value, (first,))
    return _replaced(value, (first,), inner)


def element(type: str, path: Path) -> dict[str, Any]:
    """What the R4 model says of an element: ``max``, and ``c`` where it is a choice; {} where it is not known."""
    model = load("elements")
    owner = type
    known: dict[str, Any] = {}
    for step in path:
        if isinstance(step, int):
            continue
        elements = model.get(owner, {}).get("elements", {})
        known = elements.get(step) or next(
            (e for name, e in elements.items() if e.get("c") and step.startswith(name) and step != name), {}
        )
        owner = _type_of(step, known)
    return known


def child_of(known: dict[str, Any], name: str) -> dict[str, Any]:
    """What the R4 model says of an element of an element; {} where it is not known."""
    owner = load("elements").get(str(known.get("t", [""])[0]), {})
    found: dict[str, Any] = owner.get("elements", {}).get(name, {})
    return found


def _type_of(step: str, element: dict[str, Any]) -> str:
    types = element.get("t", [""])
    return next((t for t in types if step.endswith(t[:1].upper() + t[1:]) and len(types) > 1), str(types[0]))


def choice_stem(type: str, path: Path) -> str | None:
    """``value`` for a path that ends in ``valueQuantity``."""
    owner, key = path[:-1], str(path[-1])
    model = load("elements")
    name = type
    for step in owner:
        if isinstance(step, str):
            elements = model.get(name, {}).get("elements", {})
            name = _type_of(step, elements.get(step, {}))
    for stem, element in model.get(name, {}).get("elements", {}).items():
        if element.get("c") and key.startswith(stem) and any(key == stem + t[:1].upper() + t[1:] for t in element["t"]):
            return str(stem)
    return None
