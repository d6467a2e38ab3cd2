"""What is the same for every item that a criterion is asked of: ``today() - 12 months``, ``%target``.

It is worked out once in an evaluation, when it is first needed.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .environment import Run
from .errors import FhirPathError
from .logic import Compile
from .nodes import system
from .syntax import Binary, Call, Expression, Literal, Unary, Variable
from .temporal import FPDate
from .ways import LongWay

_OPERATORS = frozenset({"+", "-", "*", "/", "div", "mod"})
_CLOCK = frozenset({"today", "now", "timeOfDay"})


def stands_still(tree: Expression) -> bool:
    """Whether an expression of literals, variables, the clock and arithmetic cannot differ from item to item."""
    match tree:
        case Literal() | Variable():
            return True
        case Call(left=None, name=name, arguments=()):
            return name in _CLOCK
        case Binary(operator=operator, left=left, right=right):
            return operator in _OPERATORS and stands_still(left) and stands_still(right)
        case Unary(operand=operand):
            return stands_still(operand)
    return False


def fixed(tree: Expression, compile_step: Compile, at: int, day: bool) -> Callable[[Run], Any]:
    """The value of such an expression in a run: a number, or (``day``) the parts of a date; None where it is empty.

    Raises LongWay on any other value. Where the path defines variables it is worked out every time.
    """
    step = compile_step(tree)
    key = object()

    def value(run: Run) -> Any:
        kept = run.memo
        if kept is not None and key in kept and run.defined is None:
            return kept[key]
        try:
            found = _told(step(run, run.root), day)
        except FhirPathError as error:
            error.at(at)
            raise
        if kept is None:
            kept = run.memo = {}
        kept[key] = found
        return found

    return value


def _told(items: list[Any], day: bool) -> Any:
    if not items:
        return None
    value = system(items[0])
    if len(items) > 1:
        raise LongWay
    if day:
        if value.__class__ is not FPDate or len(value.parts) != 3:
            raise LongWay
        return value.parts
    if value.__class__ is not int and value.__class__ is not Decimal:
        raise LongWay
    return value
