"""How connections behave: SQLite's pragmas, and transactions that take the write lock at their beginning.

WAL lets readers go on beside the writer; NORMAL is safe against a crash of the process and loses at most the last
commits on a power cut, never the integrity of the file (https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

from __future__ import annotations

import sqlite3
from typing import Any

import psycopg
from psycopg.types.numeric import Int8BinaryDumper, Int8Dumper
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

LOCK_TIMEOUT = 15_000
"""Milliseconds that a transaction waits for another; then it is refused (503), and nothing was stored."""
PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "foreign_keys = ON",
    f"busy_timeout = {LOCK_TIMEOUT}",
    "cache_size = -65536",
    "mmap_size = 1073741824",
    "temp_store = MEMORY",
)
WRITING = {"begin": "IMMEDIATE"}
"""Execution options of a connection whose transaction will write: two of them never meet half-way."""


@event.listens_for(Engine, "connect")
def _prepare(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None  # BEGIN is ours, below; the driver would begin too late and never for SELECT
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    elif isinstance(connection, psycopg.Connection):
        # One width for all integers: the driver prepares a statement anew for each combination of types it meets.
        connection.adapters.register_dumper(int, Int8Dumper)
        connection.adapters.register_dumper(int, Int8BinaryDumper)
        # Our driver prepares; psycopg, where it prepares as well, drops everybody's statements with each rollback.
        connection.prepare_threshold = None
        connection.autocommit = True  # what is set within a transaction ends with it
        connection.execute(f"set lock_timeout = '{LOCK_TIMEOUT}ms'")  # as long as SQLite's busy_timeout
        connection.autocommit = False


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin', '')}")
