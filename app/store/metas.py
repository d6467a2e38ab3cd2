"""What ``meta`` holds over a whole type, or over everything: profiles, tags and security labels, each once."""

from __future__ import annotations

from typing import Any

from app.fhir.json import loads
from app.fhir.resource import Resource
from app.store.parameters import parameters_of, searchable_types
from app.store.search.conditions import on_paths
from app.store.tables import LIVE
from app.store.unit import Unit

MOST = 1000


def meta_of(unit: Unit, type: str | None) -> Resource:
    """The Meta that stands for all resources of a type, or of all types; of each label, the newest bearer's words."""
    unit.flush()
    found: dict[str, dict[Any, Any]] = {"profile": {}, "security": {}, "tag": {}}
    for key in sorted(_bearers(unit, type)):
        meta = loads(_body(unit, key)).get("meta", {})
        for name, known in found.items():
            for one in meta.get(name, ()):
                known[(one.get("system"), one.get("code")) if isinstance(one, dict) else one] = one
    return {name: list(known.values()) for name, known in found.items() if known}


def _bearers(unit: Unit, type: str | None) -> set[int]:
    """A head for each label that there is."""
    types = [type] if type else list(searchable_types())
    visible, values = unit.scope.condition("h.patient")
    where = f"h.state = {LIVE}" + (f" and {visible}" if visible else "")
    keys: set[int] = set()
    for table, columns, names in (
        ("token", "i.system, i.code", ("_tag", "_security")),
        ("uri", "i.value", ("_profile",)),
    ):
        codes = [code for one in types for name in names for code in parameters_of(one)[name].codes()]
        sql = (
            f"select max(i.key) from index_{table} i join head h on h.key = i.key where {on_paths(codes)} and {where} "
        )
        rows = unit.driver.rows(f"{sql} group by i.path, {columns} limit {MOST}", values)
        keys |= {row[0] for row in rows}
    return keys


def _body(unit: Unit, key: int) -> bytes:
    row = unit.driver.row("select v.body from head h join version v on v.seq = h.seq where h.key = ?", (key,))
    return bytes(row[0]) if row else b"{}"
