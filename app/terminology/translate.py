"""``$translate``: codes of one system in another, by ConceptMaps (https://hl7.org/fhir/R4/conceptmap.html)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.errors import Invalid
from app.fhir.resource import Resource, coding
from app.terminology.sources import Sources

_REVERSED = {
    "wider": "narrower",
    "narrower": "wider",
    "subsumes": "specializes",
    "specializes": "subsumes",
}
_NO_MATCH = frozenset({"unmatched", "disjoint"})


@dataclass(frozen=True, slots=True)
class Match:
    """One translation: ``concept`` the Coding found, ``source`` the map's canonical url."""

    equivalence: str
    concept: Resource
    source: str | None = None
    comment: str | None = None
    products: tuple[tuple[str, Resource], ...] = ()
    """What comes out beside it: (element, Coding)."""

    @property
    def good(self) -> bool:
        """Whether it is a translation, and not the word that there is none."""
        return self.equivalence not in _NO_MATCH


def translated(
    sources: Sources,
    maps: Iterable[Resource],
    system: str | None,
    code: str,
    *,
    target_system: str | None = None,
    target: str | None = None,
    reverse: bool = False,
    through: tuple[str, ...] = (),
) -> list[Match]:
    """The translations of a code by these maps; ``target`` is a value set that the result must belong to, ``through``
    the maps that have sent us on already. Raises Invalid where they send us in a circle.
    """
    found: list[Match] = []
    for map in maps:
        if target and not reverse and target not in (map.get("targetUri"), map.get("targetCanonical")):
            continue
        for group in map.get("group", ()):
            start, end = ("target", "source") if reverse else ("source", "target")
            if (system and group.get(start) != system) or (target_system and group.get(end) != target_system):
                continue
            matches = _backwards(group, code, map) if reverse else _forwards(group, code, map, sources, through)
            found.extend(match for match in matches if match not in found)
    return found


def _forwards(group: Resource, code: str, map: Resource, sources: Sources, through: tuple[str, ...]) -> Iterator[Match]:
    elements = [element for element in group.get("element", ()) if element.get("code") == code]
    for element in elements:
        for target in element.get("target", ()):
            concept = coding(group.get("target", ""), target.get("code", ""), target.get("display"))
            equivalence = target.get("equivalence", "equivalent")
            beside = tuple(_products(target))
            found = concept if target.get("code") else {}
            yield Match(equivalence, found, map.get("url"), target.get("comment"), beside)
    if not elements:
        yield from _unmapped(group, code, map, sources, through)


def _products(target: Resource) -> Iterator[tuple[str, Resource]]:
    for one in target.get("product", ()):
        yield one["property"], coding(one.get("system", ""), one["value"], one.get("display"))


def _unmapped(group: Resource, code: str, map: Resource, sources: Sources, through: tuple[str, ...]) -> Iterator[Match]:
    unmapped = group.get("unmapped", {})
    if unmapped.get("mode") == "provided":
        yield Match("equivalent", coding(group.get("target", ""), code), map.get("url"))
    elif unmapped.get("mode") == "fixed":
        fixed = coding(group.get("target", ""), unmapped.get("code", ""), unmapped.get("display"))
        yield Match("inexact", fixed, map.get("url"))
    elif unmapped.get("mode") == "other-map" and unmapped.get("url"):
        way = (*through, str(map.get("url")))
        if unmapped["url"] in way:
            raise Invalid("Concept maps send on in a circle: {circle}.", circle=" → ".join((*way, unmapped["url"])))
        other = sources.concept_map(unmapped["url"])
        yield from translated(sources, [other], group.get("source"), code, through=way)


def _backwards(group: Resource, code: str, map: Resource) -> Iterator[Match]:
    for element in group.get("element", ()):
        for target in element.get("target", ()):
            if target.get("code") == code:
                concept = coding(group.get("source", ""), element["code"], element.get("display"))
                stated = target.get("equivalence", "equivalent")
                yield Match(_REVERSED.get(stated, stated), concept, map.get("url"), target.get("comment"))
