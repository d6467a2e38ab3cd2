"""Counts of what a version would change, establishment by establishment: while they are made, and as told. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from protocols.small_numbers import Figure

Words = dict[str, str]
"""Language → text."""
Payload = Mapping[str, Any]
"""Of the job: ``library``; ``words``, a digest of what it said; ``seen``, the version of the country's report with
which the count was begun; ``next``, where it goes on; ``followed``, how many patients it has looked at; ``tally``, the
counts so far (``packed``); ``left``, once all are counted, what is still to be written: None while that has not been
worked out, then figures (``packed``), and no tally."""
C = TypeVar("C")


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


@dataclass(frozen=True, slots=True)
class Figures:
    """A count as it is told; a kind that is not among ``kinds`` concerns fewer than the smallest number told."""

    followed: Figure = 0
    others: Figure = 0
    kinds: dict[Kind, Figure] = field(default_factory=dict)


def packed(counts: Mapping[str, Count] | Mapping[str, Figures]) -> dict[str, Any]:
    """Counts by establishment, or figures, as JSON; each kind of change stands there once."""
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
    """The counts that ``packed`` has packed: establishment (a reference) → count."""
    return _unpacked(tally, Count) if tally else {}


def unpacked_figures(left: Mapping[str, Any]) -> dict[str, Figures]:
    """The figures that ``packed`` has packed, by their keys."""
    return _unpacked(left, Figures)


def _unpacked(held: Mapping[str, Any], made: Callable[[Any, Any, dict[Kind, Any]], C]) -> dict[str, C]:
    kinds = [Kind(code, tuple((lang, words) for lang, words in said)) for code, said in held["kinds"]]
    return {
        place: made(followed, others, {kinds[number]: many for number, many in of_kinds})
        for place, (followed, others, of_kinds) in held["places"].items()
    }
