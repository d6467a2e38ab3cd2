"""AuditEvents as FHIR serves them: read, and search by patient, entity, date, agent and action."""

from __future__ import annotations

from typing import Any

from app.db import db
from app.errors import Malformed, NotFound
from app.store.journal import journal_of
from app.store.search.date import instants
from app.store.search.request import SearchRequest, parse, unescaped
from app.store.search.sorting import cursor_of, place_of
from app.store.stored import RawPage, Stored
from app.store.unit import Unit

PARAMETERS = ("_id", "_lastUpdated", "action", "agent", "date", "entity", "patient")


def read_event(unit: Unit, id: str) -> Stored:
    """One AuditEvent. Raises NotFound; Forbidden where it is about a patient out of scope."""
    _brought_in(unit)
    row = unit.driver.row("select seq, id, recorded, body from audit where id = ?", (id,))
    if row is None:
        raise NotFound(f"There is no AuditEvent/{id}.")
    if unit.scope.limited:
        about = unit.driver.rows(
            "select a.target from audit_about a join head h on h.key = a.target and h.patient = h.key where a.seq = ?",
            (row[0],),
        )
        for patient in unit.scope.hidden(target for (target,) in about):
            unit.scope.refuse(patient)
    return _stored(row)


def search_events(unit: Unit, query: str) -> RawPage:
    """A page of AuditEvents, newest first. Raises Malformed on any other parameter."""
    request, issues = parse(query)
    if issues:
        raise Malformed("; ".join(issue.text for issue in issues), issues=issues)
    _brought_in(unit)
    text, values = _where(unit, request)
    total = unit.driver.row(f"select count(*) from audit a where {text}", values) if request.total else None
    if request.cursor:
        text += " and a.seq < ?"
        values += place_of(request.cursor, 1)
    rows = unit.driver.rows(
        f"select a.seq, a.id, a.recorded, a.body from audit a where {text} order by a.seq desc limit ?",
        [*values, request.count + 1],
    )
    following = cursor_of([rows[request.count - 1][0]]) if len(rows) > request.count > 0 else None
    return RawPage([_stored(row) for row in rows[: request.count]], [], total[0] if total else None, following)


def _brought_in(unit: Unit) -> None:
    """What was read until now stands in the tables. A transaction that writes sees what stood there before it."""
    journal = journal_of(db.engine)
    if unit.reading and journal is not None:
        journal.bring_in()


def _where(unit: Unit, request: SearchRequest) -> tuple[str, list[Any]]:
    texts: list[str] = ["1 = 1"]
    values: list[Any] = []
    visible, more = unit.scope.condition("o.target")
    if visible:
        texts.append(f"exists (select 1 from audit_about o where o.seq = a.seq and {visible})")
        values += more
    for asked in request.criteria:
        wanted = [unescaped(value) for value in asked.values]
        if asked.modifier or asked.rest or asked.name not in PARAMETERS:
            raise Malformed(f"'{asked.source}' is no search parameter of AuditEvent here: {', '.join(PARAMETERS)} are.")
        if asked.name in ("date", "_lastUpdated"):
            text, numbers = instants("a.recorded", wanted, unit.now)
            texts.append(text)
            values += numbers
        elif asked.name in ("patient", "entity"):
            named = [value if "/" in value else f"Patient/{value}" for value in wanted]
            keys = unit.heads.find(named)
            texts.append(
                f"exists (select 1 from audit_about o where o.seq = a.seq and {unit.driver.among('o.target')})"
            )
            values.append(unit.driver.listed(keys.values()))
            for patient in unit.scope.hidden(keys.values()) if asked.name == "patient" else ():
                unit.scope.refuse(patient)
        else:
            column = {"_id": "a.id", "action": "a.action", "agent": "a.actor"}[asked.name]
            texts.append(f"{column} in ({', '.join('?' * len(wanted))})")
            values += [value.rpartition("|")[2] for value in wanted]
    return " and ".join(texts), values


def _stored(row: Any) -> Stored:
    return Stored("AuditEvent", row[1], 1, row[2], bytes(row[3]), False, "POST")
