"""The answered items of a response beside their definitions, in the order of the form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.fhir.resource import Resource
from pathways.questionnaire import items


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
        for place in (holder, *holder.get("answer", ())):
            for item in items.children(place):
                if item["linkId"] == own["linkId"]:
                    yield Occurrence(own, item, (*chain, item))


def path_to(owner: Mapping[str, Any], link_id: str) -> tuple[Resource, ...]:
    """The definitions from the outermost group down to a question; empty where the form does not ask it."""
    for item in items.children(owner):
        if item["linkId"] == link_id:
            return (item,)
        if below := path_to(item, link_id):
            return (item, *below)
    return ()


def chain_to(
    response: Mapping[str, Any], path: Sequence[Mapping[str, Any]], rows: Mapping[str, int | None]
) -> tuple[Mapping[str, Any], ...]:
    """The response and the occurrences along a path, an empty one where nothing is answered.

    ``rows``: repeating group → the number of its occurrence; None: one that is not in the response.
    """
    chain = [response]
    for definition in path:
        link_id = definition["linkId"]
        row = rows.get(link_id, 0)
        places = (chain[-1], *chain[-1].get("answer", ()))
        found = [item for place in places for item in items.children(place) if item["linkId"] == link_id]
        chain.append(found[row] if row is not None and row < len(found) else {"linkId": link_id})
    return tuple(chain)
