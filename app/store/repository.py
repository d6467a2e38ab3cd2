"""The Repository over the store's tables; ``app.fhir.repository`` says what each method promises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from app.access.actor import Actor
from app.errors import Gone, NotFound, PreconditionFailed
from app.fhir.dates import Range
from app.fhir.resource import Resource
from app.ids import new_id
from app.store import audit_search, claims, directory, history, lookups, metas, outbox, reading, writing
from app.store.search.counting import count_by
from app.store.search.run import run
from app.store.stored import Page, RawPage, Stored
from app.store.unit import Unit


class StoreRepository:
    """One transaction's view of all resources, for one actor."""

    def __init__(self, unit: Unit):
        self.unit = unit
        self.actor: Actor = unit.actor

    @property
    def now(self) -> datetime:
        return self.unit.now

    @property
    def today(self) -> date:
        return self.unit.today

    def new_id(self) -> str:
        id = new_id()
        self.unit.fresh_ids.add(id)
        return id

    # -- reading

    def read(self, reference: str) -> Resource:
        if reference.startswith("AuditEvent/"):
            return self.raw("AuditEvent", reference[11:]).resource
        return reading.read(self.unit, reference)

    def find(self, reference: str) -> Resource | None:
        try:
            return self.read(reference)
        except (NotFound, Gone):
            return None

    def read_many(self, references: Iterable[str]) -> dict[str, Resource]:
        return reading.read_many(self.unit, references)

    def raw(self, type: str, id: str, version: int | None = None) -> Stored:
        if type == "AuditEvent":
            return audit_search.read_event(self.unit, id)
        return reading.raw(self.unit, type, id, version)

    def peek(self, type: str, id: str) -> Stored | None:
        try:
            return reading.raw(self.unit, type, id, noted=False)
        except NotFound:
            return None

    def record_of(self, patient_id: str, types: Iterable[str] | None = None) -> list[Resource]:
        return reading.record_of(self.unit, patient_id, types)

    def latest(self, type: str, patient_ids: Iterable[str], code: str) -> dict[str, Resource]:
        return lookups.latest(self.unit, type, patient_ids, code)

    def recent(self, type: str, patient_ids: Iterable[str], code: str, count: int = 2) -> dict[str, list[Resource]]:
        return lookups.recent(self.unit, type, patient_ids, code, count)

    def canonical(self, reference: str) -> Resource:
        return lookups.canonical(self.unit, reference)

    def standing(self, references: Iterable[str]) -> set[str]:
        return lookups.standing(self.unit, references)

    def meta_of(self, type: str | None) -> Resource:
        return metas.meta_of(self.unit, type)

    # -- changing

    def create(self, resource: Resource, *, if_none_exist: str | None = None) -> Resource:
        if if_none_exist is not None:
            type = resource["resourceType"]
            found = self.matching(f"{type}?{if_none_exist.removeprefix(type).lstrip('?')}")
            if len(found) > 1:
                raise PreconditionFailed(f"Several {type} resources meet '{if_none_exist}'.", code="multiple-matches")
            if found:
                return self.read(found[0])
        return writing.create(self, self.unit, resource)

    def update(self, resource: Resource, *, if_match: int | None = None) -> Resource:
        return writing.update(self, self.unit, resource, if_match)

    def delete(self, reference: str) -> None:
        type, _, id = reference.partition("/")
        writing.delete(self, self.unit, type, id)

    def import_many(self, resources: Iterable[Resource]) -> int:
        count = 0
        for resource in resources:
            writing.create(self, self.unit, resource) if "id" not in resource else writing.update(
                self, self.unit, resource, None
            )
            count += 1
        self.unit.flush()
        return count

    def enqueue(self, topic: str, payload: dict[str, Any]) -> None:
        outbox.enqueue(self.unit, topic, payload)

    def waiting(self, topic: str) -> list[dict[str, Any]]:
        return outbox.waiting(self.unit, topic)

    # -- searching

    def page(self, query: str, *, strict: bool = False) -> RawPage:
        if query.startswith("AuditEvent?") or query == "AuditEvent":
            self.unit.flush()
            return audit_search.search_events(self.unit, query)
        return run(self.unit, query, strict=strict, repo=self)

    def search(self, query: str) -> Page:
        found = self.page(query, strict=True)
        return Page(
            [stored.resource for stored in found.matches],
            [stored.resource for stored in found.included],
            found.total,
            following(query, found.next),
            found.issues,
        )

    def search_all(self, query: str) -> Iterator[Resource]:
        cursor: str | None = None
        while True:
            found = self.page(following(query, cursor) or query, strict=True)
            for stored in found.matches:
                yield stored.resource
            if found.next is None:
                return
            cursor = found.next

    def first(self, query: str) -> Resource | None:
        found = self.page(_with(query, "_count=1"), strict=True)
        return found.matches[0].resource if found.matches else None

    def count(self, query: str) -> int:
        return self.page(_with(query, "_count=0&_total=accurate"), strict=True).total or 0

    def count_by(self, query: str, code: str) -> dict[str, int]:
        return count_by(self.unit, query, code, self)

    def matching(self, query: str) -> list[str]:
        if not self.unit.reading:
            claims.claim(self.unit, query)
        return [stored.reference for stored in self.page(_with(query, "_count=2"), strict=True).matches]

    def search_directory(self, query: str) -> list[directory.DirectoryRow]:
        return directory.search_directory(self.unit, query)

    def history_page(
        self,
        of: str = "",
        *,
        since: datetime | None = None,
        at: Range | None = None,
        count: int = 50,
        cursor: str | None = None,
    ) -> RawPage:
        return history.history_page(self.unit, of, since=since, at=at, count=count, cursor=cursor)

    def history(self, of: str, *, count: int = 50) -> list[Stored]:
        return list(self.history_page(of, count=count).matches)


def following(query: str, cursor: str | None) -> str | None:
    """The query of the page after a cursor."""
    return None if cursor is None else _with(query, f"_cursor={cursor}")


def _with(query: str, more: str) -> str:
    kept = "&".join(p for p in query.partition("?")[2].split("&") if p and not p.startswith("_cursor="))
    return f"{query.partition('?')[0]}?{kept}{'&' if kept else ''}{more}"
