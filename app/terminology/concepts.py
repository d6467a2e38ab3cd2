"""A code system as it is asked: flat, by code, with parents (https://hl7.org/fhir/R4/codesystem.html)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from app.fhir.resource import Resource, choice
from app.fhir.translation import translations

_PARENT = frozenset({"parent", "subsumedBy"})
INACTIVE_STATUS = frozenset({"retired", "inactive"})


@dataclass(frozen=True, slots=True)
class Concept:
    """One code. ``designations``: ({language?, use?, value}); ``properties``: (code, value) with the value as in
    FHIR.
    """

    system: str
    code: str
    display: str | None = None
    definition: str | None = None
    designations: tuple[Resource, ...] = ()
    properties: tuple[tuple[str, str, Any], ...] = ()
    """(code, type suffix such as ``Code``, value)."""
    version: str | None = None
    language: str | None = None
    """The language of ``display``."""

    @property
    def inactive(self) -> bool:
        """Whether the code is kept for old records only."""
        return any(
            (code == "inactive" and value is True)
            or (code == "status" and value in INACTIVE_STATUS)
            or (code == "deprecated" and value is True)
            for code, _, value in self.properties
        )

    @property
    def abstract(self) -> bool:
        """Whether the code only groups others."""
        return any(code in ("notSelectable", "abstract") and value is True for code, _, value in self.properties)

    def property(self, code: str) -> list[Any]:
        """The values of a property."""
        return [value for name, _, value in self.properties if name == code]

    def texts(self) -> Iterator[str]:
        """The display and every designation."""
        if self.display:
            yield self.display
        yield from (str(one["value"]) for one in self.designations if one.get("value"))


@dataclass(frozen=True)
class Concepts:
    """The concepts of a code system. ``complete``: the list is the whole system (not a fragment or an example)."""

    url: str
    version: str | None = None
    name: str | None = None
    complete: bool = True
    case_sensitive: bool = True
    by_code: Mapping[str, Concept] = field(default_factory=dict)
    parents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def get(self, code: str) -> Concept | None:
        """The concept of a code; case counts only where the system says so."""
        found = self.by_code.get(code)
        if found is None and not self.case_sensitive:
            return self._folded.get(code.casefold())
        return found

    def listed(self) -> Mapping[str, Concept]:
        """Every concept by its code. Raises Invalid (422) where no list holds them."""
        return self.by_code

    @cached_property
    def _folded(self) -> dict[str, Concept]:
        return {code.casefold(): concept for code, concept in self.by_code.items()}

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """Code → codes directly below it."""
        found: dict[str, list[str]] = {}
        for code, parents in self.parents.items():
            for parent in parents:
                found.setdefault(parent, []).append(code)
        return {code: tuple(below) for code, below in found.items()}

    def below(self, code: str) -> set[str]:
        """Every code below, itself left out."""
        return _reached(code, self.children)

    def above(self, code: str) -> set[str]:
        """Every code above, itself left out."""
        return _reached(code, self.parents)


def _reached(code: str, steps: Mapping[str, tuple[str, ...]]) -> set[str]:
    found: set[str] = set()
    waiting = list(steps.get(code, ()))
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(steps.get(one, ()))
    return found


def of_resource(resource: Resource, supplements: Iterable[Resource] = ()) -> Concepts:
    """The concepts of a CodeSystem resource, with what its supplements add (designations and properties)."""
    by_code: dict[str, Concept] = {}
    parents: dict[str, tuple[str, ...]] = {}
    known = {p["code"] for p in resource.get("property", ()) if p.get("uri", "").endswith("#parent")} | _PARENT
    for concept, above in _walk(resource.get("concept", ()), None):
        made = _made(concept, resource)
        by_code[made.code] = made
        stated = [value for name, _, value in made.properties if name in known]
        listed = tuple(dict.fromkeys([*([above] if above else []), *stated]))
        if listed:
            parents[made.code] = parents.get(made.code, ()) + listed
    for supplement in supplements:
        for concept, _ in _walk(supplement.get("concept", ()), None):
            if (base := by_code.get(concept.get("code", ""))) is not None:
                by_code[base.code] = _supplemented(base, _made(concept, supplement), supplement.get("language"))
    return Concepts(
        resource["url"],
        resource.get("version"),
        resource.get("title") or resource.get("name"),
        resource.get("content") == "complete",
        resource.get("caseSensitive", True),
        by_code,
        parents,
    )


def _walk(concepts: Iterable[Resource], above: str | None) -> Iterator[tuple[Resource, str | None]]:
    for concept in concepts:
        yield concept, above
        yield from _walk(concept.get("concept", ()), concept.get("code"))


def _made(concept: Resource, system: Resource) -> Concept:
    properties = []
    for one in concept.get("property", ()):
        if (value := choice(one, "value")) is not None:
            properties.append((one["code"], *value))
    return Concept(
        system["url"],
        concept["code"],
        concept.get("display"),
        concept.get("definition"),
        designations_of(concept),
        tuple(properties),
        system.get("version"),
        system.get("language"),
    )


def designations_of(concept: Resource) -> tuple[Resource, ...]:
    """The designations of a concept; translations in the extension of its display count as designations."""
    given = tuple(concept.get("designation", ()))
    translated = translations(concept, "display")
    return given + tuple({"language": lang, "value": text} for lang, text in translated.items())


def _supplemented(base: Concept, added: Concept, language: str | None) -> Concept:
    own: tuple[Resource, ...] = ()
    if added.display and added.display != base.display:
        own = ({"value": added.display} | ({"language": language} if language else {}),)
    return replace(
        base,
        designations=(*base.designations, *added.designations, *own),
        properties=(*base.properties, *added.properties),
    )
