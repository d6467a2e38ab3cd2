"""What the database could not do now and can do later: told apart from what it will never do.

SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html. SQLite: https://www.sqlite.org/rescode.html#busy
"""

from __future__ import annotations

import sqlite3
from enum import Enum

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_BEATEN = frozenset({"40001", "40P01", "26000"})
"""Serialization failure, deadlock: the transaction was undone so that another could go on. A prepared statement that is
gone: the driver has forgotten it, and prepares anew."""
_HELD = frozenset({"55P03", "57014", "53300", "57P01", "57P02", "57P03"})
"""A lock that was not given in time, a statement over its time, too many connections, a server that goes or comes."""


class Trouble(Enum):
    """``AGAIN``: nothing was stored, and the same may go well at once. ``LATER``: not before somebody else is done."""

    AGAIN = "again"
    LATER = "later"


def trouble(error: BaseException) -> Trouble | None:
    """What stands behind an error of the database; None for what no waiting mends."""
    if isinstance(error, PoolTimeout):
        return Trouble.LATER
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    if isinstance(cause, psycopg.Error):
        return _of_state(cause)
    if isinstance(cause, sqlite3.OperationalError) and cause.sqlite_errorname.startswith(
        ("SQLITE_BUSY", "SQLITE_LOCKED")
    ):
        return Trouble.LATER
    return None


def _of_state(error: psycopg.Error) -> Trouble | None:
    state = error.sqlstate
    if state in _BEATEN:
        return Trouble.AGAIN
    lost = state is None and isinstance(error, psycopg.OperationalError)  # the connection went, or never came
    return Trouble.LATER if lost or state in _HELD or (state or "").startswith("08") else None
