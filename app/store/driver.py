"""Statements as text, run on the driver's own connection: a tenth of the cost of building them anew each time.

SQL is written once, with ``?`` for values; both databases take it as it stands but for what this module hides: the
mark of a value, lists as values, numbers given out in advance, many rows at once.
"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
import psycopg
from psycopg import RawCursor
from sqlalchemy import PoolProxiedConnection
from sqlalchemy.exc import OperationalError

from app.store.copying import array_literal
from app.store.tables import INDEXES

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Insert:
    """Rows for one table; ``types`` are PostgreSQL's names of the columns' types."""

    table: str
    columns: str
    types: str
    rows: Sequence[Row]
    on_conflict: str = ""


class Driver(ABC):
    """One open transaction of a database."""

    name: str

    @abstractmethod
    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""

    @abstractmethod
    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """How many rows a statement changed."""

    @abstractmethod
    def insert(self, inserts: Sequence[Insert]) -> list[int]:
        """Many rows of many tables in one round trip, and how many went into each."""

    @abstractmethod
    def run_all(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> None:
        """Changes that do not meet each other, in one round trip."""

    @abstractmethod
    def numbers(self, count: int) -> list[tuple[int, int]]:
        """Fresh (head key, version sequence) pairs, rising."""

    @abstractmethod
    def among(self, column: str, kind: str = "bigint") -> str:
        """The condition that a column is among the values of a list given as one value (see ``listed``)."""

    @abstractmethod
    def listed(self, values: Iterable[Any]) -> Any:
        """A list as one value for ``among`` and ``table_of``."""

    @abstractmethod
    def table_of(self, alias: str, kind: str = "bigint") -> str:
        """A list given as one value as a table ``alias(value)``."""

    @abstractmethod
    def refresh_statistics(self) -> None:
        """Let the planner know the tables after a large load, without waiting for the database to notice."""

    @abstractmethod
    def begin_reading(self) -> None:
        """See one state of the database, or at least take no lock, until ``end_reading``."""

    @abstractmethod
    def end_reading(self) -> None:
        """Nothing more is read."""

    @abstractmethod
    def begin_recording(self) -> None:
        """Begin to write what was read into the audit."""

    @abstractmethod
    def end_recording(self) -> None:
        """Commit the audit of what was read."""

    @abstractmethod
    def leave(self) -> None:
        """Leave the connection as the pool lends it, whatever happened."""

    def row(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row of a query."""
        found = self.rows(sql, values)
        return found[0] if found else None


class Sqlite(Driver):
    """SQLite through the standard library."""

    name = "sqlite"

    def __init__(self, connection: sqlite3.Connection):
        self._connection = connection
        self._last: tuple[int, int] | None = None

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        try:
            return self._connection.execute(_hinted(sql), values).fetchall()
        except sqlite3.OperationalError as error:
            raise OperationalError(sql, None, error) from error

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        try:
            return self._connection.execute(sql, values).rowcount
        except sqlite3.OperationalError as error:
            raise OperationalError(sql, None, error) from error

    def insert(self, inserts: Sequence[Insert]) -> list[int]:
        return [self._insert(insert) for insert in inserts]

    def _insert(self, insert: Insert) -> int:
        marks = ", ".join("?" * (insert.columns.count(",") + 1))
        head = f"insert into {insert.table} ({insert.columns})"
        conflict = insert.on_conflict
        sql = f"{head} select {marks} where true {conflict}" if conflict else f"{head} values ({marks})"
        try:
            return self._connection.executemany(sql, insert.rows).rowcount
        except sqlite3.OperationalError as error:
            raise OperationalError(sql, None, error) from error

    def run_all(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> None:
        for sql, values in statements:
            self.run(sql, values)

    def numbers(self, count: int) -> list[tuple[int, int]]:
        if self._last is None:  # nobody else can add any: the transaction holds the only write lock
            self._last = self.rows(
                "select coalesce((select max(key) from head), 0), coalesce((select max(seq) from version), 0)"
            )[0]
        key, seq = self._last
        self._last = key + count, seq + count
        return [(key + n, seq + n) for n in range(1, count + 1)]

    def refresh_statistics(self) -> None:
        pass  # its planner follows the order in which the queries are written

    def begin_reading(self) -> None:
        self.rows("BEGIN")

    def end_reading(self) -> None:
        self.rows("COMMIT")

    def begin_recording(self) -> None:
        self.rows("BEGIN IMMEDIATE")

    def end_recording(self) -> None:
        self.rows("COMMIT")

    def leave(self) -> None:
        if self._connection.in_transaction:
            self.rows("ROLLBACK")

    def among(self, column: str, kind: str = "bigint") -> str:
        return f"{column} in (select value from json_each(?))"

    def listed(self, values: Iterable[Any]) -> Any:
        return orjson.dumps(list(values)).decode()

    def table_of(self, alias: str, kind: str = "bigint") -> str:
        return f"json_each(?) {alias}"


class Postgresql(Driver):
    """PostgreSQL through psycopg 3, which prepares what comes back often."""

    name = "postgresql"

    def __init__(self, connection: psycopg.Connection[Any]):
        self._connection = connection

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        try:
            return RawCursor(self._connection).execute(_marked(sql), values, binary=True).fetchall()
        except psycopg.OperationalError as error:
            raise OperationalError(sql, None, error) from error

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        try:
            return RawCursor(self._connection).execute(_marked(sql), values).rowcount
        except psycopg.OperationalError as error:
            raise OperationalError(sql, None, error) from error

    def insert(self, inserts: Sequence[Insert]) -> list[int]:
        sql = _inserting(tuple((one.table, one.columns, one.types, one.on_conflict) for one in inserts))
        values = [array_literal(column) for one in inserts for column in zip(*one.rows, strict=True)]
        return list(self.rows(sql, values)[0])

    def run_all(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> None:
        parts = ", ".join(f"s{n} as ({sql})" for n, (sql, _) in enumerate(statements))
        self.rows(f"with {parts} select 1", [value for _, values in statements for value in values])

    def numbers(self, count: int) -> list[tuple[int, int]]:
        found = self.rows(
            "select nextval('head_key_seq'), nextval('version_seq_seq') from generate_series(1, ?)", (count,)
        )
        return [(key, seq) for key, seq in found]

    def refresh_statistics(self) -> None:
        self.run(f"analyze {', '.join(('head', 'version', *(f'index_{name}' for name in INDEXES), 'index_scope'))}")

    def begin_reading(self) -> None:
        self._connection.autocommit = True  # each statement by itself: no round trips for BEGIN and COMMIT

    def end_reading(self) -> None:
        pass

    def begin_recording(self) -> None:
        pass

    def end_recording(self) -> None:
        pass

    def leave(self) -> None:
        if not self._connection.closed:
            self._connection.autocommit = False

    def among(self, column: str, kind: str = "bigint") -> str:
        return f"{column} = any(?::{kind}[])"

    def listed(self, values: Iterable[Any]) -> Any:
        return array_literal(list(values))

    def table_of(self, alias: str, kind: str = "bigint") -> str:
        return f"unnest(?::{kind}[]) as {alias}(value)"


@lru_cache(4096)
def _hinted(sql: str) -> str:
    """The columns that must not choose the index (``app.store.search.conditions.by_key``), as SQLite is told."""
    return sql.replace("/*+*/", "+")


@lru_cache(4096)
def _marked(sql: str) -> bytes:
    """PostgreSQL's own marks, ``$1`` on, which psycopg sends as they are. As bytes, which it takes from anywhere."""
    first, *rest = sql.split("?")
    return (first + "".join(f"${n}{part}" for n, part in enumerate(rest, 1))).encode()


@lru_cache(512)
def _inserting(inserts: tuple[tuple[str, str, str, str], ...]) -> str:
    """One statement that fills several tables from arrays and says how many rows each took."""
    parts = []
    for n, (table, columns, types, on_conflict) in enumerate(inserts):
        arrays = ", ".join(f"?::{kind}[]" for kind in types.split(", "))
        rows = f"select * from unnest({arrays}) {on_conflict} returning 1"
        parts.append(f"s{n} as (insert into {table} ({columns}) {rows})")
    counts = ", ".join(f"(select count(*) from s{n})" for n in range(len(inserts)))
    return f"with {', '.join(parts)} select {counts}"


def driver_of(pooled: PoolProxiedConnection) -> Driver:
    """The driver of a connection that the pool has lent."""
    raw = pooled.driver_connection
    return Sqlite(raw) if isinstance(raw, sqlite3.Connection) else Postgresql(raw)  # type: ignore[arg-type]
