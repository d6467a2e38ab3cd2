"""PostgreSQL through libpq, as psycopg opens it.

Values go and come as psycopg has them, but each statement is one blocking call of libpq, prepared by this module: the
layers of a cursor cost more than the server takes to answer (https://www.psycopg.org/psycopg3/docs/api/pq.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult
from sqlalchemy.exc import OperationalError

from app.store.copying import array_literal
from app.store.driver import Driver, Insert, Row
from app.store.tables import INDEXES

_IDLE = TransactionStatus.IDLE
_WELL = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)
_PREPARED_FROM = 3
"""Times a connection has seen a statement before it prepares it."""
_MOST_PREPARED = 300
"""Statements that a connection keeps; the oldest goes first."""
_INT8, _BYTEA, _FLOAT8, _BOOL, _UNSAID = 20, 17, 701, 16, 0

Shape = tuple[bytes, tuple[int, ...]]
"""A statement and the types of its values: what is prepared once."""


class Statements:
    """What one connection has prepared, and how often it has seen the rest."""

    def __init__(self) -> None:
        self.reader: Any = None
        """What makes Python's values of this connection's; it keeps how."""
        self._names: dict[Shape, bytes] = {}
        self._seen: dict[Shape, int] = {}
        self._made = 0

    def forget(self) -> None:
        """What was prepared is not there (any more): a pooler gave another connection, or somebody dropped it."""
        self._names.clear()
        self._seen.clear()

    def name(self, connection: Any, shape: Shape) -> bytes | None:
        """The prepared statement, or None for what is to be sent as text."""
        if (name := self._names.get(shape)) is not None:
            return name
        seen = self._seen[shape] = self._seen.get(shape, 0) + 1
        if seen < _PREPARED_FROM:
            if len(self._seen) > 10 * _MOST_PREPARED:
                self._seen.clear()
            return None
        if len(self._names) >= _MOST_PREPARED:
            oldest = next(iter(self._names))
            _done(connection.exec_(b"deallocate " + self._names.pop(oldest)))
        self._made += 1
        made = b"maslak_%d" % self._made
        _done(connection.prepare(made, *shape))
        self._names[shape] = made
        self._seen.pop(shape, None)
        return made


def _done(result: PGresult) -> PGresult:
    if result.status not in _WELL:
        raise error_from_result(result)
    return result


def _sent(value: Any) -> tuple[bytes | None, int, Format]:
    """(bytes, type, format) of a value; the types are those that psycopg would say."""
    kind = type(value)
    if kind is str:
        sent = value.encode()
        if b"\x00" in sent:
            raise psycopg.DataError("PostgreSQL's text cannot hold NUL")
        return sent, _UNSAID, Format.TEXT
    if kind is int:
        return b"%d" % value, _INT8, Format.TEXT
    if kind is bytes:
        return value, _BYTEA, Format.BINARY
    if value is None:
        return None, _UNSAID, Format.TEXT
    if kind is float:
        return repr(value).encode(), _FLOAT8, Format.TEXT
    if kind is bool:
        return (b"t" if value else b"f"), _BOOL, Format.TEXT
    raise TypeError(f"no value of a statement: {kind.__name__}")


class Postgresql(Driver):
    """One open transaction of PostgreSQL. ``statements`` belong to the connection."""

    name = "postgresql"

    def __init__(self, connection: psycopg.Connection[Any], statements: Statements):
        self._connection = connection
        self._statements = statements
        self._each = False

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return self._read(self._result(sql, values))

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        return self._result(sql, values).command_tuples or 0

    def insert(self, inserts: Sequence[Insert]) -> list[int]:
        sql, shape = _inserting(
            tuple([(one.table, one.columns, one.types, one.on_conflict, len(one.rows) == 1) for one in inserts])
        )
        given: list[bytes | None] = []
        formats: list[Format] = []
        for one in inserts:
            if len(one.rows) == 1:
                for value in one.rows[0]:
                    given.append(value if type(value) is bytes else _said(value))
                    formats.append(Format.BINARY if type(value) is bytes else Format.TEXT)
            else:
                columns = [array_literal(column).encode() for column in zip(*one.rows, strict=True)]
                given += columns
                formats += [Format.TEXT] * len(columns)
        counts = iter(self._read(self._asked(sql, shape, given, formats))[0])
        return [next(counts) if one.on_conflict else len(one.rows) for one in inserts]

    def _read(self, result: PGresult) -> list[Row]:
        reader = self._statements.reader
        if reader is None:
            reader = self._statements.reader = Transformer(self._connection)
        reader.set_pgresult(result)
        rows: list[Row] = reader.load_rows(0, result.ntuples, tuple)
        return rows

    def _result(self, sql: str, values: Sequence[Any]) -> PGresult:
        sent = [_sent(value) for value in values]
        shape = _marked(sql), tuple([one[1] for one in sent])
        return self._asked(sql, shape, [one[0] for one in sent], [one[2] for one in sent])

    def _asked(self, sql: str, shape: Shape, given: list[Any], formats: list[Format] | None) -> PGresult:
        """What the database answers. Raises SQLAlchemy's OperationalError, and psycopg's for all else."""
        connection = self._connection.pgconn
        try:
            if not self._each and connection.transaction_status == _IDLE:
                _done(connection.exec_(b"begin"))
            name = self._statements.name(connection, shape)
            if name is None:
                return _done(connection.exec_params(shape[0], given, shape[1], formats, Format.BINARY))
            return _done(connection.exec_prepared(name, given, formats, Format.BINARY))
        except InvalidSqlStatementName:
            self._statements.forget()
            if self._each:  # no transaction was undone by it
                return self._asked(sql, shape, given, formats)
            raise
        except psycopg.OperationalError as error:
            raise OperationalError(sql, None, error) from error

    def run_all(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> None:
        parts = ", ".join(f"s{n} as ({sql})" for n, (sql, _) in enumerate(statements))
        self.rows(f"with {parts} select 1", [value for _, values in statements for value in values])

    def numbers(self, count: int) -> list[tuple[int, int]]:
        sql = "select nextval('head_key_seq'), nextval('version_seq_seq')"
        if count == 1:  # by far the most; without the series the plan is made once
            return [self.rows(sql)[0]]
        return [(key, seq) for key, seq in self.rows(f"{sql} from generate_series(1, ?)", (count,))]

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

    def begin_writing(self) -> None:
        pass  # the driver begins with the first statement

    def commit(self) -> None:
        if self._connection.pgconn.transaction_status == _IDLE:
            return
        if self._simply("commit") != b"COMMIT":  # what failed on the way was caught, and nothing is stored
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
            return _done(self._connection.pgconn.exec_(sql.encode())).command_status
        except psycopg.OperationalError as error:
            raise OperationalError(sql, None, error) from error

    def among(self, column: str, kind: str = "bigint") -> str:
        return f"{column} = any(?::{kind}[])"

    def listed(self, values: Iterable[Any]) -> Any:
        return array_literal(list(values))

    def table_of(self, alias: str, kind: str = "bigint") -> str:
        return f"unnest(?::{kind}[]) as {alias}(value)"


@lru_cache(4096)
def _marked(sql: str) -> bytes:
    """PostgreSQL's own marks, ``$1`` on, which psycopg sends as they are. As bytes, which it takes from anywhere."""
    first, *rest = sql.split("?")
    return (first + "".join(f"${n}{part}" for n, part in enumerate(rest, 1))).encode()


def _said(value: Any) -> bytes | None:
    """A value of a row as text; NUL, which PostgreSQL's text cannot hold, is left out."""
    if value is None:
        return None
    return (value.replace("\x00", "") if type(value) is str else str(value)).encode()


@lru_cache(512)
def _inserting(inserts: tuple[tuple[str, str, str, str, bool], ...]) -> tuple[str, Shape]:
    """One statement that fills several tables, and says of those with a conflict to settle how many rows each took.

    One row goes as plain values, many as arrays. A function in ``from`` would write each array down once more before
    it is read; one in the list of columns does not, and both together took a third of a create's work in the database.
    """
    parts, marks = [], 0
    for n, (table, columns, types, on_conflict, single) in enumerate(inserts):
        kinds = types.split(", ")
        marks += len(kinds)
        given = ", ".join(f"?::{kind}" if single else f"unnest(?::{kind}[])" for kind in kinds)
        rows = f"values ({given})" if single else f"select {given}"
        returned = " returning 1" if on_conflict else ""
        parts.append(f"s{n} as (insert into {table} ({columns}) {rows} {on_conflict}{returned})")
    counts = [f"(select count(*) from s{n})" for n, one in enumerate(inserts) if one[3]]
    sql = f"with {', '.join(parts)} select {', '.join(counts) or '1'}"
    return sql, (_marked(sql), (_UNSAID,) * marks)
