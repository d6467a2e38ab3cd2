"""Changes of one transaction, kept back and written together: a Bundle of fifty costs a dozen statements, not six
hundred.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from app.errors import Conflict, PreconditionFailed
from app.fhir.resource import Resource
from app.store.codes import type_codes
from app.store.contained import forget, head_row, keys_of
from app.store.driver import Driver, Insert, Row
from app.store.heads import Heads, heads_insert
from app.store.indexing import NO_DATE, Indexed, Indexer, inserts
from app.store.tables import DELETED, LIVE, NOBODY

POST, PUT, DELETE = 1, 2, 3
_VERSION = ("seq, key, version, type, method, updated, body", "bigint, bigint, int, smallint, smallint, bigint, bytea")
_UPDATE = (
    "update head set state = ?, version = ?, seq = ?, updated = ?, at = ?, patient = ? where key = ? and version = ?"
)


@dataclass(slots=True)
class Change:
    """One version to be written. ``key`` is None for what has no head yet; ``previous`` is the version it follows.

    ``patient`` is the key of the patient in whose record it stands, ``before_patient`` that of the version before.
    """

    type: str
    id: str
    version: int
    method: int
    updated: int
    resource: Resource | None
    body: bytes | None
    key: int = 0
    previous: int | None = None
    seq: int = 0
    patient: int = NOBODY
    before_patient: int = NOBODY
    at: int = NO_DATE
    held: list[tuple[str, str]] = field(default_factory=list)
    """(type, id) of the heads that the version before had for what it contained."""

    @property
    def reference(self) -> str:
        """``Type/id``."""
        return f"{self.type}/{self.id}"


class Writer:
    """Writes changes and what is derived from them."""

    def __init__(self, driver: Driver, heads: Heads):
        self._driver = driver
        self._heads = heads
        self._indexer = Indexer(driver, heads)

    def write(self, changes: list[Change], at: int, besides: list[Insert]) -> None:
        """All of them, and other rows with them; fills in key, seq, patient and at of each.

        Raises Conflict or PreconditionFailed when another transaction was first.
        """
        self._number(changes)
        indexed = self._indexer.prepare([(c.key, c.resource, c.body) for c in changes if c.resource and c.body], at)
        for change in changes:
            change.patient, change.at = indexed.place.get(change.key, (change.before_patient, NO_DATE))
        self._update_heads([change for change in changes if change.previous is not None])
        gone = keys_of(self._driver, [head for change in changes for head in change.held])
        self._indexer.remove([*(change.key for change in changes if change.previous), *gone])
        forget(self._driver, gone)
        self._insert(changes, [*inserts(indexed), *_within(changes, indexed), *besides])

    def _number(self, changes: list[Change]) -> None:
        for change, (key, seq) in zip(changes, self._driver.numbers(len(changes)), strict=True):
            change.seq = seq
            if not change.key:
                change.key = key
                self._heads.fresh[change.reference] = key

    def _update_heads(self, changes: list[Change]) -> None:
        for change in changes:
            values = (_state(change), change.version, change.seq, change.updated, change.at, change.patient)
            if self._driver.run(_UPDATE, (*values, change.key, change.previous)) != 1:
                raise PreconditionFailed(f"{change.reference} was changed by somebody else at the same moment.")

    def _insert(self, changes: list[Change], derived: list[Insert]) -> None:
        codes = type_codes()
        versions: list[Row] = [(c.seq, c.key, c.version, codes[c.type], c.method, c.updated, c.body) for c in changes]
        heads: list[Row] = [
            (c.key, codes[c.type], c.id, _state(c), c.version, c.seq, c.updated, c.at, c.patient)
            for c in changes
            if c.previous is None
        ]
        stored = [Insert("version", *_VERSION, versions), *derived]
        if not heads:
            self._driver.insert(stored)
        elif self._driver.insert([heads_insert(heads), *stored])[0] != len(heads):
            raise Conflict("A resource of the same id was stored at the same moment: try again.")


def _within(changes: list[Change], indexed: Indexed) -> list[Insert]:
    """The heads of what the changed resources contain."""
    by_key = {change.key: change for change in changes} if indexed.within else {}
    rows = [
        head_row(key, one, ((c := by_key[container]).version, c.seq, c.updated, at, c.patient))
        for container, key, at, one in indexed.within
    ]
    return [heads_insert(rows)] if rows else []


def _state(change: Change) -> int:
    return DELETED if change.method == DELETE else LIVE
