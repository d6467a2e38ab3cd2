"""Counts of a search by what its matches refer to: one statement, however many there are to count for."""

from __future__ import annotations

from typing import Any

from app.errors import Malformed
from app.store.codes import type_names
from app.store.parameters import parameter
from app.store.search.conditions import on_paths
from app.store.search.run import planned, prepared
from app.store.unit import Unit


def count_by(unit: Unit, query: str, code: str, repo: Any = None) -> dict[str, int]:
    """``Type/id`` -> how many matches of ``Type?…`` refer to it by the reference parameter ``code``.

    What nothing refers to is left out. Raises Malformed where the type has no such parameter.
    """
    unit.flush()
    request, pieces, _ = prepared(unit, query, strict=True, repo=repo)
    found = parameter(request.types[0], code) if len(request.types) == 1 else None
    if found is None or found.kind != "reference":
        raise Malformed(f"'{code}' is no reference parameter of {', '.join(request.types) or 'all types'}.")
    plan = planned(unit, request, pieces)
    once = "" if plan.once else "distinct "
    rows = unit.driver.rows(
        f"select o.type, o.id, count(*) from (select {once}{plan.key} as key from {plan.source} where {plan.where}) m "
        f"join index_reference i on i.key = m.key and {on_paths(found.codes())} join head o on o.key = i.target "
        "group by o.type, o.id",
        plan.values,
    )
    unit.ledger.note_search(query, [])
    names = type_names()
    return {f"{names[type]}/{id}": number for type, id, number in rows}
