"""How fast a client may ask: a bucket that fills steadily and holds what ten seconds bring (RFC 6585 §4).

The buckets stand in memory that all workers of a server share: it is made when this module is imported, before the
server forks them, so a client that spreads its connections over them has one bucket. Where processes are spawned
instead (macOS, Windows), and for servers on several machines, each has its own; the proxy in front then holds a client
exactly.
"""

from __future__ import annotations

import math
from hashlib import blake2b
from mmap import mmap
from multiprocessing import get_all_start_methods, get_context
from struct import Struct
from time import monotonic

from app.access.actor import Actor
from app.errors import TooMany

BURST_SECONDS = 10
SLOTS = 8192
NEAR = 16
"""Places in which a bucket may stand; the one that has rested longest gives way, and is full again by then."""
_SLOT = Struct("<qdd")
"""Whose (a hash, 0 for nobody), what it held, and when (``monotonic`` is one clock for all processes)."""
_WAIT = 0.05

_shared = mmap(-1, SLOTS * _SLOT.size)
_lock = get_context("fork" if "fork" in get_all_start_methods() else None).Lock()


def keep(actor: Actor) -> None:
    """Take one request out of the actor's bucket. Raises TooMany with ``retry_after`` in seconds when it is empty."""
    if actor.per_minute:
        take(actor.key, actor.per_minute)


def take(key: str, per_minute: int, burst: float | None = None) -> None:
    """Take one out of the bucket of ``key``. Raises TooMany (429) with ``retry_after``."""
    rate = per_minute / 60
    most = max(1.0, rate * BURST_SECONDS) if burst is None else burst
    name = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little", signed=True) or 1
    taken = _lock.acquire(timeout=_WAIT)  # a worker that was killed while it held it stops nobody
    try:
        instant = monotonic()
        place, held, at = _found(name, most, instant)
        held = min(most, held + max(0.0, instant - at) * rate)
        enough = held >= 1
        _SLOT.pack_into(_shared, place, name, held - 1 if enough else held, instant)
    finally:
        if taken:
            _lock.release()
    if enough:
        return
    wait = max(1, math.ceil((1 - held) / rate))
    raise TooMany(
        "More than {per_minute} requests a minute: wait {retry_after} s and go on.",
        per_minute=per_minute,
        retry_after=wait,
    )


def _found(name: int, most: float, instant: float) -> tuple[int, float, float]:
    """(place, held, since when) of a bucket; a full one where there is none yet."""
    oldest, rested = 0, math.inf
    for step in range(NEAR):
        place = (name + step) % SLOTS * _SLOT.size
        whose, held, at = _SLOT.unpack_from(_shared, place)
        if whose == name:
            return place, held, at
        if whose == 0:
            return place, most, instant
        if at < rested:
            oldest, rested = place, at
    return oldest, most, instant


def forget() -> None:
    """Let everybody begin anew (tests)."""
    with _lock:
        _shared[:] = bytes(len(_shared))
