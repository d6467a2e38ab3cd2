"""Filtering, projection and choice (http://hl7.org/fhirpath/N1/#filtering-and-projection)."""

from __future__ import annotations

from collections.abc import Iterator

from ..distinct import Seen
from ..environment import Run, single, truth
from ..errors import FhirPathError
from ..limits import limited
from ..nodes import Items, Node, of_type
from ..operators import EMPTY
from ..paths import Step
from ..syntax import TypeName
from .registry import function


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
    return limited([one for _item, found in each(run, items, projection) for one in found], "select()")


@function("repeat", "e")
def repeat(run: Run, items: Items, projection: Step) -> Items:
    """What the projection finds, and what it finds in that, as long as there is something new."""
    found: Items = []
    seen = Seen()
    waiting = items
    while waiting:
        waiting = [one for one in select(run, waiting, projection) if seen.add(one)]
        found = limited(found + waiting, "repeat()")
    return found


@function("repeatAll", "e")
def repeat_all(run: Run, items: Items, projection: Step) -> Items:
    """Like ``repeat``, keeping equal items."""
    found: Items = []
    waiting = items
    while waiting:
        waiting = select(run, waiting, projection)
        found.extend(waiting)
        limited(found, "repeatAll()")
    return found


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
