"""Drugs that would be taken twice: the same substance, or two of one ATC group (its fourth level, five characters)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.fhir.resource import Resource
from pathways.treatment import drugs
from pathways.vocabulary import ATC

GROUP = 5


@dataclass(frozen=True, slots=True)
class Twice:
    """Orders that belong to one ATC group; ``same`` when they are the same substance."""

    group: str
    orders: tuple[Resource, ...]
    same: bool


def taken_twice(orders: Iterable[Resource]) -> list[Twice]:
    """Groups of more than one order among those that would be active together."""
    by_group: dict[str, list[Resource]] = {}
    for order in orders:
        for system, code in drugs(order):
            if system == ATC and code:
                by_group.setdefault(code[:GROUP], []).append(order)
    return [
        Twice(group, tuple(held), len({code for order in held for _, code in drugs(order)}) == 1)
        for group, held in sorted(by_group.items())
        if len(held) > 1
    ]
