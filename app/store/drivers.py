"""The driver of a connection that the pool has lent."""

from __future__ import annotations

import sqlite3

from sqlalchemy import PoolProxiedConnection

from app.store.driver import Driver
from app.store.postgresql import Postgresql, Statements
from app.store.sqlite import Sqlite


def driver_of(pooled: PoolProxiedConnection) -> Driver:
    """For one transaction; what a connection of PostgreSQL has prepared stays with the connection."""
    raw = pooled.driver_connection
    if isinstance(raw, sqlite3.Connection):
        return Sqlite(raw)
    return Postgresql(raw, pooled.info.setdefault("statements", Statements()))  # type: ignore[arg-type]
