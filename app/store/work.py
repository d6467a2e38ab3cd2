"""``work()``: the one transaction and the only commit.

Accounts (Flask-SQLAlchemy) and resources stand in the same transaction. Use cases compose because they never commit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app import clock
from app.access.actor import Actor
from app.db import db
from app.store.connecting import WRITING
from app.store.driver import driver_of
from app.store.heads import known_keys
from app.store.repository import StoreRepository
from app.store.unit import Unit

_OPEN = "maslak_work"


@contextmanager
def work(actor: Actor, *, reading: bool = False) -> Iterator[StoreRepository]:
    """A Repository for this actor within one transaction: committed at the end, rolled back on any exception.

    ``reading`` opens it for pages that change nothing: on SQLite no write lock is held while reading; the audit rows are
    written before anything is handed over. Runs within an application context. Raises RuntimeError inside another work().
    """
    session = db.session()
    if session.info.get(_OPEN):
        raise RuntimeError("work() inside work(): use cases take the repository that is open")
    session.info[_OPEN] = True
    try:
        if session.in_transaction() and not (session.new or session.dirty or session.deleted):
            session.commit()  # ends what only read (who is signed in), so that ours begins with the write lock
        unit = _unit(session, actor, reading)
        try:
            yield StoreRepository(unit)
            unit.finish()
            _close(session, unit)
        except BaseException:
            session.rollback()
            raise
    finally:
        session.info.pop(_OPEN, None)


def _unit(session: Any, actor: Actor, reading: bool) -> Unit:
    # PostgreSQL has no lock to take at the beginning; SQLite takes it now or waits in vain later.
    connection = session.connection(execution_options={} if reading else WRITING)
    known = known_keys(str(connection.engine.url))
    return Unit(actor, clock.now(), driver_of(connection), known, reading=reading)


def _close(session: Any, unit: Unit) -> None:
    if unit.reading and unit.ledger.actions:
        if unit.driver.name == "sqlite":
            session.commit()
            unit.driver = driver_of(session.connection(execution_options=WRITING))
        else:  # what was only read need not wait for the disk: the log follows within a fifth of a second
            unit.driver.run("set local synchronous_commit = off")
    unit.write_audit()
    session.commit()
    unit.committed()
