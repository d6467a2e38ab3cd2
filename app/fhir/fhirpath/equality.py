"""When two items are equal, equivalent, or one is before the other (http://hl7.org/fhirpath/N1/#equality)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from .errors import FhirPathError
from .nodes import Item, Items, Node, guess, system, system_type
from .quantity import Quantity, as_decimal
from .quantity import compare as compare_quantities
from .quantity import equivalent as equivalent_quantities
from .temporal import FPDate, FPTime, Temporal
from .temporal import compare as compare_temporal


def is_number(value: Any) -> bool:
    """Whether a System value is an Integer or a Decimal (a Python ``bool`` is neither)."""
    return value.__class__ is int or value.__class__ is Decimal


def equal(left: Item, right: Item) -> bool | None:
    """``left = right`` of two items; ``None`` when their precision or units leave it open."""
    mine, other = system(left), system(right)
    kind = mine.__class__
    if kind is str or kind is bool:
        return other.__class__ is kind and bool(mine == other)
    if is_number(mine):
        if is_number(other):
            return bool(mine == other)
        if isinstance(other, Quantity):
            mine = Quantity(as_decimal(mine))
    elif isinstance(mine, Quantity) and is_number(other):
        other = Quantity(as_decimal(other))
    if isinstance(mine, Temporal):
        if not isinstance(other, Temporal) or isinstance(mine, FPTime) != isinstance(other, FPTime):
            return False
        order = compare_temporal(mine, other)
        return None if order is None else order == 0
    if isinstance(mine, Quantity) and isinstance(other, Quantity):
        order = compare_quantities(mine, other)
        return None if order is None else order == 0
    if mine.__class__ is Node and other.__class__ is Node:
        return same_json(mine.value, other.value)
    if mine is None and other is None:
        return same_json(left.extra, right.extra)
    return False


def same_json(left: Any, right: Any) -> bool:
    """Two JSON values, exact: ``1`` is not ``true``, ``1.0`` is ``1.00``."""
    if left.__class__ is dict:
        return (
            right.__class__ is dict
            and left.keys() == right.keys()
            and all(same_json(value, right[key]) for key, value in left.items())
        )
    if left.__class__ is list:
        return (
            right.__class__ is list
            and len(left) == len(right)
            and all(same_json(mine, other) for mine, other in zip(left, right, strict=True))
        )
    if isinstance(left, float) or isinstance(right, float):
        left, right = (as_decimal(one) if isinstance(one, float) else one for one in (left, right))
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def equal_collections(left: Items, right: Items) -> bool | None:
    """``left = right``: item by item, in order; ``None`` when either is empty or a pair is open."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    if len(left) == 1:
        return equal(left[0], right[0])
    open_ = False
    for mine, other in zip(left, right, strict=True):
        answer = equal(mine, other)
        if answer is False:
            return False
        open_ = open_ or answer is None
    return None if open_ else True


def equivalent(left: Item, right: Item) -> bool:
    """``left ~ right`` of two items: never open; strings without case and with spaces folded."""
    mine, other = system(left), system(right)
    if isinstance(mine, str) and isinstance(other, str):
        return _folded(mine) == _folded(other)
    if is_number(mine) and is_number(other):
        return _equivalent_numbers(as_decimal(mine), as_decimal(other))
    if isinstance(mine, Quantity) or isinstance(other, Quantity):
        pair = [Quantity(as_decimal(one)) if is_number(one) else one for one in (mine, other)]
        return all(isinstance(one, Quantity) for one in pair) and equivalent_quantities(*pair)
    if mine.__class__ is Node and other.__class__ is Node:
        return _equivalent_json(mine.value, other.value)
    return equal(left, right) is True


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _equivalent_numbers(left: Decimal, right: Decimal) -> bool:
    """Rounded to the decimals of the less precise, trailing zeroes aside."""
    digits = min(max(0, -int(number.normalize().as_tuple().exponent)) for number in (left, right))
    step = Decimal(1).scaleb(-digits)
    with localcontext() as context:
        context.prec = 200
        return left.quantize(step, ROUND_HALF_UP) == right.quantize(step, ROUND_HALF_UP)


def _equivalent_json(left: Any, right: Any) -> bool:
    """Objects by their elements but ``id``, lists in any order, values as items are."""
    if isinstance(left, dict) and isinstance(right, dict):
        keys = left.keys() - {"id"}
        return keys == right.keys() - {"id"} and all(_equivalent_json(left[key], right[key]) for key in keys)
    if isinstance(left, list) and isinstance(right, list):
        return _matched(left, right, _equivalent_json)
    if isinstance(left, dict | list) or isinstance(right, dict | list) or left is None or right is None:
        return left is right
    return equivalent(Node(left, guess(left)), Node(right, guess(right)))


def _matched(left: list[Any], right: list[Any], same: Any) -> bool:
    """Whether the items of both can be paired, in any order."""
    if len(left) != len(right):
        return False
    rest = list(right)
    for mine in left:
        place = next((place for place, other in enumerate(rest) if same(mine, other)), None)
        if place is None:
            return False
        del rest[place]
    return True


def equivalent_collections(left: Items, right: Items) -> bool:
    """``left ~ right``: the same items in any order; two empty collections are equivalent."""
    return _matched(left, right, equivalent)


def order(left: Item, right: Item) -> int | None:
    """-1, 0 or 1 as left is before, at or after right; ``None`` when precision or units leave it open.

    Raises ``FhirPathError`` when the two are not of types that compare.
    """
    mine, other = system(left), system(right)
    kind = mine.__class__
    if kind is other.__class__:  # the commonest first
        if kind is int or kind is Decimal:
            return int(mine > other) - int(mine < other)
        if kind is FPDate:
            return compare_temporal(mine, other)
    if isinstance(mine, str) and isinstance(other, str):
        return (mine > other) - (mine < other)
    if is_number(mine) and is_number(other):
        return int(mine > other) - int(mine < other)
    if isinstance(mine, Temporal) and isinstance(other, Temporal):
        if isinstance(mine, FPTime) == isinstance(other, FPTime):
            return compare_temporal(mine, other)
    elif isinstance(mine, Quantity) and isinstance(other, Quantity):
        return compare_quantities(mine, other)
    elif isinstance(mine, Quantity) and is_number(other):
        return compare_quantities(mine, Quantity(as_decimal(other)))
    elif isinstance(other, Quantity) and is_number(mine):
        return compare_quantities(Quantity(as_decimal(mine)), other)
    if _unknown_quantity(mine) or _unknown_quantity(other) or mine is None or other is None:
        return None
    raise FhirPathError(f"{told(left)} cannot be compared with {told(right)}.")


def _unknown_quantity(value: Any) -> bool:
    """A FHIR Quantity without a value, or with a comparator such as ``<``."""
    return value.__class__ is Node and "Quantity" in value.type.names


def told(item: Item) -> str:
    """An item in the words of an error."""
    name = item.type.name if item.__class__ is Node else system_type(item)
    article = "an" if name[0].lower() in "aeio" else "a"
    return f"{article} {name}"


def contains(items: Items, wanted: Item) -> bool:
    """Whether an equal item is in a collection."""
    return any(equal(item, wanted) is True for item in items)
