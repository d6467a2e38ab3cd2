"""What the driver of PostgreSQL asks of libpq: statements with their values, prepared once for each connection, sent
one by one or several in a round trip.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from select import POLLIN, POLLOUT, poll
from typing import Any

import psycopg
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format
from psycopg.pq.abc import PGresult

_WELL = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)
_PREPARED_FROM = 3
"""Times a connection has seen a statement before it prepares it."""
_MOST_PREPARED = 300
"""Statements that a connection keeps; the oldest goes first."""
_INT8, _BYTEA, _FLOAT8, _BOOL, UNSAID = 20, 17, 701, 16, 0

Shape = tuple[bytes, tuple[int, ...]]
"""A statement and the types of its values: what is prepared once."""
Asked = tuple[Shape, list[Any], list[Format] | None]
"""A statement with its values and their formats."""
BEGIN: Asked = ((b"begin", ()), [], None)
COMMIT: Asked = ((b"commit", ()), [], None)


class Prepared:
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
            done(connection.exec_(b"deallocate " + self._names.pop(oldest)))
        self._made += 1
        made = b"maslak_%d" % self._made
        done(connection.prepare(made, *shape))
        self._names[shape] = made
        self._seen.pop(shape, None)
        return made


def done(result: PGresult) -> PGresult:
    """The same; raises psycopg's error for what failed."""
    if result.status not in _WELL:
        raise error_from_result(result)
    return result


def _waited(connection: Any, events: int) -> None:
    """Wait for the database. Other threads go on meanwhile, which a waiting ``get_result`` would not let."""
    waiting = poll()
    waiting.register(connection.socket, events)
    waiting.poll()
    connection.consume_input()


def _sent(value: Any) -> tuple[bytes | None, int, Format]:
    """(bytes, type, format) of a value; the types are those that psycopg would say."""
    kind = type(value)
    if kind is str:
        sent = value.encode()
        if b"\x00" in sent:
            raise psycopg.DataError("PostgreSQL's text cannot hold NUL")
        return sent, UNSAID, Format.TEXT
    if kind is int:
        return b"%d" % value, _INT8, Format.TEXT
    if kind is bytes:
        return value, _BYTEA, Format.BINARY
    if value is None:
        return None, UNSAID, Format.TEXT
    if kind is float:
        return repr(value).encode(), _FLOAT8, Format.TEXT
    if kind is bool:
        return (b"t" if value else b"f"), _BOOL, Format.TEXT
    raise TypeError(f"no value of a statement: {kind.__name__}")


def ready(sql: str, values: Sequence[Any]) -> Asked:
    """A statement and its values as libpq takes them."""
    sent = [_sent(value) for value in values]
    return (marked(sql), tuple([one[1] for one in sent])), [one[0] for one in sent], [one[2] for one in sent]


@lru_cache(4096)
def marked(sql: str) -> bytes:
    """PostgreSQL's own marks, ``$1`` on, which psycopg sends as they are. As bytes, which it takes from anywhere."""
    first, *rest = sql.split("?")
    return (first + "".join(f"${n}{part}" for n, part in enumerate(rest, 1))).encode()


def at_once(connection: Any, prepared: Prepared, asked: Sequence[Asked]) -> list[PGresult]:
    """Several statements in one round trip (https://www.postgresql.org/docs/current/libpq-pipeline-mode.html): what
    follows one that fails is not done. Raises psycopg's errors, and forgets what turns out to be prepared no more.
    """
    names = [None if one in (BEGIN, COMMIT) else prepared.name(connection, one[0]) for one in asked]
    connection.enter_pipeline_mode()
    try:
        for name, (shape, given, formats) in zip(names, asked, strict=True):
            if name is None:
                connection.send_query_params(shape[0], given, shape[1], formats, Format.BINARY)
            else:
                connection.send_query_prepared(name, given, formats, Format.BINARY)
        connection.pipeline_sync()
        while connection.flush():
            _waited(connection, POLLIN | POLLOUT)
        found: list[PGresult] = []
        while len(found) <= len(asked):  # the last is the answer to the sync
            while connection.is_busy():
                _waited(connection, POLLIN)
            if (result := connection.get_result()) is not None:
                found.append(result)
            elif connection.status != ConnStatus.OK:
                raise psycopg.OperationalError(connection.error_message.decode(errors="replace"))
    finally:
        if connection.status == ConnStatus.OK:
            connection.exit_pipeline_mode()
    try:
        return [done(result) for result in found[:-1]]
    except InvalidSqlStatementName:
        prepared.forget()
        raise
