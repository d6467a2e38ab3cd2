"""history of a resource, a type or the whole store: https://hl7.org/fhir/R4/http.html#history"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.errors import Malformed, NotFound
from app.fhir.dates import Range
from app.store.codes import type_codes, type_names
from app.store.search.sorting import cursor_of, place_of
from app.store.stored import METHODS, RawPage, Stored
from app.store.unit import Unit
from app.store.values import micros


def history_page(
    unit: Unit, of: str, *, since: datetime | None, at: Range | None, count: int, cursor: str | None
) -> RawPage:
    """Versions, newest first, of ``""``, ``Type`` or ``Type/id``; a deletion has an empty body.

    Raises NotFound for a resource that never was, Forbidden for one out of scope.
    """
    unit.flush()
    text, values, counting = _of(unit, of)
    if since is not None:
        text += " and v.updated >= ?"
        values.append(micros(since))
    if at is not None:  # current at some time of the period: made before its end, followed after its beginning
        text += (
            " and v.updated < ? and not exists "
            "(select 1 from version n where n.key = v.key and n.version = v.version + 1 and n.updated <= ?)"
        )
        values += [micros(at.high), micros(at.low)]
    visible, more = unit.scope.condition("h.patient")
    if visible:
        text += f" and {visible}"
        values += more
    total = unit.driver.row(f"select count(*) from version v join head h on h.key = v.key where {text}", values)
    if cursor is not None:
        text += " and v.seq < ?"
        values += place_of(cursor, 1)
    rows = unit.driver.rows(
        "select h.type, h.id, v.version, v.updated, v.method, v.body, h.patient, h.key, v.seq from version v "
        f"join head h on h.key = v.key where {text} order by v.seq desc limit ?",
        [*values, count + 1],
    )
    following = cursor_of([rows[count - 1][8]]) if len(rows) > count > 0 else None
    rows = rows[:count]
    _note(unit, rows, of)
    return RawPage([_stored(row) for row in rows], [], total[0] if total and counting else None, following)


def _of(unit: Unit, of: str) -> tuple[str, list[Any], bool]:
    type, _, id = of.partition("/")
    if not type:
        return "1 = 1", [], False
    if type not in type_codes():
        raise Malformed(f"'{type}' is no resource type of FHIR R4.")
    if not id:
        return "v.type = ?", [type_codes()[type]], False
    row = unit.driver.row("select key, patient, version from head where type = ? and id = ?", (type_codes()[type], id))
    if row is None or row[2] == 0:
        raise NotFound(f"There is no {of}.")
    unit.see(row[1])
    return "v.key = ?", [row[0]], True


def _note(unit: Unit, rows: list[Any], of: str) -> None:
    patients = {row[6] for row in rows if row[6]}
    if patients:
        unit.ledger.note_search(f"{of}/_history" if of else "_history", patients)


def _stored(row: Any) -> Stored:
    type, id, version, updated, method, body = row[:6]
    return Stored(type_names()[type], id, version, updated, bytes(body or b""), method == 3, METHODS[method])
