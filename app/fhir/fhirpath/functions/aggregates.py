"""Sum, least, greatest and mean of a collection (https://hl7.org/fhirpath/#aggregates, trial use in 3.0.0).

An empty collection has none of them; items of different types are an error.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from ..environment import Run
from ..equality import is_number, order, told
from ..errors import FhirPathError
from ..nodes import Item, Items, system
from ..operators import EMPTY, over, plus
from ..quantity import Quantity
from ..temporal import FPDate, FPDateTime, FPTime
from .registry import function

_ADDED: frozenset[type] = frozenset({int, Quantity})
_ORDERED: frozenset[type] = _ADDED | {str, FPDate, FPDateTime, FPTime}


def _alike(items: Items, what: str, allowed: frozenset[type]) -> list[Any]:
    """The System values of items that are all of one allowed type; Integers and Decimals are all numbers."""
    values = [system(item) for item in items]
    kinds = [int if is_number(value) else type(value) for value in values]
    for kind, item in zip(kinds, items, strict=True):
        if kind not in allowed or kind is not kinds[0]:
            raise FhirPathError(f"{what} takes items of one type that it can work with: here is {told(item)}.")
    return values


def _total(items: Items, what: str) -> Any:
    return reduce(lambda total, value: None if total is None else plus(total, value), _alike(items, what, _ADDED))


def _most(items: Items, what: str, sign: int) -> Items:
    if not items:
        return EMPTY
    _alike(items, what, _ORDERED)
    best: Item = items[0]
    for item in items[1:]:
        found = order(item, best)
        if found is None:
            return EMPTY  # precision or units leave it open
        best = item if found * sign > 0 else best
    return [system(best)]


@function("sum")
def sum_(run: Run, items: Items) -> Items:
    """In the type of the items; quantities of different dimensions have none."""
    total = _total(items, "sum()") if items else None
    return EMPTY if total is None else [total]


@function("avg")
def avg(run: Run, items: Items) -> Items:
    total = _total(items, "avg()") if items else None
    mean = None if total is None else over(total, len(items))
    return EMPTY if mean is None else [mean]


@function("min")
def min_(run: Run, items: Items) -> Items:
    return _most(items, "min()", -1)


@function("max")
def max_(run: Run, items: Items) -> Items:
    return _most(items, "max()", 1)
