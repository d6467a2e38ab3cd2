"""``a | b | c``: the shape of most search parameters, compiled as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .distinct import distinct
from .environment import Run
from .model import Type
from .nodes import Items, Node
from .paths import Step
from .syntax import Binary, Call, Expression, Index, Member, TypeTest

Compile = Callable[[Expression], Step]

_KEEP_EMPTY: Final = frozenset({"where", "as", "ofType", "extension", "first", "select"})
"""Functions that answer nothing for an empty input."""


def compile_union(tree: Binary, scoped: Compile) -> Step:
    """All branches of ``a | b | c`` at once. Branches that begin with another type are left out, once for each type."""
    trees: list[Expression] = [tree.right]
    left: Expression = tree.left
    while isinstance(left, Binary) and left.operator == "|":
        trees.append(left.right)
        left = left.left
    trees.append(left)
    branches = [(scoped(branch), head_of(branch)) for branch in reversed(trees)]
    by_type: dict[Type, list[Step]] = {}

    def unite(run: Run, this: Items) -> Items:
        if len(this) == 1 and this[0].__class__ is Node:
            type_ = this[0].type
            steps = by_type.get(type_)
            if steps is None:
                steps = [step for step, head in branches if head is None or head in type_.names]
                by_type[type_] = steps
        else:
            steps = [step for step, _head in branches]
        found: Items = []
        for step in steps:
            found = found + step(run, this)
        return distinct(found)

    return unite


def head_of(tree: Expression) -> str | None:
    """The type name that a path begins with, if it does and nothing else of it can have a value."""
    current: Expression | None = tree
    while current is not None:
        if isinstance(current, TypeTest) and current.operator == "as":
            current = current.operand
        elif isinstance(current, Member) and current.left is None:
            return current.name if current.name[:1].isupper() else None
        elif isinstance(current, Member | Index) or (isinstance(current, Call) and current.name in _KEEP_EMPTY):
            current = current.left
        else:
            return None
    return None
