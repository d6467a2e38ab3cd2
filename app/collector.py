"""The garbage collector, told to look seldom. Imported before everything else by ``app.factory``.

Starting makes a million objects that stay, and requests make small ones that reference counting frees: looking at them
every 700 allocations costs a third of a second at each start, and a full collection 180 ms in every seventh page.
"""

import ctypes
import gc
from collections.abc import Callable, Iterable
from time import monotonic
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


QUIET = 10.0
"""Seconds at least between two times that memory is given back."""


class Between:
    """WSGI that collects between requests, when what a request made is garbage: in its middle most of it is in use, is
    looked at for nothing, and outlives that collection to wait for a rare one: 100 MB of them in each process.

    What a large request held (a Bundle's text, in pieces) the C library keeps for the next one: once none come, it is
    given back to the system, 3 MB of each process.
    """

    def __init__(self, inner: Callable[[dict[str, Any], Any], Iterable[bytes]]):
        self._inner = inner
        self._done = 0
        self._kept = False
        self._given_back = monotonic()

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        try:
            return self._inner(environ, start)
        finally:
            if gc.get_count()[0] > ENOUGH:
                self._done += 1
                gc.collect(2 if self._done % FULL == 0 else 1)
                self._kept = True
            elif self._kept and monotonic() - self._given_back > QUIET:
                self._kept = False
                give_back()
                self._given_back = monotonic()


def give_back() -> None:
    """Give free memory back to the system (https://man7.org/linux/man-pages/man3/malloc_trim.3.html); elsewhere than
    with the C library of GNU nothing.
    """
    if _trim is not None:
        _trim(0)


def _found() -> Callable[[int], int] | None:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return None


_trim = _found()
