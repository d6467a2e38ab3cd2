"""The answered items of a response beside their definitions, in the order of the form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
