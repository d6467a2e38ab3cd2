"""Trees, types, variables and the clock (http://hl7.org/fhirpath/N1/#tree-navigation, #utility-functions)."""

from __future__ import annotations

from functools import lru_cache

from ..environment import Run
from ..equality import told
from ..errors import FhirPathError
from ..limits import limited
from ..model import fhir_type
from ..nodes import Item, Items, Node, children, system, system_type
from ..operators import EMPTY, answer
from ..paths import Step
from ..quantity import Quantity, comparable
from ..temporal import FPDate, FPTime, from_python
from .registry import function, string_of


@function("children")
def children_(run: Run, items: Items) -> Items:
    return [below for item in items for below in children(item)]


@function("descendants")
def descendants(run: Run, items: Items) -> Items:
    found: Items = []
    level = children_(run, items)
    while level:
        found = limited(found + level, "descendants()")
        level = children_(run, level)
    return found


@function("trace", "v?e")
def trace(run: Run, items: Items, name: Items, projection: Step | None = None) -> Items:
    label = string_of(name, "trace()") or ""
    run.trace(label, items if projection is None else [one for item in items for one in projection(run, [item])])
    return items


@function("defineVariable", "v?e")
def define_variable(run: Run, items: Items, name: Items, expression: Step | None = None) -> Items:
    """Without an expression its value is the input. Source: http://hl7.org/fhirpath/#definevariable."""
    label = string_of(name, "defineVariable()")
    if not label:
        raise FhirPathError("defineVariable() needs a name.")
    run.define(label, items if expression is None else expression(run, items))
    return items


@function("now")
def now(run: Run, items: Items) -> Items:
    return [from_python(run.now)]


@function("today")
def today(run: Run, items: Items) -> Items:
    moment = run.now
    return [_day(moment.year, moment.month, moment.day)]


@lru_cache(64)
def _day(year: int, month: int, day: int) -> FPDate:
    return FPDate((year, month, day))


@function("timeOfDay")
def time_of_day(run: Run, items: Items) -> Items:
    moment = run.now
    return [FPTime((moment.hour, moment.minute, moment.second), f"{moment.microsecond // 1000:03d}")]


def class_info(item: Item) -> Node:
    """What ``type()`` tells of an item."""
    if item.__class__ is Node:
        return Node({"namespace": "FHIR", "name": item.type.name}, fhir_type("ClassInfo"))
    return Node({"namespace": "System", "name": system_type(item)}, fhir_type("ClassInfo"))


@function("type")
def type_(run: Run, items: Items) -> Items:
    return [class_info(item) for item in items]


@function("comparable", "v")
def comparable_(run: Run, items: Items, other: Items) -> Items:
    """Whether two quantities have units of one dimension."""
    if len(items) != 1 or len(other) != 1:
        return EMPTY
    mine, theirs = system(items[0]), system(other[0])
    for item, value in ((items[0], mine), (other[0], theirs)):
        if not isinstance(value, Quantity):
            raise FhirPathError(f"comparable() is for quantities, not for {told(item)}.")
    return answer(comparable(mine, theirs))
