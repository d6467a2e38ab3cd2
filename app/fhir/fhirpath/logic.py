"""Three-valued logic, the right side evaluated only when it matters (http://hl7.org/fhirpath/N1/#boolean-logic).

What is asked as a condition is compiled to a function that answers ``True``, ``False`` or ``None`` (empty), so that a
row of ``and`` and ``or`` makes no collections on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .environment import Run, truth
from .errors import FhirPathError
from .nodes import Items
from .paths import Step
from .syntax import Binary, Call, Expression, Index, Member, Variable

Truth = Callable[[Run, Items], "bool | None"]
"""A compiled condition: the evaluation and ``$this``, to ``True``, ``False`` or ``None``."""

Compile = Callable[[Expression], Step]


def truth_of(tree: Expression, scoped: Compile, what: str) -> Truth:
    """The condition of a tree; ``what`` names who asks, should there be more than one item."""
    if not defines(tree):
        if isinstance(tree, Binary) and tree.operator in ("and", "or"):
            return _row(tree, scoped)
        if isinstance(tree, Binary) and tree.operator in LOGIC:
            left, right = (truth_of(side, scoped, tree.operator) for side in (tree.left, tree.right))
            return (_one if tree.operator == "xor" else _implies)(left, right, tree.at)
        if isinstance(tree, Call) and tree.left is not None and not tree.arguments:
            if tree.name == "not":
                return _not(truth_of(tree.left, scoped, "not()"), tree.at)
            if tree.name in ("exists", "empty"):
                return _found(scoped(tree.left), tree.name == "exists")
        if isinstance(tree, Variable):
            return _held(tree, what)
    step = scoped(tree)
    return lambda run, this: truth(step(run, this), what)


def defines(tree: Expression | None) -> bool:
    """Whether a path defines a variable, which is then seen to the end of the path and no further."""
    while isinstance(tree, Member | Call | Index):
        if isinstance(tree, Call) and tree.name == "defineVariable":
            return True
        tree = tree.left
    return False


def _held(tree: Variable, what: str) -> Truth:
    name, at = tree.name, tree.at

    def held(run: Run, this: Items) -> bool | None:
        items: Items | None = None
        if run.used is not None and run.settled is not None and run.defined is None:
            run.used[name] = None
            items = run.settled.get(name)
        if items is None:
            try:
                items = run.variable(name)
            except FhirPathError as error:
                error.at(at)
                raise
        if not items:
            return None
        first = items[0]
        return first if first.__class__ is bool and len(items) == 1 else truth(items, what)

    return held


def _found(step: Step, wanted: bool) -> Truth:
    if wanted:
        return lambda run, this: bool(step(run, this))
    return lambda run, this: not step(run, this)


def _not(inner: Truth, at: int) -> Truth:
    def negated(run: Run, this: Items) -> bool | None:
        try:
            found = inner(run, this)
        except FhirPathError as error:
            error.at(at)
            raise
        return None if found is None else not found

    return negated


def _row(tree: Binary, scoped: Compile) -> Truth:
    """``a and b and c``, or the same of ``or``, from left to right until it is decided."""
    operator, decisive = tree.operator, tree.operator == "or"
    trees: list[tuple[Expression, int]] = []
    left: Expression = tree
    while isinstance(left, Binary) and left.operator == operator:
        trees.append((left.right, left.at))
        at, left = left.at, left.left
    parts = [(truth_of(left, scoped, operator), at)]
    parts += [(truth_of(part, scoped, operator), place) for part, place in reversed(trees)]
    row = tuple(parts)

    def decide(run: Run, this: Items) -> bool | None:
        answer: bool | None = not decisive
        for part, place in row:
            try:
                found = part(run, this)
            except FhirPathError as error:
                error.at(place)
                raise
            if found is decisive:
                return decisive
            if found is None:
                answer = None
        return answer

    return decide


def _one(left: Truth, right: Truth, at: int) -> Truth:
    def one(run: Run, this: Items) -> bool | None:
        try:
            mine, other = left(run, this), right(run, this)
        except FhirPathError as error:
            error.at(at)
            raise
        return None if mine is None or other is None else mine != other

    return one


def _implies(left: Truth, right: Truth, at: int) -> Truth:
    def implies(run: Run, this: Items) -> bool | None:
        try:
            mine = left(run, this)
            if mine is False:
                return True
            other = right(run, this)
        except FhirPathError as error:
            error.at(at)
            raise
        return True if other else None if mine is None else other

    return implies


LOGIC: Final = frozenset({"and", "or", "xor", "implies"})
"""The operators of three-valued logic."""
