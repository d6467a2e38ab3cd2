"""The answered items of a response beside their definitions, in the order of the form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.fhir.resource import Resource
from pathways.questionnaire import items

Path = tuple[Resource, ...]
"""The items around a place and the one at it, outermost first; empty: the response itself."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One item of the response: ``chain`` the response and the item occurrences down to it, itself last."""

    definition: Resource
    item: Resource
    chain: tuple[Mapping[str, Any], ...]

    @property
    def link_id(self) -> str:
        """The linkId of both."""
        link_id: str = self.definition["linkId"]
        return link_id


def below(
    definition: Mapping[str, Any], holder: Mapping[str, Any], chain: tuple[Mapping[str, Any], ...]
) -> Iterator[Occurrence]:
    """The occurrences directly below a response, an item or an answer, nested questions of its answers included."""
    for own in items.children(definition):
        for item in occurrences(holder, own["linkId"]):
            yield Occurrence(own, item, (*chain, item))


def occurrences(holder: Mapping[str, Any], link_id: str) -> list[Resource]:
    """The items of one question or group directly below a response, an item or its answers."""
    places = (holder, *holder.get("answer", ()))
    return [item for place in places for item in items.children(place) if item["linkId"] == link_id]


def paths(owner: Mapping[str, Any], around: Path = ()) -> Iterator[Path]:
    """The way down to every item of a form, in its order."""
    for item in items.children(owner):
        yield (*around, item)
        yield from paths(item, (*around, item))


def chain_to(response: Mapping[str, Any], path: Path, rows: Mapping[str, int | None]) -> tuple[Mapping[str, Any], ...]:
    """The response and the occurrences along a path, an empty one where nothing is answered.

    ``rows``: repeating group → the number of its occurrence; None: one that is not in the response.
    """
    chain = [response]
    for definition in path:
        link_id = definition["linkId"]
        row = rows.get(link_id, 0)
        found = occurrences(chain[-1], link_id)
        chain.append(found[row] if row is not None and row < len(found) else {"linkId": link_id})
    return tuple(chain)
