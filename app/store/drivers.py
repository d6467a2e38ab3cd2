"""The driver of a connection, and connections straight from the pool."""

from __future__ import annotations

import sqlite3
from types import TracebackType
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.pool import ManagesConnection

from app.store.driver import Driver
from app.store.libpq import Prepared
from app.store.postgresql import Postgresql
from app.store.sqlite import Sqlite


def driver_of(connection: ManagesConnection) -> Driver:
    """For one transaction; what a connection of PostgreSQL has prepared stays with the connection."""
    raw: Any = connection.driver_connection
    if isinstance(raw, sqlite3.Connection):
        return Sqlite(raw)
    return Postgresql(raw, connection.info.setdefault("prepared", Prepared()))


class Lent:
    """``with Lent(engine) as driver``: a connection of the pool for one transaction, left as it was found.

    The pool's own proxy for a connection takes an eighth of a read to be made, to reset what a driver has left
    already, and to be unmade. So the pool is asked for what stands behind it (``Pool._do_get``); a connection that is
    broken is made anew by the next who asks.
    """

    __slots__ = ("_driver", "_entry", "_pool")

    def __init__(self, engine: Engine):
        self._pool: Any = engine.pool

    def __enter__(self) -> Driver:
        self._entry = self._pool._do_get()
        try:
            self._entry.get_connection()
            self._driver = driver_of(self._entry)
        except BaseException:
            self._pool._do_return_conn(self._entry)
            raise
        return self._driver

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            if not self._driver.leave():
                self._entry.invalidate(error)
        except BaseException as broken:
            self._entry.invalidate(broken)
            if error is None:
                raise
        finally:
            self._pool._do_return_conn(self._entry)
