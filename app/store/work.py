"""``work()``: the one transaction and the only commit.

A change stands in the same transaction as Flask-SQLAlchemy's session, so that accounts and resources stand or fall
together. What only reads, and what changes resources alone, takes a connection straight from the pool: the session's
bookkeeping would cost twice the read itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar, Token

from sqlalchemy import Engine

from app import clock
from app.access.actor import Actor
from app.db import db, engine_here, session_begun
from app.store import audit
from app.store.connecting import WRITING
from app.store.driver import Driver
from app.store.drivers import Lent, driver_of
from app.store.heads import known_keys
from app.store.journal import Line, journal_of
from app.store.repository import StoreRepository
from app.store.unit import Unit

_log = logging.getLogger(__name__)
_open: ContextVar[bool] = ContextVar("work_open", default=False)


def work(
    actor: Actor, *, reading: bool = False, single: bool = False, alone: bool = False, fresh: int = 0
) -> AbstractContextManager[StoreRepository]:
    """A Repository for this actor within one transaction: committed at the end, rolled back on any exception.

    ``reading`` opens it for pages that change nothing. What they read is on record before the block is left, so that
    nothing is answered that is not (``app.store.journal``). ``single``: one statement is read, so no state is held
    still around it. ``alone``: resources are changed and no account is; ``fresh`` of them will be new. Runs within an
    application context. Raises RuntimeError inside another work().
    """
    return _reading(actor, single) if reading else _alone(actor, fresh) if alone else _writing(actor)


def _begin() -> Token[bool]:
    """Nothing else is open from here on. Raises RuntimeError where something is.

    The session's transaction ends where it has looked up who is signed in, so that ours begins with the write lock.
    """
    if _open.get():
        raise RuntimeError("work() inside work(): use cases take the repository that is open")
    if session_begun():
        session = db.session()
        if session.in_transaction() and not (session.new or session.dirty or session.deleted):
            session.commit()
    return _open.set(True)


@contextmanager
def _writing(actor: Actor) -> Iterator[StoreRepository]:
    session, token = db.session(), _begin()
    try:
        connection = session.connection(execution_options=WRITING)
        unit = Unit(actor, clock.now(), driver_of(connection.connection), known_keys(connection.engine))
        yield StoreRepository(unit)
        unit.finish()
        audit.write(unit.driver, unit.audit())
        session.commit()
    except BaseException:
        session.rollback()
        raise
    else:
        unit.committed()
    finally:
        _open.reset(token)


@contextmanager
def _alone(actor: Actor, fresh: int) -> Iterator[StoreRepository]:
    engine, token = engine_here(), _begin()
    try:
        with Lent(engine) as driver:
            driver.begin_writing(fresh)
            unit = Unit(actor, clock.now(), driver, known_keys(engine))
            yield StoreRepository(unit)
            unit.finish()
            driver.commit(audit.statements(driver, unit.audit()))
            unit.committed()
    finally:
        _open.reset(token)


@contextmanager
def _reading(actor: Actor, single: bool) -> Iterator[StoreRepository]:
    engine, token = engine_here(), _begin()
    try:
        with Lent(engine) as driver:
            if still := not single or driver.name != "sqlite":
                driver.begin_reading()
            unit = Unit(actor, clock.now(), driver, known_keys(engine), reading=True)
            yield StoreRepository(unit)
            if still:
                driver.end_reading()
            if unit.ledger.actions and (events := unit.audit()):
                _record(engine, driver, events)
            unit.committed()
    finally:
        _open.reset(token)


def _record(engine: Engine, driver: Driver, events: list[Line]) -> None:
    """What was read, on record: in the journal, or where there is none in a transaction of its own."""
    journal = journal_of(engine)
    if journal is not None:
        try:
            journal.append(events)
            return
        except OSError:
            _log.warning("no journal: what was read goes straight into the database", exc_info=True)
    driver.begin_recording()
    audit.write(driver, events)
    driver.end_recording()
