"""When a rule cannot fail, read off its expression once, so that most rules cost a dict look-up instead of a run.

``code.empty() or system.exists()`` can only be false where ``code`` is present and ``system`` is not. The analysis is
cautious: what it does not know it leaves to the engine. A test holds every verdict against the engine's own.
"""

from __future__ import annotations

from typing import NamedTuple

from app.fhir.fhirpath.syntax import Binary, Call, Expression, Member

_PASSING = frozenset({"where", "ofType", "first", "last", "tail", "trace", "select", "resolve"})
"""Functions that make nothing out of nothing."""
_COMPARING = frozenset({"=", "!=", "<", "<=", ">", ">=", "in"})
"""Operators whose answer is empty, neither true nor false, when the left side is."""


class Members(NamedTuple):
    """Elements one of whose absence, or presence, is enough."""

    absent: frozenset[str] = frozenset()
    present: frozenset[str] = frozenset()

    def __or__(self, other: object) -> Members:
        assert isinstance(other, Members)
        return Members(self.absent | other.absent, self.present | other.present)

    def __and__(self, other: object) -> Members:
        assert isinstance(other, Members)
        return Members(self.absent & other.absent, self.present & other.present)


NOTHING = Members()


def never_false(tree: Expression) -> Members:
    """What keeps an expression from being false."""
    if isinstance(tree, Binary):
        if tree.operator == "or":
            return never_false(tree.left) | never_false(tree.right)
        if tree.operator == "and":
            return never_false(tree.left) & never_false(tree.right)
        if tree.operator == "implies":
            return never_true(tree.left) | never_false(tree.right)
        return _compared(tree)
    if isinstance(tree, Call):
        if tree.name == "not" and tree.left is not None:
            return never_true(tree.left)
        if tree.name in ("empty", "all", "isDistinct"):
            return _absent(tree.left)
        if tree.name == "exists" and not tree.arguments and isinstance(tree.left, Member) and tree.left.left is None:
            return Members(present=frozenset({tree.left.name}))
    return NOTHING


def never_true(tree: Expression) -> Members:
    """What keeps an expression from being true."""
    if isinstance(tree, Binary):
        if tree.operator == "and":
            return never_true(tree.left) | never_true(tree.right)
        if tree.operator == "or":
            return never_true(tree.left) & never_true(tree.right)
        return _compared(tree)
    if isinstance(tree, Call):
        if tree.name == "not" and tree.left is not None:
            return never_false(tree.left)
        if tree.name in ("exists", "hasValue", "startsWith", "matches"):
            return _absent(tree.left)
        if tree.name == "empty" and isinstance(tree.left, Member) and tree.left.left is None:
            return Members(present=frozenset({tree.left.name}))
    return NOTHING


def _compared(tree: Binary) -> Members:
    return _absent(tree.left) if tree.operator in _COMPARING else NOTHING


def _absent(path: Expression | None) -> Members:
    """The first element of a path: without it the path is empty."""
    head = ""
    while path is not None:
        if isinstance(path, Member):
            head = head if path.name[0].isupper() and path.left is None else path.name
            path = path.left
        elif isinstance(path, Call) and path.name in _PASSING:
            path = path.left
        else:
            return NOTHING
    return Members(absent=frozenset({head})) if head else NOTHING
