"""SQLite through the standard library."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy.exc import OperationalError

from app.store.driver import Driver, Insert, Row, Statements


class Sqlite(Driver):
    """One open transaction of SQLite."""

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

    def run_all(self, statements: Statements) -> None:
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

    def begin_writing(self, fresh: int = 0) -> None:
        self.rows("BEGIN IMMEDIATE")

    def commit(self, last: Statements = ()) -> None:
        self.run_all(last)
        self.rows("COMMIT")

    def leave(self) -> bool:
        if self._connection.in_transaction:
            self.rows("ROLLBACK")
        return True

    def among(self, column: str, kind: str = "bigint") -> str:
        return f"{column} in (select value from json_each(?))"

    def listed(self, values: Iterable[Any]) -> Any:
        return orjson.dumps(list(values)).decode()

    def table_of(self, alias: str, kind: str = "bigint") -> str:
        return f"json_each(?) {alias}"


@lru_cache(4096)
def _hinted(sql: str) -> str:
    """The columns that must not choose the index (``app.store.search.conditions.by_key``), as SQLite is told."""
    return sql.replace("/*+*/", "+")
