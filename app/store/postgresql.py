"""PostgreSQL through libpq, as psycopg opens it.

Values go and come as psycopg has them, but statements go to libpq directly, prepared by connection
(``app.store.libpq``): the layers of a cursor cost more than the server takes to answer
(https://www.psycopg.org/psycopg3/docs/api/pq.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import InvalidSqlStatementName
from psycopg.pq import ConnStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult
from sqlalchemy.exc import OperationalError

from app.store.copying import array_literal
from app.store.driver import Driver, Insert, Row, Statements
from app.store.libpq import BEGIN, COMMIT, UNSAID, Asked, Prepared, Shape, at_once, done, marked, ready
from app.store.tables import INDEXES

_IDLE = TransactionStatus.IDLE


class Postgresql(Driver):
    """One open transaction of PostgreSQL. What is ``prepared`` belongs to the connection."""

    name = "postgresql"

    def __init__(self, connection: psycopg.Connection[Any], prepared: Prepared):
        self._connection = connection
        self._prepared = prepared
        self._each = False
        self._fresh = 0
        self._drawn: list[tuple[int, int]] = []

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return self._read(self._result(sql, values))

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        return self._result(sql, values).command_tuples or 0

    def insert(self, inserts: Sequence[Insert]) -> list[int]:
        sql, shape, formats = _inserting(
            tuple([(one.table, one.columns, one.types, one.on_conflict, len(one.rows) == 1) for one in inserts])
        )
        given: list[bytes | None] = []
        for one in inserts:
            if len(one.rows) == 1:
                given += [b"%d" % value if value.__class__ is int else _said(value) for value in one.rows[0]]
            else:
                given += [array_literal(column).encode() for column in zip(*one.rows, strict=True)]
        counts = iter(self._read(self._asked(sql, shape, given, formats))[0])
        return [next(counts) if one.on_conflict else len(one.rows) for one in inserts]

    def _read(self, result: PGresult) -> list[Row]:
        reader = self._prepared.reader
        if reader is None:
            reader = self._prepared.reader = Transformer(self._connection)
        reader.set_pgresult(result)
        rows: list[Row] = reader.load_rows(0, result.ntuples, tuple)
        return rows

    def _result(self, sql: str, values: Sequence[Any]) -> PGresult:
        return self._asked(sql, *ready(sql, values))

    def _asked(self, sql: str, shape: Shape, given: list[Any], formats: list[Format] | None) -> PGresult:
        """What the database answers. Raises SQLAlchemy's OperationalError, and psycopg's for all else."""
        connection = self._connection.pgconn
        try:
            if not self._each and connection.transaction_status == _IDLE:
                return self._begun((shape, given, formats))
            name = self._prepared.name(connection, shape)
            if name is None:
                return done(connection.exec_params(shape[0], given, shape[1], formats, Format.BINARY))
            return done(connection.exec_prepared(name, given, formats, Format.BINARY))
        except InvalidSqlStatementName:
            self._prepared.forget()
            if self._each:  # no transaction was undone by it
                return self._asked(sql, shape, given, formats)
            raise
        except psycopg.OperationalError as error:
            raise OperationalError(sql, None, error) from error

    def _begun(self, first: Asked) -> PGresult:
        """The transaction's first statement, with its begin and the numbers that it will need."""
        drawing = [ready(*_drawing(self._fresh))] if self._fresh else []
        *drawn, result = at_once(self._connection.pgconn, self._prepared, [BEGIN, *drawing, first])[1:]
        self._drawn = [(key, seq) for one in drawn for key, seq in self._read(one)]
        self._fresh = 0
        return result

    def run_all(self, statements: Statements) -> None:
        parts = ", ".join(f"s{n} as ({sql})" for n, (sql, _) in enumerate(statements))
        self.rows(f"with {parts} select 1", [value for _, values in statements for value in values])

    def numbers(self, count: int) -> list[tuple[int, int]]:
        if len(self._drawn) == count:
            drawn, self._drawn = self._drawn, []
            return drawn
        self._fresh = 0
        return [(key, seq) for key, seq in self.rows(*_drawing(count))]

    def refresh_statistics(self) -> None:
        self.run(f"analyze {', '.join(('head', 'version', *(f'index_{name}' for name in INDEXES), 'index_scope'))}")

    def begin_reading(self) -> None:
        self._each = True  # each statement by itself: no round trips for BEGIN and COMMIT

    def end_reading(self) -> None:
        pass

    def begin_recording(self) -> None:
        self._each = True  # one statement takes all there is

    def end_recording(self) -> None:
        pass

    def begin_writing(self, fresh: int = 0) -> None:
        self._fresh = fresh  # the transaction begins with its first statement, and they come with that

    def commit(self, last: Statements = ()) -> None:
        connection = self._connection.pgconn
        idle = connection.transaction_status == _IDLE
        if idle and not last:
            return
        asked = [*([BEGIN] if idle else ()), *(ready(sql, values) for sql, values in last), COMMIT]
        try:
            said = at_once(connection, self._prepared, asked)[-1].command_status
        except psycopg.OperationalError as error:
            raise OperationalError("commit", None, error) from error
        if said != b"COMMIT":  # what failed on the way was caught, and nothing is stored
            raise psycopg.InternalError("the transaction had failed before its end")

    def leave(self) -> bool:
        connection = self._connection.pgconn
        if connection.transaction_status == _IDLE:
            return True
        if connection.status != ConnStatus.OK:
            return False
        self._simply("rollback")
        return True

    def _simply(self, sql: str) -> bytes | None:
        try:
            return done(self._connection.pgconn.exec_(sql.encode())).command_status
        except psycopg.OperationalError as error:
            raise OperationalError(sql, None, error) from error

    def among(self, column: str, kind: str = "bigint") -> str:
        return f"{column} = any(?::{kind}[])"

    def listed(self, values: Iterable[Any]) -> Any:
        return array_literal(list(values))

    def table_of(self, alias: str, kind: str = "bigint") -> str:
        return f"unnest(?::{kind}[]) as {alias}(value)"


def _drawing(count: int) -> tuple[str, tuple[int, ...]]:
    sql = "select nextval('head_key_seq'), nextval('version_seq_seq')"
    # One is by far the most; without the series its plan is made once.
    return (sql, ()) if count == 1 else (f"{sql} from generate_series(1, ?)", (count,))


def _said(value: Any) -> bytes | None:
    """A value of a row as it is sent: bytes as they are, all else as text; NUL, which PostgreSQL's text cannot hold, is
    left out.
    """
    if type(value) is str:
        return (value.replace("\x00", "") if "\x00" in value else value).encode()
    return value if value is None or type(value) is bytes else str(value).encode()


@lru_cache(512)
def _inserting(inserts: tuple[tuple[str, str, str, str, bool], ...]) -> tuple[str, Shape, list[Format]]:
    """One statement that fills several tables, and says of those with a conflict to settle how many rows each took.

    One row goes as plain values, many as arrays. A function in ``from`` would write each array down once more before
    it is read; one in the list of columns does not, and both together took a third of a create's work in the database.
    """
    parts: list[str] = []
    formats: list[Format] = []
    for n, (table, columns, types, on_conflict, single) in enumerate(inserts):
        kinds = types.split(", ")
        formats += [Format.BINARY if single and kind == "bytea" else Format.TEXT for kind in kinds]
        given = ", ".join(f"?::{kind}" if single else f"unnest(?::{kind}[])" for kind in kinds)
        rows = f"values ({given})" if single else f"select {given}"
        returned = " returning 1" if on_conflict else ""
        parts.append(f"s{n} as (insert into {table} ({columns}) {rows} {on_conflict}{returned})")
    counts = [f"(select count(*) from s{n})" for n, one in enumerate(inserts) if one[3]]
    sql = f"with {', '.join(parts)} select {', '.join(counts) or '1'}"
    return sql, (marked(sql), (UNSAID,) * len(formats)), formats
