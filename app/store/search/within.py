"""``_contained`` and ``_containedType`` (https://hl7.org/fhir/R4/search.html#contained).

Matches are containers, each once, in the order of their keys; or, with ``_containedType=contained``, the contained
resources themselves. Either way a page begins after a key, as all pages do.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from app.errors import Malformed
from app.store.codes import type_codes
from app.store.contained import BETWEEN
from app.store.driver import Row
from app.store.search.conditions import Condition, all_of
from app.store.search.criteria import Compiler, Piece, UnknownParameter, as_condition
from app.store.search.include import COLUMNS
from app.store.search.request import SearchRequest
from app.store.tables import CONTAINED, LIVE
from app.store.unit import Unit

_ANY_TYPE = frozenset({"_id", "_lastUpdated"})


def where(unit: Unit, repo: Any, request: SearchRequest, pieces: Sequence[Piece]) -> Condition:
    """What the heads of the matches meet; ``pieces`` are the criteria on resources that stand by themselves.

    Raises Malformed on criteria that contained resources do not have, and on a sort that containers do not share.
    """
    if not request.types:
        raise Malformed(
            "_contained needs the type that is looked for, in the address or by _type.", expression="http._contained"
        )
    if not request.alone and (odd := [code for code, _ in request.sort if code not in _ANY_TYPE]):
        raise Malformed(
            f"_sort={odd[0]}: containers are of any type; sort by _id or _lastUpdated (or _containedType=contained).",
            expression="http._sort",
        )
    inside = _inside(unit, repo, request)
    if not request.alone:
        text = inside.at("c.key", "c")
        containers = f"select v.key from head c join version v on v.seq = c.seq where {text}"
        inside = Condition(f"(@head.state = {LIVE} and @key in ({containers}))", inside.values)
    if request.contained == "true":
        return inside
    itself = all_of([Condition(f"@head.state = {LIVE} and {_types(request)}"), *map(as_condition, pieces)])
    return Condition(f"({itself.text} or ({inside.text}))", (*itself.values, *inside.values))


def _inside(unit: Unit, repo: Any, request: SearchRequest) -> Condition:
    """What the head of a contained resource meets."""
    compiler = Compiler(unit, repo, contained=True)
    found: list[Condition] = []
    for asked in request.criteria:
        with suppress(UnknownParameter):  # refused or named already, as of any search
            found.append(as_condition(compiler.piece(request.types, asked)))
    low, high = BETWEEN
    held = f"@head.state = {CONTAINED} and {_types(request)} and @head.id >= '{low}' and @head.id < '{high}'"
    return all_of([Condition(held), *found])


def _types(request: SearchRequest) -> str:
    return f"@head.type in ({', '.join(str(type_codes()[type]) for type in request.types)})"


def containers(unit: Unit, rows: Sequence[Row]) -> list[Row]:
    """The rows (``COLUMNS``) with each contained resource's container in its place, from which includes go on."""
    driver = unit.driver
    found = driver.rows(
        f"select {COLUMNS} from head m join version w on w.seq = m.seq join head h on h.key = w.key "
        f"join version v on v.seq = h.seq where {driver.among('m.key')}",
        (driver.listed([row[0] for row in rows]),),
    )
    return list({row[0]: row for row in found}.values())
