"""Items of a collection.

A value of a System type is a plain Python value: ``bool``, ``int``, ``Decimal``, ``str``, ``Temporal``, ``Quantity``.
Whatever stands in a resource is a ``Node``: the raw JSON value, its FHIR type, and the primitive's sibling
(`_birthDate`), so that nothing of the resource is copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, time
from decimal import Decimal
from typing import Any, Final

from .model import Field, Type, fhir_type, type_of_resource
from .quantity import Quantity, as_decimal, from_fhir
from .syntax import TypeName
from .temporal import FPDate, FPDateTime, FPTime, Temporal, from_python, parse_date, parse_datetime, parse_time

Item = Any
"""A ``Node`` or a value of a System type."""
Items = list[Item]


class Node:
    """One element of a resource: ``value`` is the JSON value, ``None`` for a primitive that has extensions only."""

    __slots__ = ("extra", "type", "value")

    def __init__(self, value: Any, type_: Type, extra: Any = None):
        self.value = value
        self.type = type_
        self.extra = extra

    def __repr__(self) -> str:
        return f"Node({self.type.path}: {self.value!r})"


def of_json(value: Any) -> Item:
    """A node of what a caller gives: resources by their ``resourceType``, other objects by their shape."""
    if value.__class__ is dict:
        name = value.get("resourceType")
        return Node(value, _shape(value) if name is None else type_of_resource(name))
    if isinstance(value, float):
        return as_decimal(value)
    if isinstance(value, date | time):
        return from_python(value)
    return value


def collection(value: Any) -> Items:
    """A variable's value as a collection: ``None`` is empty, a list or tuple its items."""
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [of_json(item) for item in value if item is not None]
    return [of_json(value)]


_SHAPES: Final = (
    ("Quantity", {"value"}, {"value", "unit", "system", "code", "comparator"}),
    ("CodeableConcept", {"coding"}, {"coding", "text"}),
    ("Coding", {"code"}, {"system", "code", "display", "version", "userSelected"}),
    ("Reference", {"reference"}, {"reference", "type", "display", "identifier"}),
    ("Period", {"start"}, {"start", "end"}),
    ("Period", {"end"}, {"end"}),
)


def _shape(value: dict[str, Any]) -> Type:
    """The type that an object without a type most likely has, by its keys."""
    keys = value.keys() - {"id", "extension"}
    for name, needed, allowed in _SHAPES:
        if needed <= keys <= allowed:
            return fhir_type(name)
    return fhir_type("Untyped")


def guess(value: Any) -> Type:
    """The type of a JSON value of which the model says nothing."""
    if isinstance(value, dict):
        return type_of_resource(value["resourceType"]) if "resourceType" in value else _shape(value)
    if isinstance(value, bool):
        return fhir_type("boolean")
    if isinstance(value, int):
        return fhir_type("integer")
    return fhir_type("decimal" if isinstance(value, float | Decimal) else "string")


def members(value: dict[str, Any], field: Field, out: Items) -> None:
    """Append the children of a JSON object that an element names."""
    options = field.options
    if len(options) > 4:  # a choice of fifty types has more keys than the object
        present = [option for key in value if (option := field.by_key.get(key)) is not None]
        options = tuple(dict.fromkeys(present)) if len(present) > 1 else tuple(present)
    for key, type_, sibling in options:
        found = value.get(key)
        if sibling is None:
            if found is not None:
                ones = found if found.__class__ is list else (found,)
                if field.resource:
                    out.extend([Node(one, _resource_type(one, type_)) for one in ones if one is not None])
                else:
                    out.extend([Node(one, type_) for one in ones if one is not None])
            continue
        extra = value.get(sibling)
        if extra is None:
            if found is None:
                continue
            if found.__class__ is list:
                out.extend([Node(one, type_) for one in found if one is not None])
            else:
                out.append(Node(found, type_))
        elif found.__class__ is list or extra.__class__ is list:
            out.extend(_beside(found or [], extra, type_))
        else:
            out.append(Node(found, type_, extra))


def _beside(values: Any, extras: Any, type_: Type) -> Iterator[Node]:
    """The items of a primitive array and of its sibling array, place by place; a place with neither is no item."""
    if not isinstance(values, list) or not isinstance(extras, list):
        return
    for place in range(max(len(values), len(extras))):
        value = values[place] if place < len(values) else None
        extra = extras[place] if place < len(extras) else None
        if value is not None or extra is not None:
            yield Node(value, type_, extra)


def _resource_type(value: Any, otherwise: Type) -> Type:
    return type_of_resource(value.get("resourceType")) if isinstance(value, dict) else otherwise


def children(item: Item) -> Items:
    """All children of an item, in the order of the JSON; a System value has none."""
    if item.__class__ is not Node:
        return []
    out: Items = []
    if not isinstance(item.value, dict):
        if isinstance(item.extra, dict):
            for field in item.type.fields.values():
                members(item.extra, field, out)
        return out
    fields = item.type.fields
    seen = set()
    for key in item.value:
        name = key.lstrip("_")
        name = item.type.suffixed.get(name, name)
        if name in seen or name == "resourceType":
            continue
        seen.add(name)
        if name in fields:
            members(item.value, fields[name], out)
        elif item.type.path == "Untyped":
            out.extend(untyped(item, name))
    return out


def untyped(node: Node, name: str) -> Items:
    """The children of an object of which no type is known."""
    found = node.value.get(name)
    extra = node.value.get(f"_{name}")
    if isinstance(found, list):
        return [Node(one, guess(one)) for one in found if one is not None]
    if found is None:
        return [] if extra is None else [Node(None, fhir_type("string"), extra)]
    return [Node(found, guess(found), extra)]


def _parsed(parse: Callable[[str], Temporal | None]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        found = parse(value) if isinstance(value, str) else None
        return value if found is None else found

    return read


def _number(value: Any) -> Any:
    return as_decimal(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "date": _parsed(parse_date),
    "dateTime": _parsed(parse_datetime),
    "instant": _parsed(parse_datetime),
    "time": _parsed(parse_time),
    "decimal": _number,
}
"""Primitive type → the System value of its JSON; of other types it is the JSON itself."""


def system(item: Item) -> Any:
    """The System value of an item: of a primitive its value, of a FHIR Quantity a ``Quantity``.

    Other objects come back as the node that they are, an empty primitive as ``None``.
    """
    if item.__class__ is not Node:
        return item
    value = item.value
    if value.__class__ is dict:
        if "Quantity" in item.type.names:
            found = from_fhir(value)
            return item if found is None else found
        return item
    read = READERS.get(item.type.name)
    return value if read is None else read(value)


def of_type(item: Item, wanted: TypeName) -> bool:
    """Whether an item is of a type or of one derived from it (http://hl7.org/fhirpath/N1/#is-type-specifier)."""
    if item.__class__ is Node:
        return wanted.namespace != "System" and wanted.name in item.type.names
    return wanted.namespace != "FHIR" and wanted.name in (system_type(item), "Any")


_SYSTEM_NAMES: Final[dict[type, str]] = {
    bool: "Boolean",
    int: "Integer",
    Decimal: "Decimal",
    str: "String",
    FPDate: "Date",
    FPDateTime: "DateTime",
    FPTime: "Time",
    Quantity: "Quantity",
}


def system_type(item: Item) -> str:
    """The name of the System type of a value that is no node."""
    return _SYSTEM_NAMES.get(item.__class__, "Any")


def raw(item: Item) -> Any:
    """What a caller gets of an item: the JSON value of a node, a System value as it is."""
    return item.value if item.__class__ is Node else item
