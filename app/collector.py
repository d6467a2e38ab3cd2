"""The garbage collector, told to look seldom. Imported before everything else by ``app.factory``.

Starting makes a million objects that stay, and requests make small ones that reference counting frees: looking at them
every 700 allocations costs a third of a second at each start, and a full collection 180 ms in every seventh page.
"""

import gc
from collections.abc import Callable, Iterable
from typing import Any

SELDOM = (20_000, 50, 100)
"""Thresholds of the three generations (https://docs.python.org/3/library/gc.html#gc.set_threshold)."""

gc.set_threshold(*SELDOM)


def keep_what_is_there() -> None:
    """Take all that lives out of the collector's sight: what a server has made at its start stays for good."""
    gc.collect()
    gc.freeze()


ENOUGH = 5_000
"""Objects made and not yet gone after which it collects: a page of a pathway leaves three times as many, a read few."""
FULL = 200
"""Every so manieth collection looks at what has outlived others too."""


class Between:
    """WSGI that collects between requests, when what a request made is garbage: in its middle most of it is in use, is
    looked at for nothing, and outlives that collection to wait for a rare one: 100 MB of them in each process.
    """

    def __init__(self, inner: Callable[[dict[str, Any], Any], Iterable[bytes]]):
        self._inner = inner
        self._done = 0

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        try:
            return self._inner(environ, start)
        finally:
            if gc.get_count()[0] > ENOUGH:
                self._done += 1
                gc.collect(2 if self._done % FULL == 0 else 1)
