"""Keys of ``Type/id``: found, remembered, and made for what is referred to before it arrives.

A key never changes once its head is committed, so a process remembers it; those of a transaction that is still open are
remembered by that transaction alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from app.store.codes import type_codes
from app.store.driver import Driver, Insert, Row
from app.store.parsed import Parsed

_LIMIT = 50_000
"""References that are remembered, 155 bytes each: 7 MB of each process."""


class KnownKeys:
    """A bounded memory of committed keys, one for each database."""

    def __init__(self) -> None:
        self._keys: dict[str, int] = {}
        self._patients: dict[int, str] = {}
        self._lock = Lock()
        self.parsed = Parsed()
        """Definitions of this database, parsed."""

    def get(self, reference: str) -> int | None:
        """The key of ``Type/id``, if remembered."""
        return self._keys.get(reference)

    def patient(self, key: int) -> str | None:
        """The id of a Patient by its key, if remembered."""
        return self._patients.get(key)

    def learn(self, keys: dict[str, int]) -> None:
        """Remember keys that are committed."""
        with self._lock:
            if len(self._keys) + len(keys) > _LIMIT:
                self._keys.clear()
                self._patients.clear()
            self._keys.update(keys)
            self._patients.update({key: name[8:] for name, key in keys.items() if name[:8] == "Patient/"})

    def forget(self) -> None:
        """Forget all (the tables were emptied)."""
        with self._lock:
            self._keys.clear()
            self._patients.clear()
        self.parsed.forget()


_by_engine: WeakKeyDictionary[Engine, KnownKeys] = WeakKeyDictionary()


def known_keys(engine: Engine) -> KnownKeys:
    """The memory of a database, by the engine that reaches it."""
    known = _by_engine.get(engine)
    if known is None:
        known = _by_engine.setdefault(engine, KnownKeys())
    return known


class Heads:
    """The keys that one transaction needs."""

    def __init__(self, driver: Driver, known: KnownKeys):
        self._driver = driver
        self._known = known
        self.fresh: dict[str, int] = {}
        """Keys learnt in this transaction; committed with it."""

    @property
    def driver(self) -> Driver:
        """The transaction in which they are looked up."""
        return self._driver

    def get(self, reference: str) -> int | None:
        """A key that is known already."""
        return self.fresh.get(reference) or self._known.get(reference)

    def patient(self, key: int) -> str | None:
        """The id of a Patient by its key, if known."""
        return self._known.patient(key)

    def find(self, references: Iterable[str]) -> dict[str, int]:
        """The keys of those that have a head."""
        found: dict[str, int] = {}
        wanted: list[str] = []
        for reference in references:
            key = self.get(reference)
            if key is None:
                wanted.append(reference)
            else:
                found[reference] = key
        if wanted:
            read = self._read(wanted)
            self.fresh |= read
            found |= read
        return found

    def _read(self, references: list[str]) -> dict[str, int]:
        codes = type_codes()
        wanted: dict[int, list[str]] = {}
        for reference in references:
            type, _, id = reference.partition("/")
            if type in codes:
                wanted.setdefault(codes[type], []).append(id)
        found: dict[str, int] = {}
        names = {code: name for name, code in codes.items() if code in wanted}
        for code, ids in wanted.items():
            sql = f"select id, key from head where type = {code} and {self._driver.among('id', 'text')}"
            for id, key in self._driver.rows(sql, (self._driver.listed(ids),)):
                found[f"{names[code]}/{id}"] = key
        return found

    def ensure(self, references: Iterable[str], at: int) -> dict[str, int]:
        """The keys of all; a placeholder is made for each that is not there yet."""
        wanted = set(references)
        found = self.find(wanted)
        codes = type_codes()
        missing = [r for r in sorted(wanted - found.keys()) if r.partition("/")[0] in codes and _is_id(r)]
        if missing:
            numbers = self._driver.numbers(len(missing))
            rows = []
            for reference, (key, _) in zip(missing, numbers, strict=True):
                type, _, id = reference.partition("/")
                rows.append((key, codes[type], id, 0, 0, 0, at, 0, 0))
            self._driver.insert([heads_insert(rows)])
            read = self._read(missing)  # another transaction may have been first
            self.fresh |= read
            found |= read
        return found


_COLUMNS = "key, type, id, state, version, seq, updated, at, patient"
_TYPES = "bigint, smallint, text, smallint, int, bigint, bigint, bigint, bigint"


def heads_insert(rows: Sequence[Row]) -> Insert:
    """New heads; of those that another transaction was first with, none."""
    return Insert("head", _COLUMNS, _TYPES, rows, "on conflict (type, id) do nothing")


def _is_id(reference: str) -> bool:
    id = reference.partition("/")[2]
    return 0 < len(id) <= 64 and "/" not in id
