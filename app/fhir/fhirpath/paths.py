"""Member access. A chain such as ``code.coding.system`` is planned once for each type that it starts from, and then
walked over the raw JSON: nodes are made for its last step only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .environment import Run
from .errors import FhirPathError
from .model import Field, Type
from .nodes import Items, Node, members, of_type, untyped
from .syntax import TypeName

Step = Callable[[Run, Items], Items]
"""A compiled expression: the evaluation and ``$this`` as a collection, to a collection."""

Plan = tuple[tuple[str, ...], Field]
"""The keys of the objects on the way, and the element at the end."""

STRINGS: Final = frozenset({"string", "uri", "xhtml", "base64Binary"})
"""The types that, with those derived from them, hold text."""


def child(node: Node, name: str, out: Items) -> None:
    """Append the children of that name; raises for ``valueQuantity``, which FHIRPath calls ``value``."""
    value = node.value
    if value.__class__ is dict:
        field = node.type.fields.get(name)
        if field is not None:
            members(value, field, out)
        elif node.type.path == "Untyped":
            out.extend(untyped(node, name))
        elif name in node.type.suffixed:
            element = node.type.suffixed[name]
            raise FhirPathError(f"{node.type.name} has no element '{name}': write {element}.ofType(…).")
    elif node.extra.__class__ is dict and name in node.type.fields:
        members(node.extra, node.type.fields[name], out)


def walk(items: Items, names: tuple[str, ...]) -> Items:
    """Step by step from any items; System values have no children."""
    for name in names:
        out: Items = []
        for item in items:
            if item.__class__ is Node:
                child(item, name, out)
        items = out
    return items


def plan(type_: Type, names: tuple[str, ...]) -> Plan | None:
    """The keys from a type to the last name, when every step but the last is one complex type."""
    keys = []
    for name in names[:-1]:
        field = type_.fields.get(name)
        if field is None or field.choice or field.resource or field.options[0][2] is not None:
            return None
        keys.append(name)
        type_ = field.options[0][1]
    last = type_.fields.get(names[-1])
    return None if last is None else (tuple(keys), last)


def descend(values: list[dict[str, Any]], keys: tuple[str, ...]) -> list[dict[str, Any]]:
    """The JSON objects that a row of keys leads to."""
    for key in keys:
        found: list[dict[str, Any]] = []
        for value in values:
            below = value.get(key)
            if below.__class__ is dict:
                found.append(below)
            elif below.__class__ is list:
                found.extend([one for one in below if one.__class__ is dict])
        values = found
    return values


def along(names: tuple[str, ...], wanted: TypeName | None = None) -> Callable[[Items], Items]:
    """A function from items to what a chain of names leads to, of a wanted type only."""
    plans: dict[Type, Plan | None] = {}

    def planned_from(type_: Type) -> Plan | None:
        found = plan(type_, names)
        if found is None or wanted is None:
            return found
        keys, field = found
        owner = type_
        for key in keys:
            owner = owner.fields[key].options[0][1]
        narrow = wanted.namespace != "System" and not field.resource
        return (keys, owner.narrowed(field.name, wanted.name)) if narrow else None

    def long_way(items: Items) -> Items:
        found = walk(items, names)
        return found if wanted is None else [item for item in found if of_type(item, wanted)]

    def follow(items: Items) -> Items:
        if len(items) != 1:
            return long_way(items) if items else items
        item = items[0]
        if item.__class__ is not Node:
            return []
        type_ = item.type
        try:
            planned = plans[type_]
        except KeyError:
            planned = plans[type_] = planned_from(type_)
        if planned is None or item.value.__class__ is not dict:
            return long_way(items)
        keys, field = planned
        out: Items = []
        for value in descend([item.value], keys) if keys else (item.value,):
            members(value, field, out)
        return out

    return follow


def member_chain(start: Step | None, names: tuple[str, ...], wanted: TypeName | None = None) -> Step:
    """The names after a start; without one they begin at ``$this``, and the first may be the type of it.

    With a wanted type, what is not of it is left out, as by ``ofType``.
    """
    follow = along(names, wanted)
    if start is not None:
        return lambda run, this: follow(start(run, this))
    head = names[0]
    if not head[:1].isupper():
        return lambda run, this: follow(this)
    rest = along(names[1:], wanted) if len(names) > 1 else None

    def from_type(run: Run, this: Items) -> Items:
        if len(this) == 1 and this[0].__class__ is Node and head in this[0].type.names and rest is not None:
            return rest(this)
        kept = [item for item in this if item.__class__ is Node and head in item.type.names]
        if not kept:
            return follow(this)
        if rest is not None:
            return rest(kept)
        return kept if wanted is None else [item for item in kept if of_type(item, wanted)]

    return from_type
