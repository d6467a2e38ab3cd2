"""When a rule cannot fail, read off its expression once, so that most rules cost a dict look-up instead of a run.

``code.empty() or system.exists()`` can only be false where ``code`` is present and ``system`` is not. The analysis is
cautious: what it does not know it leaves to the engine. A test holds every verdict against the engine's own.
"""

from __future__ import annotations

import operator
from itertools import product
from typing import NamedTuple

from app.fhir.fhirpath.syntax import Binary, Call, Expression, Literal, Member

_PASSING = frozenset({"where", "ofType", "first", "last", "tail", "trace", "select", "resolve"})
"""Functions that make nothing out of nothing."""
_COMPARING = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
"""Operators whose answer is empty, neither true nor false, when a side is."""
_MOST = 12
"""More alternatives than this are not worth their look-ups."""


class Case(NamedTuple):
    """A shape of an element that settles a rule: all of ``absent`` are missing and all of ``present`` are there."""

    absent: frozenset[str] = frozenset()
    present: frozenset[str] = frozenset()


Cases = frozenset[Case]
NONE: Cases = frozenset()


def never_false(tree: Expression) -> Cases:
    """The shapes in which an expression cannot be false."""
    if isinstance(tree, Binary):
        if tree.operator == "or":
            return never_false(tree.left) | never_false(tree.right)
        if tree.operator == "and":
            return _both(never_false(tree.left), never_false(tree.right))
        if tree.operator == "implies":
            return never_true(tree.left) | never_false(tree.right)
        return _compared(tree, False)
    if isinstance(tree, Call):
        if tree.name == "not" and tree.left is not None:
            return never_true(tree.left)
        if tree.name in ("empty", "all", "isDistinct"):
            return _absent(tree.left)
        if tree.name == "exists" and not tree.arguments:
            return _present(tree.left)
    return NONE


def never_true(tree: Expression) -> Cases:
    """The shapes in which an expression cannot be true."""
    if isinstance(tree, Binary):
        if tree.operator == "and":
            return never_true(tree.left) | never_true(tree.right)
        if tree.operator == "or":
            return _both(never_true(tree.left), never_true(tree.right))
        return _compared(tree, True)
    if isinstance(tree, Call):
        if tree.name == "not" and tree.left is not None:
            return never_false(tree.left)
        if tree.name in ("exists", "hasValue", "startsWith", "matches"):
            return _absent(tree.left)
        if tree.name == "empty":
            return _present(tree.left)
    return NONE


def _both(one: Cases, other: Cases) -> Cases:
    """Shapes in which both hold."""
    if len(one) * len(other) > _MOST:
        return NONE
    return frozenset(Case(a.absent | b.absent, a.present | b.present) for a, b in product(one, other))


def _compared(tree: Binary, answer: bool) -> Cases:
    """Shapes in which a comparison cannot give ``answer``: its left side is empty, or counts nothing."""
    left, right = tree.left, tree.right
    if tree.operator == "in":
        return _absent(left)
    if tree.operator not in _COMPARING:
        return NONE
    if isinstance(left, Call) and left.name == "count" and isinstance(right, Literal) and isinstance(right.value, int):
        of_none = bool(_COMPARING[tree.operator](0, right.value))
        return NONE if of_none is answer else _absent(left.left)
    return _absent(left)


def _present(path: Expression | None) -> Cases:
    """A bare element that is there."""
    if isinstance(path, Member) and path.left is None and not path.name[0].isupper():
        return frozenset({Case(present=frozenset({path.name}))})
    return NONE


def _absent(path: Expression | None) -> Cases:
    """The first element of a path is missing: the path is empty."""
    head = ""
    while path is not None:
        if isinstance(path, Member):
            head = head if path.name[0].isupper() and path.left is None else path.name
            path = path.left
        elif isinstance(path, Call) and path.name in _PASSING:
            path = path.left
        else:
            return NONE
    return frozenset({Case(absent=frozenset({head}))}) if head else NONE
