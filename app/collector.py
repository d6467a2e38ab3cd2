"""The garbage collector, told to look seldom. Imported before everything else by ``app.factory``.

Starting makes a million objects that stay, and requests make small ones that reference counting frees: looking at them
every 700 allocations costs a third of a second at each start, and a full collection 180 ms in every seventh page.
"""

import gc

SELDOM = (20_000, 50, 100)
"""Thresholds of the three generations (https://docs.python.org/3/library/gc.html#gc.set_threshold)."""

gc.set_threshold(*SELDOM)


def keep_what_is_there() -> None:
    """Take all that lives out of the collector's sight: what a server has made at its start stays for good."""
    gc.collect()
    gc.freeze()
