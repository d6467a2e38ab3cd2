"""What the short way of criteria (``plain``, ``source``) is made of."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from .environment import Run
from .model import Field, Type
from .syntax import Binary, Call, Expression, Index, Member, Special, TypeTest, Unary
from .temporal import parse_datetime

Test = Callable[[Run, Any], "bool | None"]
"""A criterion on the JSON value of an item; ``None`` is empty."""


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


def day_of(text: str) -> tuple[int, ...]:
    """The day of a date or dateTime that names one; raises LongWay on any other text."""
    parts = _day(text)
    if parts is None:
        raise LongWay
    return parts


@lru_cache(8192)
def _day(text: str) -> tuple[int, ...] | None:
    found = parse_datetime(text)
    return None if found is None or len(found.parts) < 3 else tuple(found.parts[:3])
