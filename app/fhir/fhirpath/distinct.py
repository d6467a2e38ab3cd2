"""Collections without repeats, found in time that grows with their length and not with its square."""

from __future__ import annotations

from typing import Any

from .equality import contains, equal, is_number
from .nodes import Item, Items, Node, system
from .quantity import Quantity


class Seen:
    """The items met so far. Strings and numbers are looked up, objects among those with the same texts in them."""

    __slots__ = ("_numbers", "_objects", "_rest", "_texts")

    def __init__(self) -> None:
        self._texts: set[str] = set()
        self._numbers: set[Any] = set()
        self._objects: dict[int, list[Node]] = {}
        self._rest: Items = []

    def add(self, item: Item) -> bool:
        """Remember an item; ``False`` when an equal one has been met."""
        if item.__class__ is Node and item.value.__class__ is dict:
            return self._add_quantity(item) if "Quantity" in item.type.names else self._add_object(item)
        value = system(item)
        if value.__class__ is str:
            if value in self._texts:
                return False
            self._texts.add(value)
            return True
        if is_number(value):
            if value in self._numbers or (self._rest and contains(self._rest, item)):
                return False
            self._numbers.add(value)
            return True
        return self._add_other(item, value)

    def _add_object(self, node: Node) -> bool:
        value = node.value
        texts = hash(frozenset([(key, one) for key, one in value.items() if one.__class__ is str]))
        same = self._objects.setdefault(texts, [])
        for other in same:
            if other.value is value or (other.value == value and equal(other, node) is True):
                return False
        same.append(node)
        return True

    def _add_quantity(self, node: Node) -> bool:
        value = node.value
        for other in self._rest:
            mine = other.value if other.__class__ is Node else None
            if mine.__class__ is dict and _same_unit(mine, value):
                if mine == value:
                    return False
            elif equal(other, node) is True:
                return False
        return self._add_other(node, None) if self._numbers else self._keep(node)

    def _add_other(self, item: Item, value: Any) -> bool:
        if contains(self._rest, item):
            return False
        if self._numbers and (value is None or isinstance(value, Quantity)) and contains(list(self._numbers), item):
            return False
        return self._keep(item)

    def _keep(self, item: Item) -> bool:
        self._rest.append(item)
        return True


def _same_unit(left: dict[str, Any], right: dict[str, Any]) -> bool:
    """Whether two Quantities have the same unit, and differ when their JSON does."""
    unit = left.get("code") == right.get("code") and left.get("unit") == right.get("unit")
    return unit and left.keys() == right.keys()


def distinct(items: Items) -> Items:
    """The items without repeats, in order of first appearance."""
    if len(items) < 2:
        return items
    seen = Seen()
    return [item for item in items if seen.add(item)]
