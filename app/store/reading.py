"""read and vread: stored bytes as they are (https://hl7.org/fhir/R4/http.html#read)."""

from __future__ import annotations

from collections.abc import Iterable

from app.errors import Gone, NotFound
from app.fhir.json import loads
from app.fhir.resource import Resource
from app.store.changes import DELETE, Change
from app.store.codes import type_codes, type_names
from app.store.stored import METHODS, Stored
from app.store.tables import DELETED, LIVE
from app.store.unit import Unit

_CURRENT = (
    "select h.key, h.patient, h.state, h.version, h.updated, v.method, v.body "
    "from head h join version v on v.seq = h.seq where h.type = ? and h.id = ?"
)
_VERSION = (
    "select h.key, h.patient, case when v.method = 3 then 2 else 1 end, v.version, v.updated, v.method, v.body "
    "from head h join version v on v.key = h.key where h.type = ? and h.id = ? and v.version = ?"
)


def raw(unit: Unit, type: str, id: str, version: int | None = None, *, noted: bool = True) -> Stored:
    """A version as it stands, a deletion included. Raises NotFound where it never was, Forbidden out of scope."""
    reference = f"{type}/{id}"
    if reference in unit.pending:
        change = unit.pending[reference]
        if version is None or version == change.version:
            return _kept_back(change, unit)
    code = type_codes().get(type, 0)
    row = unit.driver.row(_CURRENT, (code, id)) if version is None else unit.driver.row(_VERSION, (code, id, version))
    if row is None:
        named = reference if version is None else f"{reference}/_history/{version}"
        raise NotFound(f"There is no {named}.")
    key, patient, state, number, updated, method, body = row
    unit.see(patient)
    if noted and patient:
        unit.ledger.note("R", patient, reference, key)
    return Stored(type, id, number, updated, bytes(body or b""), state == DELETED, METHODS[method])


def _kept_back(change: Change, unit: Unit) -> Stored:
    return Stored(
        change.type,
        change.id,
        change.version,
        unit.stamp,
        change.body or b"",
        change.method == DELETE,
        METHODS[change.method],
    )


def read(unit: Unit, reference: str) -> Resource:
    """A resource, or a version of it by ``Type/id/_history/n``. Raises NotFound, Gone, Forbidden."""
    type, _, rest = reference.partition("/")
    id, _, history = rest.partition("/_history/")
    if history and not history.isdecimal():
        raise NotFound(f"There is no {reference}.")
    change = unit.pending.get(f"{type}/{id}")
    if change is not None and not history and change.resource is not None:
        return change.resource
    stored = raw(unit, type, id, int(history) if history else None)
    if stored.deleted:
        raise Gone(f"{type}/{id} was deleted.")
    return loads(stored.body)


def read_many(unit: Unit, references: Iterable[str]) -> dict[str, Resource]:
    """Those of the references that are there, in one query for each type. Raises Forbidden for any out of scope."""
    wanted = dict.fromkeys(references)
    found: dict[str, Resource] = {}
    by_type: dict[str, list[str]] = {}
    for reference in wanted:
        change = unit.pending.get(reference)
        if change is not None:
            found |= {reference: change.resource} if change.resource is not None else {}
            continue
        type, _, id = reference.partition("/")
        if type in type_codes():
            by_type.setdefault(type, []).append(id)
    for type, ids in by_type.items():
        sql = (
            "select h.key, h.patient, h.id, v.body from head h join version v on v.seq = h.seq "
            f"where h.state = {LIVE} and h.type = ? and {unit.driver.among('h.id', 'text')}"
        )
        rows = unit.driver.rows(sql, (type_codes()[type], unit.driver.listed(ids)))
        for patient in unit.scope.hidden(row[1] for row in rows):
            unit.scope.refuse(patient)
        for key, patient, id, body in rows:
            if patient:
                unit.ledger.note("R", patient, f"{type}/{id}", key)
            found[f"{type}/{id}"] = loads(bytes(body))
    return {reference: found[reference] for reference in wanted if reference in found}


def record_of(unit: Unit, patient_id: str, types: Iterable[str] | None = None) -> list[Resource]:
    """The Patient and all current resources of the record, in one query. Raises NotFound, Forbidden."""
    unit.flush()
    key = unit.heads.find([f"Patient/{patient_id}"]).get(f"Patient/{patient_id}")
    if key is None:
        raise NotFound(f"There is no Patient/{patient_id}.")
    unit.see(key)
    codes = type_codes()
    only = f" and {unit.driver.among('h.type', 'smallint')}" if types is not None else ""
    values = (key, unit.driver.listed([codes[t] for t in types])) if types is not None else (key,)
    rows = unit.driver.rows(
        "select h.type, h.id, v.body from head h join version v on v.seq = h.seq "
        f"where h.patient = ? and h.patient > 0 and h.state = {LIVE}{only} order by h.key",
        values,
    )
    names = type_names()
    if not any(names[type] == "Patient" for type, _, _ in rows) and types is None:
        raise NotFound(f"There is no Patient/{patient_id}.")
    unit.ledger.note("R", key, f"Patient/{patient_id}", key)
    return [loads(bytes(body)) for _, _, body in rows]
