"""What a written expression calls: operators on single System values."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from operator import methodcaller
from typing import Any, Final

from app.clock import CASABLANCA

from ..distinct import distinct
from ..environment import PORTS, truth
from ..equality import order
from ..errors import FhirPathError
from ..functions.strings import pattern
from ..nodes import Items, system
from ..operators import minus, over, plus, remainder, times, whole
from ..syntax import Binary, Call, Expression, Literal
from ..temporal import FPDate
from ..ways import LongWay


def _checked(operate: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def calculate(left: Any, right: Any) -> Any:
        found = operate(left, right)
        if found is NotImplemented:
            raise LongWay
        return found

    return calculate


ARITHMETIC: Final = {
    "+": _checked(plus),
    "-": _checked(minus),
    "*": _checked(times),
    "/": _checked(over),
    "div": _checked(whole),
    "mod": _checked(remainder),
}
"""On two values that are not empty; what is out of range raises, and is then evaluated as everywhere else."""


def below(left: Any, right: Any) -> bool | None:
    kind = left.__class__
    if kind is right.__class__ and (kind is int or kind is Decimal):
        return bool(left < right)
    found = order(left, right)
    return None if found is None else found < 0


def above(left: Any, right: Any) -> bool | None:
    kind = left.__class__
    if kind is right.__class__ and (kind is int or kind is Decimal):
        return bool(left > right)
    found = order(left, right)
    return None if found is None else found > 0


def at_most(left: Any, right: Any) -> bool | None:
    found = above(left, right)
    return None if found is None else not found


def at_least(left: Any, right: Any) -> bool | None:
    found = below(left, right)
    return None if found is None else not found


COMPARED: Final = {"<": below, ">": above, "<=": at_most, ">=": at_least}
"""On two values that are not empty."""


def only(items: Items) -> Any:
    """The System value of the one item of a collection."""
    if len(items) > 1:
        raise LongWay
    value = system(items[0])
    if value is None:  # an element that has extensions in place of a value
        raise LongWay
    return value


def truth_told(items: Items, what: str) -> bool | None:
    """A collection as a condition."""
    return truth(items, what)


def day_parts(value: Any) -> tuple[int, ...] | None:
    """A day, to be compared with days of JSON."""
    if value is None:
        return None
    if value.__class__ is not FPDate or len(value.parts) != 3:
        raise LongWay
    parts: tuple[int, ...] = value.parts
    return parts


def number(value: Any) -> Any:
    """A number, to be compared with numbers of JSON."""
    if value is not None and value.__class__ is not int and value.__class__ is not Decimal:
        raise LongWay
    return value


def this_day(settled: dict[str, Any]) -> FPDate:
    """``today()`` of a plan, which says at what instant it is asked."""
    ports = settled.get(PORTS)
    if ports is None or ports.now is None:
        raise LongWay
    return _day_at(ports.now)


@lru_cache(64)
def _day_at(moment: datetime) -> FPDate:
    local = moment.astimezone(CASABLANCA)
    return FPDate((local.year, local.month, local.day))


def united(left: Items, right: Items) -> Items:
    """``left | right``."""
    both = left + right
    return both if len(both) < 2 else distinct(both)


def constants(tree: Expression) -> frozenset[str] | None:
    """The texts of ``'a' | 'b'``; None for anything else."""
    if isinstance(tree, Literal):
        return frozenset({tree.value}) if isinstance(tree.value, str) else None
    if isinstance(tree, Binary) and tree.operator == "|":
        left, right = constants(tree.left), constants(tree.right)
        return None if left is None or right is None else left | right
    return None


_WORD = re.compile(r"\^(\w+)", re.ASCII)
_WORDS = re.compile(r"\^(?:(\w+)|\((\w+(?:\|\w+)*)\))\$", re.ASCII)


def takes_time(tree: Expression) -> bool:
    """Whether an expression is a call that asks a regular expression."""
    match tree:
        case Call(name="matches", arguments=(Literal(value=str() as text),)):
            return _asked_by_words(text) is None
        case Call(name=name):
            return "atches" in name
    return False


def asked_of_text(name: str, text: str) -> Callable[[str], bool] | None:
    """``startsWith`` and ``matches`` of a constant as a question to a text; words that a text begins with, or is, need
    no regular expression. None for one that is broken: the long way tells what is wrong with it, when it is met."""
    if name == "startsWith":
        return methodcaller("startswith", text)
    try:
        return _asked_by_words(text) or pattern(text).search
    except FhirPathError:
        return None


def _asked_by_words(text: str) -> Callable[[str], bool] | None:
    """A pattern that is no more than words that a text begins with, or is, as a question to it."""
    if begin := _WORD.fullmatch(text):
        return methodcaller("startswith", begin[1])
    if whole_words := _WORDS.fullmatch(text):
        words = (whole_words[1] or whole_words[2]).split("|")
        return frozenset(
            {*words, *(f"{word}\n" for word in words)}
        ).__contains__  # $ stands before a last line's end too
    return None
