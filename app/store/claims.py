"""Conditions of conditional interactions, held by one transaction at a time.

Whoever looks whether something exists in order to create it first claims the condition: a row of a unique key. A second
transaction with the same condition waits for the first to commit, and then finds what it stored.
"""

from __future__ import annotations

from app.store.codes import hash64
from app.store.unit import Unit


def claim(unit: Unit, query: str) -> None:
    """Hold a condition until the commit. On SQLite the transaction is alone in writing already, so the row is
    enough.
    """
    unit.driver.run(
        "insert into condition_claim (hash, at) values (?, ?) on conflict (hash) do update set at = excluded.at",
        (hash64(query), unit.stamp),
    )
