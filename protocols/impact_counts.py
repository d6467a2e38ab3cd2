"""Counts of what a version would change, establishment by establishment, while they are made. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Words = dict[str, str]
"""Language → text."""
Payload = Mapping[str, Any]
"""Of the job: ``library``; ``words``, a digest of what it said; ``seen``, the version of the country's report with
which the count was begun; ``next``, where it goes on; ``followed``, how many patients it has looked at; ``tally``, the
counts so far (``packed``); ``written``, once all are counted, how many reports of establishments are written."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of change: the next step before and after, by the ids of their actions; ``said`` in both languages."""

    code: str
    said: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Count:
    """Patients of one establishment, of a region, or of all: followed, with another next step, and which."""

    followed: int = 0
    others: int = 0
    kinds: dict[Kind, int] = field(default_factory=dict)

    def add(self, kind: Kind | None) -> None:
        """One more patient; ``kind`` is what changes, if anything."""
        self.followed += 1
        if kind is not None:
            self.others += 1
            self.kinds[kind] = self.kinds.get(kind, 0) + 1


def packed(counts: Mapping[str, Count]) -> dict[str, Any]:
    """Counts of establishments as JSON; each kind of change stands there once."""
    number: dict[Kind, int] = {}
    for one in counts.values():
        for kind in one.kinds:
            number.setdefault(kind, len(number))
    return {
        "kinds": [[kind.code, kind.said] for kind in number],
        "places": {
            place: [one.followed, one.others, [[number[kind], many] for kind, many in one.kinds.items()]]
            for place, one in counts.items()
        },
    }


def unpacked(tally: Mapping[str, Any] | None) -> dict[str, Count]:
    """What ``packed`` has packed: establishment (a reference) → count."""
    if not tally:
        return {}
    kinds = [Kind(code, tuple((lang, words) for lang, words in said)) for code, said in tally["kinds"]]
    return {
        place: Count(followed, others, {kinds[number]: many for number, many in held})
        for place, (followed, others, held) in tally["places"].items()
    }
