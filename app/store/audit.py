"""The audit: one AuditEvent for each kind of action of a transaction, written with it (https://hl7.org/fhir/R4/auditevent.html).

Events are put together as text: they are written for every read, so they must cost next to nothing.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import orjson

from app.access.actor import Actor
from app.config import CANONICAL_BASE
from app.ids import new_id
from app.store.driver import Driver, Statements
from app.store.heads import Heads
from app.store.journal import Line

SUBTYPES = {"C": "create", "R": "read", "U": "update", "D": "delete", "E": "search"}
MOST_NAMED = 200
"""Beyond these, patients and resources are counted in the event and found through its index, not listed in its body."""


@dataclass(slots=True)
class Touched:
    """What one kind of action touched: patients and resources by head key, resources by name, queries."""

    patients: dict[int, None] = field(default_factory=dict)
    resources: dict[str, int] = field(default_factory=dict)
    queries: dict[str, None] = field(default_factory=dict)


class Ledger:
    """Collects what a transaction touches and writes its events."""

    def __init__(self, actor: Actor):
        self._actor = actor
        self.actions: dict[str, Touched] = {}

    def _touched(self, action: str) -> Touched:
        touched = self.actions.get(action)
        if touched is None:
            touched = self.actions[action] = Touched()
        return touched

    def note(self, action: str, patient: int, reference: str | None = None, key: int = 0) -> None:
        """A resource was read or changed."""
        touched = self._touched(action)
        if patient:
            touched.patients[patient] = None
        if reference:
            touched.resources[reference] = key

    def note_search(self, query: str, patients: Iterable[int]) -> None:
        """A search was answered with resources of these patients."""
        touched = self._touched("E")
        touched.queries[query] = None
        touched.patients.update(dict.fromkeys([patient for patient in patients if patient]))

    def lines(self, driver: Driver, heads: Heads, recorded: str, at: int) -> list[Line]:
        """One event an action; none where no record and no change was touched."""
        found: list[Line] = []
        for action, touched in self.actions.items():
            if not touched.patients and action in "RE":
                continue
            names = _names(driver, heads, touched)
            id = new_id()
            body = event(self._actor, id, action, recorded, touched, names)
            about = sorted({*touched.patients, *[key for key in touched.resources.values() if key]})
            found.append((id, at, action, self._actor.key, body, about))
        return found


_AT_ONCE = (
    "with a as (insert into audit (id, recorded, action, actor, body) values (?, ?, ?, ?, ?) returning seq) "
    "insert into audit_about (target, seq) select t, seq from a, unnest(?::bigint[]) as t"
)


def write(driver: Driver, lines: Iterable[Line]) -> None:
    """Events into their tables, with the transaction that is open."""
    for sql, values in statements(driver, lines):
        driver.run(sql, values)


def statements(driver: Driver, lines: Iterable[Line]) -> Statements:
    """What brings events into their tables."""
    found: list[tuple[str, Sequence[object]]] = []
    plain = "insert into audit (id, recorded, action, actor, body) values (?, ?, ?, ?, ?)"
    targets = "insert into audit_about (target, seq) select value, last_insert_rowid() from json_each(?)"
    for *row, body, about in lines:
        if driver.name == "postgresql":
            found.append((_AT_ONCE, (*row, body.encode(), driver.listed(about))))
        else:
            found += [(plain, (*row, body.encode())), (targets, (driver.listed(about),))]
    return found


def _names(driver: Driver, heads: Heads, touched: Touched) -> list[str]:
    """The ids of the patients touched; most are known already."""
    keys = list(touched.patients)[:MOST_NAMED]
    known = {key: name[8:] for name, key in touched.resources.items() if name[:8] == "Patient/"}
    for key in keys:
        if key not in known and (name := heads.patient(key)):
            known[key] = name
    if missing := [key for key in keys if key not in known]:
        rows = driver.rows(f"select key, id from head where {driver.among('key')}", (driver.listed(missing),))
        known |= dict(rows)
        heads.fresh |= {f"Patient/{id}": key for key, id in rows}
    return [known[key] for key in keys if key in known]


def _text(value: str) -> str:
    return orjson.dumps(value).decode()


@lru_cache(1024)
def _middle(action: str, practitioner: str | None, key: str, name: str, origin: str | None) -> tuple[str, str]:
    """What stands between the instants of an event, and after them."""
    who = f'"reference":{_text(practitioner)},' if practitioner else ""
    network = f',"network":{{"address":{_text(origin)},"type":"2"}}' if origin else ""
    agent = (
        f'{{"who":{{{who}"identifier":{{"system":"{CANONICAL_BASE}/sid/actor","value":{_text(key)}}},'
        f'"display":{_text(name)}}},"name":{_text(name)},"requestor":true{network}}}'
    )
    middle = (
        '"},"type":{"system":"http://terminology.hl7.org/CodeSystem/audit-event-type","code":"rest",'
        '"display":"RESTful Operation"},"subtype":[{"system":"http://hl7.org/fhir/restful-interaction",'
        f'"code":"{SUBTYPES[action]}"}}],"action":"{action}","recorded":"'
    )
    return middle, f'","outcome":"0","agent":[{agent}],"source":{{"observer":{{"display":"Maslak"}}}}'


def event(actor: Actor, id: str, action: str, recorded: str, touched: Touched, patients: list[str]) -> str:
    """An AuditEvent as text."""
    middle, last = _middle(action, actor.practitioner, actor.key, actor.name, actor.origin)
    entities = [_PATIENT[0] + name + _PATIENT[2] for name in patients]
    resources = list(touched.resources)[:MOST_NAMED]
    entities += [_RESOURCE[0] + name + _RESOURCE[2] for name in resources if name[:8] != "Patient/"]
    for query in touched.queries:
        entities.append(_QUERY[0] + b2a_base64(query.encode(), newline=False).decode() + _QUERY[2])
    about = f',"entity":[{",".join(entities)}]}}' if entities else "}"
    return (
        f'{{"resourceType":"AuditEvent","id":"{id}","meta":{{"versionId":"1","lastUpdated":"{recorded}'
        f"{middle}{recorded}{last}{about}"
    )


_PATIENT = (
    '{"what":{"reference":"Patient/%s"},"type":{"system":"http://terminology.hl7.org/CodeSystem/audit-entity-type",'
    '"code":"1","display":"Person"},"role":{"system":"http://terminology.hl7.org/CodeSystem/object-role","code":"1",'
    '"display":"Patient"}}'
).partition("%s")
_RESOURCE = (
    '{"what":{"reference":"%s"},"type":{"system":"http://terminology.hl7.org/CodeSystem/audit-entity-type","code":"2",'
    '"display":"System Object"}}'
).partition("%s")
_QUERY = (
    '{"role":{"system":"http://terminology.hl7.org/CodeSystem/object-role","code":"24","display":"Query"},"query":"%s"}'
).partition("%s")
