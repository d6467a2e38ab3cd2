"""What another transaction stood in the way of is done once more, a bounded number of times.

Each interaction, and what a page stores, is one transaction of the database, which undid all of it: doing it again is
safe.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from random import uniform
from time import sleep
from typing import TypeVar

from app.store.trouble import Trouble, trouble

TIMES = 4
PAUSE = 0.02
"""Seconds before the second time, at most; twice as many before each further one, so that two do not meet for ever."""

log = logging.getLogger(__name__)
T = TypeVar("T")


def patiently(do: Callable[[], T]) -> T:
    """What ``do`` answers. Raises what it raises: the last time, also that it was in the way of others."""
    for time in range(1, TIMES):
        try:
            return do()
        except Exception as error:
            if trouble(error) is not Trouble.AGAIN:
                raise
            log.info("In the way of another transaction, for the %d. time", time)
        sleep(uniform(0, PAUSE * 2**time))
    return do()
