"""Everything that people read or decide in an artefact, as flat places that a form can show and write back.

A place is named by its path in the JSON (``action.0.title``); the artefact is cut into parts (the whole, each action
that is of a kind, each question) so that a form stays short. Pure: reading gives places, writing another resource.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.fhir.resource import Resource, extension, with_extension, without_extension
from app.fhir.translation import translated, translations
from protocols.completeness import NOT_READ, READ_BY_PEOPLE, is_text
from protocols.vocabulary import TO_BE_CONFIRMED, VARIABLE

Path = tuple[str | int, ...]
MAIN, VARIABLES = "", "variables"
LONG = 80
"""From this length on a text gets several lines."""
AMOUNTS = {
    "timingDuration": ("value",),
    "low": ("value",),
    "high": ("value",),
    "doseQuantity": ("value",),
    "repeat": ("frequency", "period", "count"),
}
"""Elements whose numbers are decided by the Ministry: intervals, doses, how often."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of an artefact that is edited together; ``element`` has its title."""

    key: str
    path: Path
    element: Resource


@dataclass(frozen=True, slots=True)
class Text:
    """A text in both languages; ``within`` are the elements around it, outermost first."""

    path: Path
    fr: str
    ar: str
    within: tuple[Resource, ...]

    @property
    def key(self) -> str:
        return key_of(self.path)

    @property
    def field(self) -> str:
        return str(self.path[-1])

    @property
    def long(self) -> bool:
        return max(len(self.fr), len(self.ar)) > LONG or self.field in ("description", "usage", "purpose")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its unit."""

    path: Path
    value: Decimal
    unit: str
    within: tuple[Resource, ...]

    @property
    def key(self) -> str:
        return key_of(self.path)


@dataclass(frozen=True, slots=True)
class Mark:
    """Whether an action still has to be confirmed by the Ministry."""

    path: Path
    value: bool
    within: tuple[Resource, ...]

    @property
    def key(self) -> str:
        return key_of((*self.path, "to-be-confirmed"))


def key_of(path: Path) -> str:
    """The name of a place in a form."""
    return ".".join(map(str, path))


def parts(resource: Resource) -> list[Part]:
    """The parts of an artefact: itself, its actions that are of a kind, its questions, its variables."""
    found = [Part(MAIN, (), resource)]
    found += [Part(str(one.get("id", key_of(path))), path, one) for path, one in _kinds(resource, ())]
    found += [
        Part(one.get("linkId", str(index)), ("item", index), one) for index, one in enumerate(resource.get("item", ()))
    ]
    if any(one.get("url") == VARIABLE for one in resource.get("extension", ())):
        found.append(Part(VARIABLES, ("extension",), resource))
    return found


def places(resource: Resource, part: Part) -> list[Text | Amount | Mark]:
    """Everything to read and decide in a part, in the order of the JSON."""
    others = {one.path for one in parts(resource) if one.path} - {part.path}
    start: Any = part.element
    if part.key == VARIABLES:
        start = {"extension": resource["extension"]}
        return list(_walk(start, (), (resource,), others=set()))
    return list(_walk(start, part.path, (start,), others))


def rewritten(resource: Resource, values: Mapping[str, Any]) -> Resource:
    """Another resource with these values: key of a place → ``{"fr": …, "ar": …}``, a number, or a truth value."""
    made = resource
    for part in parts(resource):
        for place in places(resource, part):
            if place.key in values:
                made = _written(made, place, values[place.key])
    return made


def part_of(resource: Resource, path: Path) -> str:
    """The key of the part in which a place is edited."""
    around = [part for part in parts(resource) if part.path == path[: len(part.path)]]
    return max(around, key=lambda part: len(part.path)).key


def at(resource: Any, path: Path) -> Any:
    """The element at a path."""
    for step in path:
        resource = resource[step]
    return resource


def _kinds(owner: Resource, path: Path) -> Iterator[tuple[Path, Resource]]:
    for index, action in enumerate(owner.get("action", ())):
        here = (*path, "action", index)
        if action.get("code"):
            yield here, action
        else:
            yield from _kinds(action, here)


def _walk(
    element: Resource, path: Path, within: tuple[Resource, ...], others: set[Path]
) -> Iterator[Text | Amount | Mark]:
    if "action" in path and isinstance(path[-1], int) and path[-2] == "action" and element.get("code"):
        yield Mark(path, extension(element, TO_BE_CONFIRMED) is True, within)
    for key, value in element.items():
        here = (*path, key)
        if key in NOT_READ or key.startswith("_") or here in others:
            continue
        if isinstance(value, str):
            if key in READ_BY_PEOPLE and is_text(element, key) and not repeats(element, key):
                yield Text(here, value, translations(element, key).get("ar", ""), within)
        elif isinstance(value, dict):
            yield from _within(key, value, here, within, others)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, dict) and (*here, index) not in others:
                    yield from _within(key, item, (*here, index), within, others)


def _within(
    key: str, value: Resource, here: Path, within: tuple[Resource, ...], others: set[Path]
) -> Iterator[Text | Amount | Mark]:
    for name in AMOUNTS.get(key, ()):
        if name in value:
            unit = value.get("unit") or value.get("code") or value.get("periodUnit", "") * (name == "period")
            yield Amount((*here, name), Decimal(str(value[name])), unit, within)
    yield from _walk(value, here, (*within, value), others)


def repeats(element: Resource, key: str) -> bool:
    """Whether a text follows another and is not asked twice: ``textEquivalent`` that repeats the description."""
    return key == "textEquivalent" and element.get("description") == element[key]


def _written(resource: Resource, place: Text | Amount | Mark, value: Any) -> Resource:
    name = str(place.path[-1])
    if isinstance(place, Mark):
        made: Resource = _put(resource, place.path, lambda owner: _marked(owner, bool(value)))
    elif isinstance(place, Amount):
        number = int(value) if value == int(value) and place.value == int(place.value) else value
        made = _put(resource, place.path[:-1], lambda owner: {**owner, name: number})
    else:
        made = _put(resource, place.path[:-1], lambda owner: _said(owner, name, value))
    return made


def _marked(owner: Resource, to_confirm: bool) -> Resource:
    if (extension(owner, TO_BE_CONFIRMED) is True) == to_confirm:
        return owner
    if to_confirm:
        return with_extension(owner, TO_BE_CONFIRMED, valueBoolean=True)
    return without_extension(owner, TO_BE_CONFIRMED)


def _said(owner: Resource, field: str, wording: Mapping[str, str]) -> Resource:
    """The owner with a text in both languages; what repeats it (text in short, designations) says the same."""
    made = translated(owner | {field: wording["fr"]}, field, {"ar": wording["ar"]})
    if field == "description" and owner.get("textEquivalent") == owner.get("description"):
        made = translated(made | {"textEquivalent": wording["fr"]}, "textEquivalent", {"ar": wording["ar"]})
    if field == "display" and "designation" in owner:
        designations = [
            one | {"value": wording[one["language"]]} if one.get("language") in wording else one
            for one in owner["designation"]
        ]
        made = made | {"designation": designations}
    return made


def _put(resource: Any, path: Path, change: Callable[[Resource], Resource]) -> Any:
    """Another resource in which the element at a path is changed."""
    if not path:
        return change(resource)
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        return [*resource[:step], _put(resource[step], rest, change), *resource[step + 1 :]]
    return resource | {step: _put(resource[step], rest, change)}
