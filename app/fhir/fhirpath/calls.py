"""Calls of functions to closures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import functions
from .environment import Run
from .errors import FhirPathError
from .fast import criterion_call, first_that, reference_type_test, simple_call
from .functions.registry import Body, find
from .functions.subsetting import sort
from .model import known
from .nodes import Items
from .paths import Step
from .syntax import Call, Expression, Unary, type_name

assert functions  # imported for the table that it fills

Compile = Callable[[Expression], Step]


def compile_call(tree: Call, compile_step: Compile, scoped: Compile) -> Step:
    """The closure of a call; raises ``FhirPathError`` on an unknown function or type, or too many or few arguments."""
    first = first_that(tree, scoped)
    if first is not None:
        return first
    start = None if tree.left is None else compile_step(tree.left)
    if tree.name == "sort":
        return _sort(start, tree, scoped)
    function = find(tree.name, len(tree.arguments), tree.at)
    quick = simple_call(tree, start)
    if quick is None and tree.name in ("where", "exists", "all"):
        quick = criterion_call(tree, start, scoped)
    if quick is not None:
        return quick
    test = reference_type_test(tree)
    if test is not None:
        return test(compile_step)
    arguments: list[Any] = []
    lazy: list[bool] = []
    for kind, argument in zip(function.kinds, tree.arguments, strict=False):
        if kind == "t":
            named = type_name(argument)
            if named is None:
                raise FhirPathError(f"{tree.name}() takes the name of a type.", position=argument.at)
            arguments.append(known(named))
        else:
            arguments.append(scoped(argument))
        lazy.append(kind != "v")
    return _invoke(function.body, start, arguments, lazy, tree.at)


def _invoke(body: Body, start: Step | None, arguments: list[Any], lazy: list[bool], at: int) -> Step:
    """The call itself: arguments that are not lazy are evaluated with ``$this`` of where the call stands."""
    if all(lazy):
        fixed = tuple(arguments)

        def plain(run: Run, this: Items) -> Items:
            try:
                return body(run, this if start is None else start(run, this), *fixed)
            except FhirPathError as error:
                error.at(at)
                raise

        return plain
    pairs = tuple(zip(arguments, lazy, strict=True))

    def eager(run: Run, this: Items) -> Items:
        try:
            focus = this if start is None else start(run, this)
            return body(run, focus, *[one if kept else one(run, this) for one, kept in pairs])
        except FhirPathError as error:
            error.at(at)
            raise

    return eager


def _sort(start: Step | None, tree: Call, scoped: Compile) -> Step:
    """``sort(-key)`` is ``sort(key desc)``: the sign turns the order around, of strings and dates too."""
    keys: list[tuple[Step | None, bool]] = []
    for argument, descending in zip(tree.arguments, tree.descending, strict=True):
        turned = isinstance(argument, Unary) and argument.operator == "-"
        key = argument.operand if isinstance(argument, Unary) and turned else argument
        keys.append((scoped(key), descending != turned))
    at = tree.at

    def order(run: Run, this: Items) -> Items:
        try:
            return sort(run, this if start is None else start(run, this), keys)
        except FhirPathError as error:
            error.at(at)
            raise

    return order
