"""Parts of a collection, and collections put together (http://hl7.org/fhirpath/N1/#subsetting, #combining)."""

from __future__ import annotations

from functools import cmp_to_key
from typing import Any

from ..distinct import distinct
from ..environment import Run, single
from ..equality import contains, order
from ..limits import limited
from ..nodes import Items
from ..operators import EMPTY
from ..paths import Step
from .filtering import each
from .registry import function, integer_of


@function("single")
def single_(run: Run, items: Items) -> Items:
    item = single(items, "single()")
    return EMPTY if item is None else [item]


@function("first")
def first(run: Run, items: Items) -> Items:
    return items[:1]


@function("last")
def last(run: Run, items: Items) -> Items:
    return items[-1:]


@function("tail")
def tail(run: Run, items: Items) -> Items:
    return items[1:]


@function("skip", "v")
def skip(run: Run, items: Items, count: Items) -> Items:
    number = integer_of(count, "skip()")
    return EMPTY if number is None else items[max(0, number) :]


@function("take", "v")
def take(run: Run, items: Items, count: Items) -> Items:
    number = integer_of(count, "take()")
    return EMPTY if number is None else items[: max(0, number)]


@function("intersect", "v")
def intersect(run: Run, items: Items, other: Items) -> Items:
    return distinct([item for item in items if contains(other, item)])


@function("exclude", "v")
def exclude(run: Run, items: Items, other: Items) -> Items:
    return [item for item in items if not contains(other, item)]


@function("union", "v")
def union(run: Run, items: Items, other: Items) -> Items:
    return limited(distinct(items + other), "union()")


@function("combine", "v?v")
def combine(run: Run, items: Items, other: Items, preserve_order: Items = EMPTY) -> Items:
    return limited(items + other, "combine()")


def sort(run: Run, items: Items, keys: list[tuple[Step | None, bool]]) -> Items:
    """The items in order of each key, then the next; ``True`` beside a key turns it around. Empty keys come first.

    Items whose order is open stay as they stand. Raises ``FhirPathError`` on keys of types that do not compare.
    """
    if not keys:
        keys = [(None, False)]
    rows: list[tuple[Any, list[Any]]] = [(item, []) for item in items]
    for key, _descending in keys:
        found = [[item] for item in items] if key is None else [one for _item, one in each(run, items, key)]
        for (_item, values), one in zip(rows, found, strict=True):
            values.append(single(one, "A key of sort()"))

    def compare(left: tuple[Any, list[Any]], right: tuple[Any, list[Any]]) -> int:
        for mine, other, (_key, descending) in zip(left[1], right[1], keys, strict=True):
            if mine is None or other is None:
                found: int | None = (mine is not None) - (other is not None)
            else:
                found = order(mine, other)
            if found:
                return -found if descending else found
        return 0

    return [item for item, _values in sorted(rows, key=cmp_to_key(compare))]
