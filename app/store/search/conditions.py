"""Conditions on a resource, as SQL text with its values.

``@key`` stands for the resource's head key and ``@head`` for the row of ``head``; they are filled in where the
condition is used, so that the same condition serves the search itself, a chain, and a count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

NEVER = "1 = 0"


class Condition(NamedTuple):
    """SQL that holds for the resources wanted."""

    text: str
    values: tuple[Any, ...] = ()

    def at(self, key: str, head: str) -> str:
        """The text with the places filled in."""
        return self.text.replace("@key", key).replace("@head", head)


class Driving(NamedTuple):
    """How a search can begin from a match of tokens: their path, and ``once`` when no resource has two such rows."""

    path: int
    once: bool


class Match(NamedTuple):
    """A row of an index table that a resource must have. ``where`` speaks of the row as ``i``.

    ``driving`` is there when it asks for tokens of one path by their codes: such a match can drive a search by itself.
    ``narrow`` says that few resources are expected to have the row.
    """

    table: str
    where: str
    values: tuple[Any, ...] = ()
    driving: Driving | None = None
    narrow: bool = False

    def condition(self, *, negated: bool = False, driving: bool = False, probing: bool = False) -> Condition:
        """As a condition: probed resource by resource, or (``driving``) as the set from which to begin.

        ``probing`` insists on the first: PostgreSQL turns a plain ``exists`` into a join that reads every row of a
        common code, where the few resources of one patient are to be looked at; a subquery with an offset it leaves be,
        and with the ``+`` it takes the key, whatever its statistics say of a young database.
        """
        if driving and not negated:
            return Condition(f"@key in (select i.key from index_{self.table} i where {self.where})", self.values)
        word = "not exists" if negated else "exists"
        once = " limit 1 offset 0" if probing else ""
        where = by_key(self.where).replace("/*+*/", "+") if probing else by_key(self.where)
        text = f"{word} (select 1 from index_{self.table} i where i.key = @key and {where}{once})"
        return Condition(text, self.values)


def any_of(conditions: Sequence[Condition]) -> Condition:
    """One of them."""
    if not conditions:
        return Condition(NEVER)
    if len(conditions) == 1:
        return conditions[0]
    return Condition("(" + " or ".join(c.text for c in conditions) + ")", _values(conditions))


def all_of(conditions: Sequence[Condition]) -> Condition:
    """All of them."""
    if not conditions:
        return Condition("1 = 1")
    return Condition(" and ".join(c.text for c in conditions), _values(conditions))


def negated(condition: Condition) -> Condition:
    """Not this one."""
    return Condition(f"not ({condition.text})", condition.values)


def _values(conditions: Iterable[Condition]) -> tuple[Any, ...]:
    return tuple(value for condition in conditions for value in condition.values)


def by_key(where: str) -> str:
    """The same test for rows that are looked up by their key.

    The comment is nothing to PostgreSQL, whose statistics say that the key is best. SQLite has no statistics and would
    take the index that matches more columns, through all who have the code: its driver makes it a ``+``, which keeps a
    column from choosing the index (https://www.sqlite.org/optoverview.html#uplus).
    """
    for column in ("i.path", "i.target", "j.path", "j.target"):
        where = where.replace(column, f"/*+*/{column}")
    return where


def on_paths(codes: Sequence[int]) -> str:
    """``i.path`` is one of these; numbers of ours, so they stand in the text and the planner knows them."""
    return f"i.path = {codes[0]}" if len(codes) == 1 else f"i.path in ({', '.join(map(str, codes))})"
