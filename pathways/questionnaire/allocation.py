"""New addresses that a Questionnaire asks for before anything is extracted (SDC, ``extractAllocateId``).

"The value will be made available as a named variable in extract fhirpath expressions, and only within the scope of the
item that contains the extension, and any child items"; on a repeating item it is new for each iteration, at the root it
is allocated once. The same form always gets the same ones, so that a form sent twice is stored once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.fhir.resource import Resource, extensions
from pathways.questionnaire import sdc
from pathways.questionnaire.extracted import Origin
from pathways.questionnaire.walking import Occurrence, below

Scope = dict[str, str]
"""Variable → ``urn:uuid:``."""


def occasions(one: Occurrence) -> list[tuple[int, Resource]]:
    """(row, item with that answer alone) of each answer of a question; a group, or a question unanswered, once."""
    given = one.item.get("answer", [])
    if len(given) < 2:
        return [(0, one.item)]
    return [(row, {**one.item, "answer": [answer]}) for row, answer in enumerate(given)]


class Allocation:
    """The addresses of one response, by the item (as it stands in it) and the row of its answer."""

    def __init__(self, questionnaire: Mapping[str, Any], response: Mapping[str, Any], origin: Origin):
        self._origin = origin
        self._held: dict[tuple[int, int], Scope] = {}
        self._count: dict[str, int] = {}
        self.root = self._new(questionnaire, "form")
        self._walk(questionnaire, response, (response,))

    def at(self, item: Mapping[str, Any], row: int) -> Scope:
        """What an item adds to the scope around it."""
        return self._held.get((id(item), row), {})

    def _walk(self, owner: Mapping[str, Any], holder: Mapping[str, Any], chain: tuple[Any, ...]) -> None:
        for one in below(owner, holder, chain):
            count = self._count[one.link_id] = self._count.get(one.link_id, 0) + 1
            for row, _occasion in occasions(one):
                if made := self._new(one.definition, f"{one.link_id}:{count}:{row}"):
                    self._held[id(one.item), row] = made
            self._walk(one.definition, one.item, one.chain)

    def _new(self, owner: Mapping[str, Any], place: str) -> Scope:
        names = [str(one.get("valueString")) for one in extensions(owner, sdc.ALLOCATE_ID)]
        return {name: self._origin.full_url(f"{self._origin.form_key}:{place}:%{name}") for name in names}
