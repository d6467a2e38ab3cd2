"""Drugs that would be taken twice: the same substance, or two of one group that acts alike.

A group is the fourth level of ATC (five characters), or a wider one of ``drug_groups.json``: an ACE inhibitor and a
sartan have different codes and still belong to one. The parts of a fixed combination count each for itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.fhir.resource import Resource
from pathways.treatment import drugs
from pathways.vocabulary import ATC

LEVEL = 5


@dataclass(frozen=True, slots=True)
class Twice:
    """Orders that belong to one group; ``same`` when they are the same substance."""

    group: str
    orders: tuple[Resource, ...]
    same: bool

    def title(self, language: str) -> str:
        """What they are, in a language (``fr``, ``ar``); empty for a group that is only a level of ATC."""
        named: dict[str, str] = next((one for one in _data()["groups"] if one["code"] == self.group), {})
        return str(named.get(language, ""))


def taken_twice(orders: Iterable[Resource]) -> list[Twice]:
    """Groups of more than one order among those that would be active together; orders of one group once."""
    by_group: dict[str, list[Resource]] = {}
    for order in orders:
        found = {group for system, code in drugs(order) if system == ATC and code for group in groups_of(code)}
        for group in found:
            by_group.setdefault(group, []).append(order)
    return [
        Twice(group, tuple(held), len({code for order in held for _, code in drugs(order)}) == 1)
        for group, held in sorted(by_group.items())
        if len(held) > 1
    ]


def groups_of(code: str) -> set[str]:
    """The groups of an ATC code, through the parts of a combination."""
    data = _data()
    parts = next((parts for start, parts in data["contains"].items() if code.startswith(start)), [code])
    return {
        next(
            (one["code"] for one in data["groups"] if any(part.startswith(start) for start in one["prefixes"])),
            part[:LEVEL],
        )
        for part in parts
    }


@cache
def _data() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(__file__).with_name("drug_groups.json").read_text("utf-8"))
    return found
