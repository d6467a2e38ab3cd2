"""Shapes of expression that are common enough to be compiled apart: they answer as the long way does, only sooner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .environment import Run, truth
from .errors import FhirPathError
from .functions.resources import resolves_to
from .model import known
from .nodes import Items, Node
from .paths import Step, Test, string_test
from .syntax import Binary, Call, Expression, Literal, Member, TypeTest, type_name


def member_names(tree: Member) -> tuple[Expression | None, tuple[str, ...]]:
    """What a chain of members starts from, and its names in order."""
    names: list[str] = []
    current: Expression | None = tree
    while isinstance(current, Member):
        names.append(current.name)
        current = current.left
    return current, tuple(reversed(names))


def criterion_test(tree: Expression) -> Test | None:
    """``a.b = 'x'`` and conjunctions of such, as a test of a node; ``None`` for any other criterion."""
    if isinstance(tree, Binary) and tree.operator == "and":
        first, second = criterion_test(tree.left), criterion_test(tree.right)
        if first is None or second is None:
            return None
        return lambda node: False if (one := first(node)) is False else one and second(node)
    if not (isinstance(tree, Binary) and tree.operator == "="):
        return None
    left, right = tree.left, tree.right
    if not (isinstance(left, Member) and isinstance(right, Literal) and isinstance(right.value, str)):
        return None
    start, names = member_names(left)
    return string_test(names, right.value) if start is None and not names[0][:1].isupper() else None


def where_test(tree: Call, start: Step | None, compile_step: Callable[[Expression], Step]) -> Step | None:
    """``where(criterion)`` and ``exists(criterion)`` of a criterion that a node alone can tell."""
    quick = criterion_test(tree.arguments[0]) if tree.arguments else None
    if quick is None:
        return None
    test, slow, at = quick, compile_step(tree.arguments[0]), tree.at
    what = f"{tree.name}()"

    def keeps(run: Run, item: Any) -> bool:
        told = test(item) if item.__class__ is Node else None
        return bool(truth(slow(run, [item]), what)) if told is None else told

    def where(run: Run, this: Items) -> Items:
        try:
            return [item for item in (this if start is None else start(run, this)) if keeps(run, item)]
        except FhirPathError as error:
            error.at(at)
            raise

    def exists(run: Run, this: Items) -> Items:
        try:
            return [any(keeps(run, item) for item in (this if start is None else start(run, this)))]
        except FhirPathError as error:
            error.at(at)
            raise

    return where if tree.name == "where" else exists


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
