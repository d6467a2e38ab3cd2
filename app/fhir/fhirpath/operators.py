"""The binary operators: each takes the two collections and answers a collection (http://hl7.org/fhirpath/N1/#operations)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import DecimalException, localcontext
from typing import Any, Final

from .calendar import add
from .environment import single
from .equality import contains, equal_collections, equivalent_collections, is_number, order, told
from .errors import FhirPathError
from .limits import room_for
from .nodes import Items, system
from .quantity import Quantity, as_decimal
from .temporal import Temporal
from .units import add_quantities, divide_quantities, multiply_quantities

TRUE: Final[Items] = [True]
FALSE: Final[Items] = [False]
EMPTY: Final[Items] = []
"""Shared answers: a collection is never changed once it has been returned."""

PRECISION: Final = 38
"""Digits that a division or root keeps; FHIRPath asks for 28."""


def answer(value: bool | None) -> Items:
    """A three-valued answer as a collection."""
    return EMPTY if value is None else TRUE if value else FALSE


def equals(left: Items, right: Items) -> Items:
    return answer(equal_collections(left, right))


def differs(left: Items, right: Items) -> Items:
    same = equal_collections(left, right)
    return answer(None if same is None else not same)


def alike(left: Items, right: Items) -> Items:
    return answer(equivalent_collections(left, right))


def unlike(left: Items, right: Items) -> Items:
    return answer(not equivalent_collections(left, right))


def _comparison(sign: str, test: Callable[[int], bool]) -> Callable[[Items, Items], Items]:
    def compare(left: Items, right: Items) -> Items:
        if len(left) != 1 or len(right) != 1:
            single(left, sign), single(right, sign)
            return EMPTY
        found = order(left[0], right[0])
        return EMPTY if found is None else TRUE if test(found) else FALSE

    return compare


def member(left: Items, right: Items) -> Items:
    """``left in right``."""
    item = single(left, "in")
    return EMPTY if item is None else answer(contains(right, item))


def holds(left: Items, right: Items) -> Items:
    """``left contains right``."""
    item = single(right, "contains")
    return EMPTY if item is None else answer(contains(left, item))


def concatenate(left: Items, right: Items) -> Items:
    """``left & right``: an empty side is an empty string."""
    texts = ["" if item is None else _text(item, "&") for item in (single(left, "&"), single(right, "&"))]
    room_for(sum(map(len, texts)), "&")
    return ["".join(texts)]


def _text(item: Any, sign: str) -> str:
    value = system(item)
    if isinstance(value, str):
        return value
    raise FhirPathError(f"{sign} joins strings, but there is {told(item)}.")


def _arithmetic(sign: str, operate: Callable[[Any, Any], Any]) -> Callable[[Items, Items], Items]:
    def calculate(left: Items, right: Items) -> Items:
        first, second = single(left, sign), single(right, sign)
        if first is None or second is None:
            return EMPTY
        try:
            found = operate(system(first), system(second))
        except (DecimalException, OverflowError, ZeroDivisionError):
            return EMPTY
        if found is NotImplemented:
            raise FhirPathError(f"{sign} is not for {told(first)} and {told(second)}.")
        return EMPTY if found is None else [found]

    return calculate


def in_range(value: Any) -> Any:
    """An Integer beyond 32 bits is empty, as the specification wants of overflow; a Decimal stays."""
    return None if value.__class__ is int and not -(2**31) <= value < 2**31 else value


def _numbers(left: Any, right: Any, operate: Callable[[Any, Any], Any]) -> Any:
    if left.__class__ is int and right.__class__ is int:
        return in_range(operate(left, right))
    with localcontext() as context:
        context.prec = 200  # sums and products of decimals stay exact
        return operate(as_decimal(left), as_decimal(right))


def plus(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return _numbers(left, right, lambda a, b: a + b)
    if isinstance(left, str) and isinstance(right, str):
        room_for(len(left) + len(right), "+")
        return left + right
    if isinstance(left, Temporal) and isinstance(right, Quantity):
        return add(left, right)
    if isinstance(left, Quantity) and isinstance(right, Quantity):
        return add_quantities(left, right, 1)
    return NotImplemented


def minus(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return _numbers(left, right, lambda a, b: a - b)
    if isinstance(left, Temporal) and isinstance(right, Quantity):
        return add(left, right, -1)
    if isinstance(left, Quantity) and isinstance(right, Quantity):
        return add_quantities(left, right, -1)
    return NotImplemented


def times(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return _numbers(left, right, lambda a, b: a * b)
    pair = _quantities(left, right)
    return multiply_quantities(*pair) if pair else NotImplemented


def over(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        with localcontext() as context:
            context.prec = PRECISION
            return as_decimal(left) / as_decimal(right) if right else None
    pair = _quantities(left, right)
    return divide_quantities(*pair) if pair else NotImplemented


def _quantities(left: Any, right: Any) -> tuple[Quantity, Quantity] | None:
    """Both sides as quantities when at least one is and the other can be."""
    if not isinstance(left, Quantity) and not isinstance(right, Quantity):
        return None
    pair = tuple(Quantity(as_decimal(one)) if is_number(one) else one for one in (left, right))
    return pair if all(isinstance(one, Quantity) for one in pair) else None  # type: ignore[return-value]


def whole(left: Any, right: Any) -> Any:
    """``div``: toward zero."""
    if not is_number(left) or not is_number(right):
        return NotImplemented
    if not right:
        return None
    if left.__class__ is int and right.__class__ is int:
        found = abs(left) // abs(right)
        return in_range(found if (left < 0) == (right < 0) else -found)
    with localcontext() as context:
        context.prec = 200
        return in_range(int(as_decimal(left) // as_decimal(right)))


def remainder(left: Any, right: Any) -> Any:
    """``mod``: with the sign of the left side."""
    if not is_number(left) or not is_number(right):
        return NotImplemented
    if not right:
        return None
    if left.__class__ is int and right.__class__ is int:
        return (abs(left) % abs(right)) * (-1 if left < 0 else 1)
    with localcontext() as context:
        context.prec = 200
        return as_decimal(left) % as_decimal(right)


OPERATORS: Final[dict[str, Callable[[Items, Items], Items]]] = {
    "=": equals,
    "!=": differs,
    "~": alike,
    "!~": unlike,
    "<": _comparison("<", lambda found: found < 0),
    ">": _comparison(">", lambda found: found > 0),
    "<=": _comparison("<=", lambda found: found <= 0),
    ">=": _comparison(">=", lambda found: found >= 0),
    "in": member,
    "contains": holds,
    "&": concatenate,
    "+": _arithmetic("+", plus),
    "-": _arithmetic("-", minus),
    "*": _arithmetic("*", times),
    "/": _arithmetic("/", over),
    "div": _arithmetic("div", whole),
    "mod": _arithmetic("mod", remainder),
}
