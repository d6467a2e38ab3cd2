"""Time comes from here: instants are UTC, days are days of Africa/Casablanca.

``now`` may be replaced for a while by ``frozen`` (tests, the simulator, an evaluation as of a date).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

CASABLANCA = ZoneInfo("Africa/Casablanca")

_frozen: ContextVar[datetime | None] = ContextVar("frozen", default=None)


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return _frozen.get() or datetime.now(UTC)


def today() -> date:
    """The present day in Africa/Casablanca."""
    return day_of(now())


def day_of(instant: datetime) -> date:
    """The Moroccan day in which an aware instant falls."""
    return instant.astimezone(CASABLANCA).date()


def instant_text(instant: datetime) -> str:
    """A FHIR ``instant`` in UTC with milliseconds: ``2026-11-21T09:30:00.000Z``."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def moment_text(instant: datetime) -> str:
    """A FHIR ``dateTime`` in Moroccan time with its offset: ``2026-11-22T00:02:00+01:00``.

    What was done and measured is written so: its first ten characters are the day on which people did it.
    """
    return instant.astimezone(CASABLANCA).isoformat(timespec="seconds")


@contextmanager
def frozen(instant: datetime) -> Iterator[None]:
    """Let ``now()`` answer this instant within the block (this thread or task only)."""
    token = _frozen.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)
