"""Shapes of expression that are common enough to be compiled apart: they answer as the long way does, only sooner."""

from __future__ import annotations

from collections.abc import Callable

from .environment import Run
from .errors import FhirPathError
from .functions.resources import resolves_to
from .logic import defines, truth_of
from .model import known
from .nodes import Items
from .operators import EMPTY, FALSE, TRUE
from .paths import Step
from .plain import test_of
from .syntax import Call, Expression, Member, TypeTest, type_name
from .ways import mentions_index


def member_names(tree: Member) -> tuple[Expression | None, tuple[str, ...]]:
    """What a chain of members starts from, and its names in order."""
    names: list[str] = []
    current: Expression | None = tree
    while isinstance(current, Member):
        names.append(current.name)
        current = current.left
    return current, tuple(reversed(names))


def criterion_call(tree: Call, start: Step | None, compile_step: Callable[[Expression], Step]) -> Step | None:
    """``where``, ``exists`` and ``all`` of a criterion: over the JSON of the items where that tells it.

    One that asks for ``$index`` is left to the functions themselves.
    """
    if len(tree.arguments) != 1 or mentions_index(tree.arguments[0]):
        return None
    criterion, at = truth_of(tree.arguments[0], compile_step, f"{tree.name}()"), tree.at
    holds = test_of(tree.arguments[0], compile_step, criterion)

    def where(run: Run, this: Items) -> Items:
        try:
            return [item for item in (this if start is None else start(run, this)) if holds(run, item)]
        except FhirPathError as error:
            error.at(at)
            raise

    def exists(run: Run, this: Items) -> Items:
        try:
            for item in this if start is None else start(run, this):
                if holds(run, item):
                    return TRUE
        except FhirPathError as error:
            error.at(at)
            raise
        return FALSE

    def every(run: Run, this: Items) -> Items:
        try:
            for item in this if start is None else start(run, this):
                if not holds(run, item):
                    return FALSE
        except FhirPathError as error:
            error.at(at)
            raise
        return TRUE

    return {"where": where, "exists": exists, "all": every}[tree.name]


def first_that(tree: Call, compile_step: Callable[[Expression], Step]) -> Step | None:
    """``where(…).first()``: nothing after the first that meets the criterion is looked at."""
    left = tree.left
    if tree.name != "first" or tree.arguments or not isinstance(left, Call) or left.name != "where":
        return None
    if left.left is None or len(left.arguments) != 1 or mentions_index(left.arguments[0]) or defines(left):
        return None
    criterion, at = truth_of(left.arguments[0], compile_step, "where()"), left.at
    start, holds = compile_step(left.left), test_of(left.arguments[0], compile_step, criterion)

    def find(run: Run, this: Items) -> Items:
        try:
            for item in start(run, this):
                if holds(run, item):
                    return [item]
        except FhirPathError as error:
            error.at(at)
            raise
        return EMPTY

    return find


def simple_call(tree: Call, start: Step | None) -> Step | None:
    """The functions that are called most, and ask for nothing but their input."""
    if tree.arguments or start is None:
        return None
    if tree.name == "exists":
        return lambda run, this: TRUE if start(run, this) else FALSE
    if tree.name == "empty":
        return lambda run, this: FALSE if start(run, this) else TRUE
    if tree.name == "first":
        return lambda run, this: start(run, this)[:1]
    return None


def reference_type_test(tree: Expression) -> Callable[[Callable[[Expression], Step]], Step] | None:
    """``resolve() is Patient``: the address of a reference mostly tells the type, so nothing needs to be fetched."""
    if isinstance(tree, TypeTest) and tree.operator == "is":
        operand, wanted = tree.operand, tree.type
    elif isinstance(tree, Call) and tree.name == "is" and tree.left is not None and len(tree.arguments) == 1:
        named = type_name(tree.arguments[0])
        if named is None:
            return None
        operand, wanted = tree.left, named
    else:
        return None
    if not (isinstance(operand, Call) and operand.name == "resolve" and not operand.arguments):
        return None
    before, wanted = operand.left, known(wanted)

    def build(compile_step: Callable[[Expression], Step]) -> Step:
        start = None if before is None else compile_step(before)

        def test(run: Run, this: Items) -> Items:
            items = this if start is None else start(run, this)
            if len(items) > 1:
                raise FhirPathError(f"is takes one item, but there are {len(items)}.", position=tree.at)
            return [resolves_to(run, item, wanted) for item in items]

        return test

    return build
