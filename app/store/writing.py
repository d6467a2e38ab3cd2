"""create, update, delete: https://hl7.org/fhir/R4/http.html#create, #update, #delete"""

from __future__ import annotations

from typing import Any

from app.errors import Conflict, Malformed, NotFound, PreconditionFailed
from app.fhir.json import dumps, loads
from app.fhir.resource import Resource
from app.ids import new_id
from app.store.changes import DELETE, POST, PUT, Change
from app.store.codes import type_codes
from app.store.contained import heads_within
from app.store.guards import guarded, judge
from app.store.tables import DELETED, LIVE
from app.store.unit import Unit


def create(repo: Any, unit: Unit, resource: Resource) -> Resource:
    """Store a new resource; the id that it carries is kept. Raises Conflict where that id is taken."""
    type = _type(resource)
    id = resource.get("id")
    if id is None:
        id = new_id()
        unit.fresh_ids.add(id)
    change = Change(type, id, 1, POST, unit.stamp, None, None)
    if id in unit.fresh_ids:
        unit.fresh_ids.discard(id)
    else:
        _continue(unit, change)
    judge(repo, type, None, resource)
    return _add(unit, change, resource)


def _continue(unit: Unit, change: Change) -> None:
    """Make a change follow what stands under its id: a placeholder or a deletion. Raises Conflict on anything live."""
    if change.reference in unit.pending:
        unit.flush()
    found = current(unit, change.type, change.id)
    if found is None:
        return
    if found.state == LIVE:
        raise Conflict(f"{change.reference} exists already.")
    change.key, change.previous, change.version = found.key, found.version, found.version + 1
    change.before_patient = found.patient


def update(repo: Any, unit: Unit, resource: Resource, if_match: int | None) -> Resource:
    """Store a version; what is identical makes none. Raises PreconditionFailed on a stale ``if_match``, Forbidden."""
    type, id = _type(resource), resource.get("id")
    if not id:
        raise Malformed(f"A {type} to be updated needs its id.")
    if f"{type}/{id}" in unit.pending:
        unit.flush()
    found = current(unit, type, id)
    live = found is not None and found.state == LIVE
    if if_match is not None and (found is None or not live or found.version != if_match):
        at = f"version {found.version}" if found is not None and live else "not there"
        raise PreconditionFailed(f"If-Match names version {if_match}, but {type}/{id} is {at}.")
    if found is None:
        judge(repo, type, None, resource)
        return _add(unit, Change(type, id, 1, PUT, unit.stamp, None, None), resource)
    unit.see(found.patient)
    if live and found.body is not None and _same(resource, found):
        return loads(found.body)
    before = loads(found.body) if live and found.body is not None and guarded(type) else None
    judge(repo, type, before, resource)
    change = Change(type, id, found.version + 1, PUT, unit.stamp, None, None, found.key, found.version)
    change.held = heads_within(found.body)
    change.before_patient = found.patient
    return _add(unit, change, resource)


def delete(repo: Any, unit: Unit, type: str, id: str) -> None:
    """Mark as deleted; once more changes nothing. Raises NotFound. Whether others refer to it is checked at the end."""
    if f"{type}/{id}" in unit.pending:
        unit.flush()
    found = current(unit, type, id, going=True)
    if found is None or found.version == 0:
        raise NotFound(f"There is no {type}/{id}.")
    if found.state == DELETED:
        return
    unit.see(found.patient)
    judge(repo, type, loads(found.body or b"{}") if guarded(type) else None, None)
    change = Change(type, id, found.version + 1, DELETE, unit.stamp, None, None, found.key, found.version)
    change.held = heads_within(found.body)
    change.before_patient = found.patient
    unit.add(change)


class _Head:
    """What stands under a ``Type/id`` now."""

    __slots__ = ("body", "key", "patient", "state", "updated", "version")

    def __init__(self, row: tuple[Any, ...]):
        self.key, self.state, self.version, self.updated, self.patient, self.body = row


def current(unit: Unit, type: str, id: str, *, going: bool = False) -> _Head | None:
    """The head with its body; on PostgreSQL it is locked until the commit, so that nobody writes in between.

    ``going``: it will be deleted, so whoever holds it for a reference is waited for (``lookups.standing``).
    """
    kind = "update" if going else "no key update"
    lock = f" for {kind} of h" if unit.driver.name == "postgresql" else ""
    row = unit.driver.row(
        "select h.key, h.state, h.version, h.updated, h.patient, v.body "
        f"from head h left join version v on v.seq = h.seq where h.type = ? and h.id = ?{lock}",
        (type_codes().get(type, 0), id),
    )
    return _Head(row) if row else None


def _same(resource: Resource, found: _Head) -> bool:
    old = loads(found.body)
    meta = old["meta"]
    return stamped(resource, old["id"], int(meta["versionId"]), meta["lastUpdated"])[1] == bytes(found.body or b"")


def _add(unit: Unit, change: Change, resource: Resource) -> Resource:
    change.resource, change.body = stamped(resource, change.id, change.version, unit.stamp_text)
    unit.add(change)
    return change.resource


def stamped(resource: Resource, id: str, version: int, last_updated: str) -> tuple[Resource, bytes]:
    """Another resource with ``id``, ``meta.versionId`` and ``meta.lastUpdated`` set, and its bytes."""
    meta = {**resource.get("meta", {}), "versionId": str(version), "lastUpdated": last_updated}
    made = {"resourceType": resource["resourceType"], "id": id, "meta": meta}
    made.update((key, value) for key, value in resource.items() if key not in made)
    return made, dumps(made)


def _type(resource: Resource) -> str:
    type = resource.get("resourceType")
    if type not in type_codes():
        raise Malformed(f"'{type}' is no resource type of FHIR R4.")
    if type == "AuditEvent":
        raise Conflict("AuditEvents are written by the server alone.")
    return str(type)
