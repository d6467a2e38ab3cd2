"""One transaction as the store sees it: who acts, at what time, what has been changed and not been written yet."""

from __future__ import annotations

from datetime import date, datetime

from app.access.actor import Actor
from app.clock import CASABLANCA
from app.errors import Conflict
from app.store.audit import Ledger
from app.store.changes import DELETE, Change, Writer
from app.store.codes import type_names
from app.store.driver import Driver, Insert, Row
from app.store.heads import Heads, KnownKeys
from app.store.journal import Line
from app.store.scope import Scope
from app.store.values import instant, micros, stamp_text

_JOB = "topic, payload, created, due, attempts", "text, text, bigint, bigint, smallint"
MANY = 5000
"""So many changes in one transaction make a difference to the database's statistics."""
FLUSH_AT = 500
"""So many changes are kept back before they are written; it bounds the memory of a long load."""


class Unit:
    """The state that all parts of the Repository share."""

    def __init__(self, actor: Actor, now: datetime, driver: Driver, known: KnownKeys, *, reading: bool = False):
        self.actor = actor
        self.stamp = micros(now) // 1000 * 1000
        self.stamp_text = stamp_text(self.stamp)
        self.driver = driver
        self.reading = reading
        self.known = known
        self.heads = Heads(driver, known)
        self.scope = Scope(actor, driver, self.heads)
        self.ledger = Ledger(actor)
        self.pending: dict[str, Change] = {}
        self.jobs: list[Row] = []
        """Rows of the outbox that are written with the next changes."""
        self.deleted: set[int] = set()
        self.fresh_ids: set[str] = set()
        self._written = 0

    @property
    def now(self) -> datetime:
        """When this transaction began, to the millisecond."""
        return instant(self.stamp)

    @property
    def today(self) -> date:
        """The day of this transaction in Africa/Casablanca."""
        return self.now.astimezone(CASABLANCA).date()

    @property
    def changed(self) -> bool:
        """Whether this transaction has written anything: then what it reads may be undone."""
        return self._written > 0

    def add(self, change: Change) -> None:
        """Keep a change back. Raises RuntimeError in a transaction opened for reading."""
        if self.reading:
            raise RuntimeError("this work() was opened for reading")
        self.pending[change.reference] = change
        if len(self.pending) >= FLUSH_AT:
            self.flush()

    def flush(self) -> None:
        """Write what was kept back; queries call this first, so that they see it."""
        if not self.pending:
            if self.jobs:
                self.driver.insert(self._jobs())
            return
        changes = list(self.pending.values())
        self.pending = {}
        Writer(self.driver, self.heads).write(changes, self.stamp, self._jobs())
        self._written += len(changes)
        for change in changes:
            if change.method == DELETE:
                self.deleted.add(change.key)
            elif change.type == "Patient" and change.previous is None:
                self.scope.allow(change.key)
        hidden = self.scope.hidden({change.patient for change in changes})
        if hidden:
            self.scope.refuse(hidden.pop())
        for change in changes:
            action = "D" if change.method == DELETE else "U" if change.previous else "C"
            self.ledger.note(action, change.patient or change.before_patient, change.reference, change.key)

    def finish(self) -> None:
        """Write the rest and check what can only be checked at the end."""
        self.flush()
        if self.deleted:
            self._refuse_orphans()
        if self._written >= MANY:
            self.driver.refresh_statistics()

    def _jobs(self) -> list[Insert]:
        jobs, self.jobs = self.jobs, []
        return [Insert("outbox", *_JOB, jobs)] if jobs else []

    def _refuse_orphans(self) -> None:
        """Nothing that is referred to is deleted (https://hl7.org/fhir/R4/http.html#delete). Raises Conflict."""
        listed = self.driver.listed(self.deleted)
        found = self.driver.rows(
            "select t.type, t.id, h.type, h.id from index_reference r join head h on h.key = r.key "
            f"join head t on t.key = r.target where {self.driver.among('r.target')} and r.key <> r.target limit 5",
            (listed,),
        )
        if found:
            names = type_names()
            target = f"{names[found[0][0]]}/{found[0][1]}"
            users = ", ".join(sorted({f"{names[row[2]]}/{row[3]}" for row in found}))
            raise Conflict(f"{target} cannot be deleted while others refer to it: {users}.")

    def committed(self) -> None:
        """Remember what the commit has made permanent."""
        if self.heads.fresh:
            self.known.learn(self.heads.fresh)

    def audit(self) -> list[Line]:
        """The AuditEvents of what was touched."""
        return self.ledger.lines(self.driver, self.heads, self.stamp_text, self.stamp)

    def see(self, patient: int) -> None:
        """Raises Forbidden where the actor may not open the record of this patient (head key)."""
        if self.scope.limited:
            self.scope.require(patient)
