"""Steps over raw JSON: what the short way of ``plain`` is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .environment import Run
from .model import Field, Type
from .syntax import Binary, Call, Expression, Index, Member, Special, TypeTest, Unary

Test = Callable[[Run, Any], "bool | None"]
"""A criterion on the JSON value of an item; ``None`` is empty."""

Way = Callable[[Run, Any], list[Any]]
"""From the JSON value of an item to the JSON values that a path finds in it."""


class LongWay(Exception):
    """This JSON cannot be read the short way."""


def mentions_index(tree: Expression | None) -> bool:
    """Whether ``$index`` stands anywhere in an expression."""
    match tree:
        case Special():
            return tree.name == "index"
        case Member():
            return mentions_index(tree.left)
        case Call():
            return mentions_index(tree.left) or any(map(mentions_index, tree.arguments))
        case Index():
            return mentions_index(tree.left) or mentions_index(tree.index)
        case Unary() | TypeTest():
            return mentions_index(tree.operand)
        case Binary():
            return mentions_index(tree.left) or mentions_index(tree.right)
    return False


def narrowed(owner: Type, name: str, wanted: str) -> Field | None:
    """A choice element as one of its types only; ``None`` where there is no such element."""
    field = owner.fields.get(name)
    return None if field is None or field.resource else owner.narrowed(name, wanted)


def filtered(before: Way, test: Test) -> Way:
    """What a way finds and a test keeps."""
    return lambda run, value: [one for one in before(run, value) if test(run, one)]


def first(before: Way) -> Way:
    """The first that a way finds."""
    return lambda run, value: before(run, value)[:1]


def objects(key: str) -> Way:
    """The objects under a key."""

    def step(run: Run, value: Any) -> list[Any]:
        found = value.get(key)
        if found is None:
            return []
        if found.__class__ is dict:
            return [found]
        if found.__class__ is not list:
            raise LongWay
        for one in found:
            if one.__class__ is not dict:
                raise LongWay
        return found

    return step


def primitives(key: str, sibling: str) -> Way:
    """The values under a key; extensions beside it are for the long way."""

    def step(run: Run, value: Any) -> list[Any]:
        if sibling in value:
            raise LongWay
        found = value.get(key)
        if found is None:
            return []
        if found.__class__ is not list:
            return [found]
        if None in found:
            raise LongWay
        return found

    return step
