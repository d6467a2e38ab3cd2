"""Sum, least, greatest and mean of a collection (https://hl7.org/fhirpath/#aggregates, trial use in 3.0.0).

An empty collection has none of them; items of different types are an error.
"""

from __future__ import annotations

from collections.abc import Callable
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

_ORDERED = (str, FPDate, FPDateTime, FPTime)


def _alike(items: Items, what: str, ordered: bool) -> list[Any]:
    """The System values of items that are all numbers, all quantities, or (``ordered``) all of one ordered type."""
    values = [system(item) for item in items]
    kinds: list[Callable[[Any], bool]] = [is_number, lambda value: isinstance(value, Quantity)]
    kinds += [lambda value, kind=kind: isinstance(value, kind) for kind in _ORDERED] if ordered else []  # type: ignore[misc]
    if any(all(map(kind, values)) for kind in kinds):
        return values
    odd = next((item for item in items if type(system(item)) is not type(values[0])), items[0])
    raise FhirPathError(f"{what} takes items of one type that it can work with: here is {told(odd)}.")


def _total(items: Items, what: str) -> Any:
    return reduce(lambda total, value: None if total is None else plus(total, value), _alike(items, what, False))


def _most(items: Items, what: str, sign: int) -> Items:
    if not items:
        return EMPTY
    _alike(items, what, True)
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
