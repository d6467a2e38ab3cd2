"""Changes of one transaction, kept back and written together: a Bundle of fifty costs a dozen statements, not six hundred."""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import Conflict, PreconditionFailed
from app.fhir.resource import Resource
from app.store.codes import type_codes
from app.store.driver import Driver, Row
from app.store.heads import HEAD_COLUMNS, HEAD_TYPES, Heads
from app.store.indexing import NO_DATE, Indexer
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

    def write(self, changes: list[Change], at: int) -> None:
        """All of them; fills in key, seq, patient and at of each.

        Raises Conflict or PreconditionFailed when another transaction was first.
        """
        self._number(changes)
        indexed = self._indexer.prepare([(c.key, c.resource, c.body) for c in changes if c.resource and c.body], at)
        for change in changes:
            change.patient, change.at = indexed.place.get(change.key, (change.before_patient, NO_DATE))
        self._write_heads(changes)
        codes = type_codes()
        rows: list[Row] = [(c.seq, c.key, c.version, codes[c.type], c.method, c.updated, c.body) for c in changes]
        self._driver.insert("version", *_VERSION, rows)
        self._indexer.remove([c.key for c in changes if c.previous])
        self._indexer.store(indexed)

    def _number(self, changes: list[Change]) -> None:
        for change, (key, seq) in zip(changes, self._driver.numbers(len(changes)), strict=True):
            change.seq = seq
            if not change.key:
                change.key = key
                self._heads.fresh[change.reference] = key

    def _write_heads(self, changes: list[Change]) -> None:
        codes = type_codes()
        made: list[Row] = []
        for change in changes:
            state = DELETED if change.method == DELETE else LIVE
            if change.previous is None:
                row = (change.key, codes[change.type], change.id, state, change.version)
                made.append((*row, change.seq, change.updated, change.at, change.patient))
                continue
            values = (state, change.version, change.seq, change.updated, change.at, change.patient)
            if self._driver.run(_UPDATE, (*values, change.key, change.previous)) != 1:
                raise PreconditionFailed(f"{change.reference} was changed by somebody else at the same moment.")
        if made and self._driver.insert(
            "head", HEAD_COLUMNS, HEAD_TYPES, made, "on conflict (type, id) do nothing"
        ) != len(made):
            raise Conflict("A resource of the same id was stored at the same moment: try again.")
