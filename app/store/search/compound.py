"""Searches that a compound index answers (``app.store.compounds``): where they begin, and what their date becomes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from app.store.codes import system_code
from app.store.compounds import COMPOUNDS, Compound, combined
from app.store.parameters import parameters_of
from app.store.search.conditions import Condition, Match, on_paths
from app.store.search.criteria import Piece
from app.store.search.reference import literals
from app.store.search.request import Criterion, SearchRequest, unescaped
from app.store.search.token import pair
from app.store.unit import Unit

MOST = 4000
"""Numbers that one search may begin from."""
_OF_THE_HEAD = re.compile(r"@head\.(?!patient\b|at\b)")


@dataclass(frozen=True, slots=True)
class Beginning:
    """The numbers of a compound that a search asks for, and the pieces that are left."""

    compound: Compound
    numbers: list[int]
    left: list[Condition | Match]


def beginning(unit: Unit, request: SearchRequest, pieces: Sequence[Piece]) -> Beginning | None:
    """Where a search begins that names all of a compound, without modifiers; None where it does not."""
    if len(request.types) != 1 or len(pieces) != len(request.criteria):
        return None
    if any(code in ("_id", "_lastUpdated") for code, _ in request.sort):
        return None
    if any(isinstance(piece, Condition) and _OF_THE_HEAD.search(piece.text) for piece in pieces):
        return None
    for compound in COMPOUNDS:
        if compound.type == request.types[0] and (found := _begun(unit, compound, request.criteria, pieces)):
            return found
    return None


def _begun(unit: Unit, compound: Compound, criteria: Sequence[Criterion], pieces: Sequence[Piece]) -> Beginning | None:
    places = [_place(criteria, name) for name in (compound.reference, compound.status, compound.code)]
    if any(place is None for place in places):
        return None
    owner, status, code = (criteria[place] for place in places if place is not None)
    targets, statuses = _targets(unit, compound, owner), [pair(value) for value in status.values if value]
    codes = [pair(value) for value in code.values if value]
    if targets is None or any(system for system, _ in statuses) or not all(named for _, named in (*statuses, *codes)):
        return None
    if any(system is None for system, _ in codes) or len(targets) * len(statuses) * len(codes) > MOST:
        return None
    numbers = [
        combined(compound, target, str(held), system_code(str(system)), str(named))
        for target, (_, held), (system, named) in product(targets, statuses, codes)
    ]
    left = [
        _dated(compound, piece) if asked.name == compound.date and asked.modifier is None and not asked.rest else piece
        for place, (asked, piece) in enumerate(zip(criteria, pieces, strict=True))
        if place not in places
    ]
    return Beginning(compound, numbers, left)


def _place(criteria: Sequence[Criterion], name: str) -> int | None:
    """The one criterion of a name."""
    found = [place for place, asked in enumerate(criteria) if asked.name == name]
    plain = len(found) == 1 and criteria[found[0]].modifier is None and criteria[found[0]].rest is None
    return found[0] if plain else None


def _targets(unit: Unit, compound: Compound, asked: Criterion) -> list[int] | None:
    """The head keys that are referred to; None where a value is no ``Type/id``."""
    parameter = parameters_of(compound.type)[asked.name]
    named = [literals([parameter], unescaped(value), None) for value in asked.values if value]
    if not all(named):
        return None
    return sorted(unit.heads.find(one for several in named for one in several).values())


def _dated(compound: Compound, piece: Piece) -> Piece:
    """A condition on the date as one on the columns that stand beside the number."""
    start = f"{on_paths(compound.paths(compound.date))} and "
    if not isinstance(piece, Match) or not piece.where.startswith(start):
        return piece
    return Condition(piece.where.removeprefix(start).replace("i.", "@head."), piece.values)
