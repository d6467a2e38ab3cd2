"""Existence (http://hl7.org/fhirpath/N1/#existence)."""

from __future__ import annotations

from ..distinct import distinct
from ..environment import Run, truth
from ..equality import contains
from ..errors import FhirPathError
from ..nodes import Items, system
from ..operators import EMPTY, answer
from ..paths import Step
from .registry import function


@function("empty")
def empty(run: Run, items: Items) -> Items:
    return answer(not items)


@function("exists", "?e")
def exists(run: Run, items: Items, criterion: Step | None = None) -> Items:
    if criterion is None:
        return answer(bool(items))
    before = run.index
    try:
        for run.index, item in enumerate(items):
            if truth(criterion(run, [item]), "exists()"):
                return [True]
    finally:
        run.index = before
    return [False]


@function("all", "e")
def all_(run: Run, items: Items, criterion: Step) -> Items:
    before = run.index
    try:
        for run.index, item in enumerate(items):
            if not truth(criterion(run, [item]), "all()"):
                return [False]
    finally:
        run.index = before
    return [True]


def _booleans(items: Items, what: str) -> list[bool]:
    values = [system(item) for item in items]
    if any(value.__class__ is not bool for value in values):
        raise FhirPathError(f"{what} takes Booleans only.")
    return values


@function("allTrue")
def all_true(run: Run, items: Items) -> Items:
    return answer(all(_booleans(items, "allTrue()")))


@function("anyTrue")
def any_true(run: Run, items: Items) -> Items:
    return answer(any(_booleans(items, "anyTrue()")))


@function("allFalse")
def all_false(run: Run, items: Items) -> Items:
    return answer(not any(_booleans(items, "allFalse()")))


@function("anyFalse")
def any_false(run: Run, items: Items) -> Items:
    return answer(not all(_booleans(items, "anyFalse()")))


@function("subsetOf", "v")
def subset_of(run: Run, items: Items, other: Items) -> Items:
    return answer(all(contains(other, item) for item in items))


@function("supersetOf", "v")
def superset_of(run: Run, items: Items, other: Items) -> Items:
    return answer(all(contains(items, item) for item in other))


@function("count")
def count(run: Run, items: Items) -> Items:
    return [len(items)]


@function("distinct")
def distinct_(run: Run, items: Items) -> Items:
    return distinct(items)


@function("isDistinct")
def is_distinct(run: Run, items: Items) -> Items:
    return answer(len(distinct(items)) == len(items))


@function("not")
def not_(run: Run, items: Items) -> Items:
    value = truth(items, "not()")
    return EMPTY if value is None else answer(not value)


@function("hasValue")
def has_value(run: Run, items: Items) -> Items:
    """Source: https://hl7.org/fhir/R4/fhirpath.html#functions."""
    value = system(items[0]) if len(items) == 1 else None
    return answer(value is not None and not hasattr(value, "extra"))


@function("getValue")
def get_value(run: Run, items: Items) -> Items:
    """Source: https://hl7.org/fhir/R4/fhirpath.html#functions."""
    value = system(items[0]) if len(items) == 1 else None
    return EMPTY if value is None or hasattr(value, "extra") else [value]
