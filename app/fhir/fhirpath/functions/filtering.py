"""Filtering, projection and choice (http://hl7.org/fhirpath/N1/#filtering-and-projection)."""

from __future__ import annotations

from collections.abc import Iterator

from ..environment import Run, single, truth
from ..equality import contains
from ..errors import FhirPathError
from ..nodes import Item, Items, Node, of_type
from ..operators import EMPTY
from ..paths import Step
from ..syntax import TypeName
from .registry import function

MOST_ITEMS = 100_000
"""Items that ``repeat`` and ``repeatAll`` may find before they are stopped."""


def each(run: Run, items: Items, expression: Step) -> Iterator[tuple[object, Items]]:
    """Every item with what the expression makes of it, ``$index`` set."""
    before = run.index
    try:
        for run.index, item in enumerate(items):
            yield item, expression(run, [item])
    finally:
        run.index = before


@function("where", "e")
def where(run: Run, items: Items, criterion: Step) -> Items:
    return [item for item, found in each(run, items, criterion) if truth(found, "where()")]


@function("select", "e")
def select(run: Run, items: Items, projection: Step) -> Items:
    return [one for _item, found in each(run, items, projection) for one in found]


@function("repeat", "e")
def repeat(run: Run, items: Items, projection: Step) -> Items:
    """What the projection finds, and what it finds in that, as long as there is something new."""
    found: Items = []
    waiting = items
    while waiting:
        fresh: Items = []
        for one in select(run, waiting, projection):
            if not _seen(found, one):
                found.append(one)
                fresh.append(one)
        _limit(found, "repeat()")
        waiting = fresh
    return found


def _seen(found: Items, item: Item) -> bool:
    """Whether an equal item has been found. The same JSON object is told at once."""
    if item.__class__ is Node and isinstance(item.value, dict):
        value = item.value
        return any(one.__class__ is Node and (one.value is value or one.value == value) for one in found)
    return contains(found, item)


@function("repeatAll", "e")
def repeat_all(run: Run, items: Items, projection: Step) -> Items:
    """Like ``repeat``, keeping equal items."""
    found: Items = []
    waiting = items
    while waiting:
        waiting = select(run, waiting, projection)
        found.extend(waiting)
        _limit(found, "repeatAll()")
    return found


def _limit(found: Items, what: str) -> None:
    if len(found) > MOST_ITEMS:
        raise FhirPathError(f"{what} found more than {MOST_ITEMS} items and was stopped.")


@function("ofType", "t")
def of_type_(run: Run, items: Items, wanted: TypeName) -> Items:
    return [item for item in items if of_type(item, wanted)]


@function("is", "t")
def is_(run: Run, items: Items, wanted: TypeName) -> Items:
    item = single(items, "is()")
    return EMPTY if item is None else [of_type(item, wanted)]


@function("as", "t")
def as_(run: Run, items: Items, wanted: TypeName) -> Items:
    item = single(items, "as()")
    return [item] if item is not None and of_type(item, wanted) else EMPTY


@function("iif", "ee?e")
def iif(run: Run, items: Items, criterion: Step, then: Step, otherwise: Step | None = None) -> Items:
    """Only the branch that is chosen is evaluated. The input may be one item, which is ``$this`` of all three."""
    single(items, "iif()")
    found = criterion(run, items)
    condition = single(found, "iif()")
    value = condition.value if condition.__class__ is Node else condition
    if value is not None and value.__class__ is not bool:
        raise FhirPathError("The criterion of iif() must be a Boolean.")
    if value:
        return then(run, items)
    return EMPTY if otherwise is None else otherwise(run, items)


@function("aggregate", "e?v")
def aggregate(run: Run, items: Items, aggregator: Step, start: Items = EMPTY) -> Items:
    """``$total`` begins as ``start`` and becomes what the aggregator makes of each item."""
    before, total = run.index, run.total
    try:
        run.total = start
        for run.index, item in enumerate(items):
            run.total = aggregator(run, [item])
        return run.total
    finally:
        run.index, run.total = before, total


@function("coalesce", "*e")
def coalesce(run: Run, items: Items, *choices: Step) -> Items:
    """The first of the arguments that is not empty."""
    for choice in choices:
        found = choice(run, items)
        if found:
            return found
    return EMPTY
