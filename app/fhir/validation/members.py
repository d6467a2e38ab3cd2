"""Rules of the members of a JSON object: primitives, their ``_name`` beside them, objects, and lists of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.fhir.validation.primitives import CHECKS, Check, kind
from app.fhir.validation.problem import Context, Found, Problem, Walk, below, one

Rule = Callable[[Any, Mapping[str, Any], Context], Found]
"""Checks one member of an object; sees the object too, for the ``_name`` beside ``name``."""


def primitive(check: Check, code: str = "value") -> Rule:
    """A primitive."""

    def rule(item: Any, owner: Mapping[str, Any], context: Context) -> Found:
        wrong = check(item)
        return None if wrong is None else one(wrong, code if item.__class__ not in (list, dict) else "structure")

    return rule


def primitives(key: str, check: Check, code: str = "value") -> Rule:
    """A list of primitives, with null where only ``_name`` has something to say."""

    def rule(items: Any, owner: Mapping[str, Any], context: Context) -> Found:
        if items.__class__ is not list:
            return one(f"A list is expected, not {kind(items)}.")
        if not items:
            return one("A list is never empty: leave the element out.")
        beside = owner.get(f"_{key}")
        found: list[Problem] = []
        for index, item in enumerate(items):
            if item is None and beside.__class__ is list and index < len(beside) and beside[index] is not None:
                continue
            if (wrong := check(item)) is not None:
                found += one(wrong, code, f"[{index}]")
        return found or None

    return rule


def sibling(key: str, element: Walk) -> Rule:
    """``_name`` beside a primitive; ``element`` walks its id and extensions."""
    return lambda item, owner, context: _beside(item, owner.get(key), element, context)


def _beside(item: Any, value: Any, element: Walk, context: Context) -> Found:
    """``_name`` beside the value of a primitive: an extension, or an id alone where there is a value (ele-1)."""
    found = element(item, context)
    if found and value is not None and item.__class__ is dict and item.keys() == {"id"}:
        wrong = CHECKS["string"](item["id"])
        return one(wrong, "value", ".id") if wrong else None
    return found


def siblings(key: str, element: Walk) -> Rule:
    """The list ``_name`` beside a list of primitives."""

    def rule(items: Any, owner: Mapping[str, Any], context: Context) -> Found:
        if items.__class__ is not list or not items:
            return one(f"'_{key}' is a list beside '{key}', with null where an item has no extension.")
        values = owner.get(key)
        if values.__class__ is list and len(values) < len(items):
            return one(f"'_{key}' has {len(items)} items and '{key}' {len(values)}: fill the shorter with null.")
        found: list[Problem] = []
        for index, item in enumerate(items):
            if item is not None:
                value = values[index] if values.__class__ is list and index < len(values) else None
                found += below(f"[{index}]", _beside(item, value, element, context) or ())
            elif values is None:
                found += one("Neither a value nor an extension stands here.", "structure", f"[{index}]")
        return found or None

    return rule


def single(walk: Walk) -> Rule:
    """One object."""
    return lambda item, owner, context: walk(item, context)


def listed(walk: Walk) -> Rule:
    """A list of objects."""

    def rule(items: Any, owner: Mapping[str, Any], context: Context) -> Found:
        if items.__class__ is not list:
            return one(f"A list is expected, not {kind(items)}.")
        if not items:
            return one("A list is never empty: leave the element out.")
        problems: list[Problem] | None = None
        for index, item in enumerate(items):
            if found := walk(item, context):
                problems = (problems or []) + below(f"[{index}]", found)
        return problems

    return rule
