"""Composite parameters: values that belong together (https://hl7.org/fhir/R4/search.html#composite)."""

from __future__ import annotations

from typing import Any

from app.errors import Malformed
from app.store.parameters import Parameter
from app.store.search.conditions import NEVER, Condition, Match, all_of, any_of, by_key
from app.store.search.date import date
from app.store.search.quantity import number, quantity
from app.store.search.reference import reference
from app.store.search.request import split
from app.store.search.string import string
from app.store.search.token import token
from app.store.search.uri import uri
from app.store.unit import Unit


def composite(parameter: Parameter, values: tuple[str, ...], unit: Unit) -> Condition:
    """``a$b``: both on one element of the composite's base; where the base is the resource, both on the resource."""
    found = []
    for value in values:
        parts = split(value, "$")
        for base, components in parameter.components:
            if len(parts) != len(components) or not all(parts):
                raise Malformed(f"'{value}' needs {len(components)} parts with $ between them.")
            matches = [_match(c, part, unit) for c, part in zip(components, parts, strict=True)]
            found.append(_apart(matches) if base == parameter.base else _bound(base, components, matches))
    return any_of(found)


def _apart(matches: list[Match]) -> Condition:
    return all_of([match.condition() for match in matches])


def _bound(base: str, components: tuple[Parameter, ...], matches: list[Match]) -> Condition:
    """All of them on rows with the same ``part``, but for those that stand outside the base."""
    within = [
        m for c, m in zip(components, matches, strict=True) if all(p.expression.startswith(base) for p in c.paths)
    ]
    outside = [match.condition() for match in matches if match not in within]
    if not within:
        return all_of(outside)
    first, *others = within
    text, values = first.where, list(first.values)
    for other in others:
        where = by_key(other.where.replace("i.", "j."))
        bound = f"j.key = i.key and j.part = i.part and {where}"
        text += f" and exists (select 1 from index_{other.table} j where {bound})"
        values += other.values
    together = Match(first.table, text, tuple(values)).condition()
    return all_of([together, *outside])


def _match(component: Parameter, value: str, unit: Unit) -> Match:
    made: Any
    if component.kind == "token":
        made = token([component], [value], None)
    elif component.kind == "quantity":
        made = quantity([component], [value])
    elif component.kind == "number":
        made = number([component], [value])
    elif component.kind == "date":
        made = date([component], [value], unit.now)
    elif component.kind == "string":
        made = string([component], [value], None)
    elif component.kind == "uri":
        made = uri([component], [value], None)
    else:
        made = next(iter(reference([component], [value], None, unit.heads)))
    return made if isinstance(made, Match) else Match("token", NEVER)
