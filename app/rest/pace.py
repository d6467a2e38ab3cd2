"""How fast a client may ask: a bucket that fills steadily and holds what ten seconds bring (RFC 6585 §4).

The buckets stand in the memory of a process: with several workers, a client that spreads its connections over them gets
as many times its rate. Who must be held exactly is held by the proxy in front.
"""

from __future__ import annotations

import math
from threading import Lock
from time import monotonic

from app.access.actor import Actor
from app.errors import TooMany

BURST_SECONDS = 10
_MOST = 10_000
_buckets: dict[str, tuple[float, float]] = {}
_lock = Lock()


def keep(actor: Actor) -> None:
    """Take one request out of the actor's bucket. Raises TooMany with ``retry_after`` in seconds when it is empty."""
    if actor.per_minute:
        take(actor.key, actor.per_minute)


def take(key: str, per_minute: int, burst: float | None = None) -> None:
    """Take one out of the bucket of ``key``. Raises TooMany (429) with ``retry_after``."""
    rate = per_minute / 60
    most = max(1.0, rate * BURST_SECONDS) if burst is None else burst
    instant = monotonic()
    with _lock:
        held, at = _buckets.get(key, (most, instant))
        held = min(most, held + (instant - at) * rate)
        if held >= 1:
            if len(_buckets) >= _MOST and key not in _buckets:
                _buckets.clear()
            _buckets[key] = held - 1, instant
            return
        _buckets[key] = held, instant
    wait = max(1, math.ceil((1 - held) / rate))
    raise TooMany(
        "More than {per_minute} requests a minute: wait {retry_after} s and go on.",
        per_minute=per_minute,
        retry_after=wait,
    )


def forget() -> None:
    """Let everybody begin anew (tests)."""
    with _lock:
        _buckets.clear()
