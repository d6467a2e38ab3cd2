"""What a page stores: all of it or nothing, and once more where another transaction stood in its way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import psycopg
from sqlalchemy.exc import IntegrityError

from app.access.actor import Actor
from app.access.authentication import current_actor
from app.fhir.repository import Repository
from app.store import work
from app.store.patience import patiently

T = TypeVar("T")


def store(do: Callable[[Repository], T], actor: Actor | None = None) -> T:
    """What ``do`` makes of an open repository, once it is stored; ``actor`` where it is not whoever is signed in.

    ``do`` may be called several times, each time in a transaction of its own, of which nothing is left but the last:
    what it changes it must read itself, accounts too. Raises what it raises.
    """
    who = actor or current_actor()

    def once() -> T:
        with work(who) as repo:
            return do(repo)

    try:
        return patiently(once)
    except (IntegrityError, psycopg.errors.UniqueViolation):
        return patiently(once)  # somebody else has just taken the same name: now the use case sees it, and says so
