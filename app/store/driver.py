"""Statements as text, run on the driver's own connection: a tenth of the cost of building them anew each time.

SQL is written once, with ``?`` for values; both databases take it as it stands but for what this module hides: the mark of
a value, lists as values, numbers given out in advance, many rows at once.
"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import orjson
import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from app.store.copying import array_literal

Row = tuple[Any, ...]


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
    def insert(self, table: str, columns: str, types: str, rows: Sequence[Row], on_conflict: str = "") -> int:
        """Many rows at once, and how many went in; ``types`` are PostgreSQL's names of the columns' types."""

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
    def table_of(self, kind: str = "bigint") -> str:
        """A list given as one value as a table ``(value)``."""

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
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            raise OperationalError(sql, None, error) from error

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        try:
            return self._connection.execute(sql, values).rowcount
        except sqlite3.OperationalError as error:
            raise OperationalError(sql, None, error) from error

    def insert(self, table: str, columns: str, types: str, rows: Sequence[Row], on_conflict: str = "") -> int:
        marks = ", ".join("?" * (columns.count(",") + 1))
        sql = (
            f"insert into {table} ({columns}) select {marks} where true {on_conflict}"
            if on_conflict
            else (f"insert into {table} ({columns}) values ({marks})")
        )
        try:
            return self._connection.executemany(sql, rows).rowcount
        except sqlite3.OperationalError as error:
            raise OperationalError(sql, None, error) from error

    def numbers(self, count: int) -> list[tuple[int, int]]:
        if self._last is None:  # nobody else can add any: the transaction holds the only write lock
            self._last = self.rows(
                "select coalesce((select max(key) from head), 0), coalesce((select max(seq) from version), 0)"
            )[0]
        key, seq = self._last
        self._last = key + count, seq + count
        return [(key + n, seq + n) for n in range(1, count + 1)]

    def among(self, column: str, kind: str = "bigint") -> str:
        return f"{column} in (select value from json_each(?))"

    def listed(self, values: Iterable[Any]) -> Any:
        return orjson.dumps(list(values)).decode()

    def table_of(self, kind: str = "bigint") -> str:
        return "json_each(?)"


class Postgresql(Driver):
    """PostgreSQL through psycopg 3, which prepares what comes back often."""

    name = "postgresql"

    def __init__(self, connection: psycopg.Connection[Any]):
        self._connection = connection

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        try:
            return self._connection.execute(_marked(sql), values, binary=True).fetchall()
        except psycopg.OperationalError as error:
            raise OperationalError(sql, None, error) from error

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        try:
            return self._connection.execute(_marked(sql), values).rowcount
        except psycopg.OperationalError as error:
            raise OperationalError(sql, None, error) from error

    def insert(self, table: str, columns: str, types: str, rows: Sequence[Row], on_conflict: str = "") -> int:
        return self.run(
            _unnested(table, columns, types, on_conflict), [array_literal(column) for column in zip(*rows, strict=True)]
        )

    def numbers(self, count: int) -> list[tuple[int, int]]:
        found = self.rows(
            "select nextval('head_key_seq'), nextval('version_seq_seq') from generate_series(1, ?)", (count,)
        )
        return [(key, seq) for key, seq in found]

    def among(self, column: str, kind: str = "bigint") -> str:
        return f"{column} = any(?::{kind}[])"

    def listed(self, values: Iterable[Any]) -> Any:
        return array_literal(list(values))

    def table_of(self, kind: str = "bigint") -> str:
        return f"unnest(?::{kind}[]) as listed(value)"


@lru_cache(2048)
def _marked(sql: str) -> bytes:
    """psycopg's marks. As bytes, which psycopg takes from anywhere."""
    return sql.replace("%", "%%").replace("?", "%s").encode()


@lru_cache(256)
def _unnested(table: str, columns: str, types: str, on_conflict: str) -> str:
    arrays = ", ".join("?::bytea[]" if kind == "bytea" else f"?::{kind}[]" for kind in types.split(", "))
    return f"insert into {table} ({columns}) select * from unnest({arrays}) {on_conflict}"


def driver_of(connection: Connection) -> Driver:
    """The driver under a SQLAlchemy connection that is within a transaction."""
    raw: Any = connection.connection.driver_connection
    return Sqlite(raw) if connection.dialect.name == "sqlite" else Postgresql(raw)
