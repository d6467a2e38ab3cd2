"""References: their form, the types they may name, and what is contained (rules ref-1, dom-2 to dom-5).

https://hl7.org/fhir/R4/references.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from app.fhir.definitions import load, resource_types
from app.fhir.validation.problem import Context, Found, Problem, Walk, below, one

_RELATIVE = re.compile(
    r"([A-Z][A-Za-z]+)(?:/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?|\?.+)(?:#.+)?", re.ASCII
)
_REST = re.compile(
    r"https?://.+/([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?(?:#.+)?", re.ASCII
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")


def bound_reference(path: str, walk: Walk) -> Walk:
    """``walk`` followed by the rules of references at this element."""
    targets = frozenset(load("reference_targets")["reference"].get(path, ()))
    shown = ", ".join(sorted(targets))
    types = resource_types()

    def check(value: Any, context: Context) -> Found:
        if found := walk(value, context):
            return found
        text, declared = value.get("reference"), value.get("type")
        named = _named(text, context) if text is not None else None
        if isinstance(named, Problem):
            return [named]
        if named is not None and named not in types:
            return one(f"'{named}' is no resource type of R4.", "value", ".reference")
        if targets and named is not None and named not in targets and named != "Resource":
            return one(f"A {named} cannot stand here: {shown}.", "value", ".reference")
        if declared is not None and (
            (targets and declared not in targets) or named not in (None, "Resource", declared)
        ):
            return one(f"The type '{declared}' does not fit: {named or shown}.", "value", ".type")
        return None

    return check


def _named(text: str, context: Context) -> str | Problem | None:
    """The resource type that a reference names; None where it does not say."""
    if text[0] == "#":
        if text == "#":
            return str(context.root.get("resourceType", "")) or None
        context.used.add(text[1:])
        if (kind := context.contained.get(text[1:])) is not None:
            return kind
        return Problem(".reference", f"'{text}' is not contained in this resource (ref-1).", "value")
    if found := _RELATIVE.fullmatch(text) or _REST.fullmatch(text):
        return found[1]
    if _SCHEME.fullmatch(text):
        return None
    hint = "write Type/id, an absolute address, urn:uuid:… or #id"
    return Problem(".reference", f"'{text[:80]}' is no reference: {hint}.", "value")


def context_of(resource: dict[str, Any]) -> Context:
    """A fresh context for a resource that stands by itself: the root, or one in a Bundle or Parameters."""
    contained = resource.get("contained")
    if not contained or not isinstance(contained, list):
        return Context(root=resource)
    known = {
        entry["id"]: entry["resourceType"]
        for entry in contained
        if isinstance(entry, dict) and isinstance(entry.get("id"), str) and isinstance(entry.get("resourceType"), str)
    }
    return Context(known, root=resource)


def contained_rules(resource: dict[str, Any], context: Context) -> Found:
    """dom-2 to dom-5 and unique ids, for a resource that holds others."""
    entries = resource.get("contained")
    if not entries or not isinstance(entries, list):
        return None
    found: list[Problem] = []
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        if isinstance(entry, dict):
            found += below(f".contained[{index}]", _contained(entry, resource, context, seen))
    return found or None


def _contained(entry: dict[str, Any], owner: dict[str, Any], context: Context, seen: set[str]) -> Iterator[Problem]:
    if "contained" in entry:
        yield Problem("", "A contained resource holds no further ones (dom-2).", "invariant")
    meta = entry.get("meta") if isinstance(entry.get("meta"), dict) else {}
    if meta and ("versionId" in meta or "lastUpdated" in meta):
        yield Problem(".meta", "A contained resource has neither versionId nor lastUpdated (dom-4).", "invariant")
    if meta and "security" in meta:
        yield Problem(".meta", "A contained resource has no security label (dom-5).", "invariant")
    name = entry.get("id")
    if not isinstance(name, str):
        yield Problem("", "A contained resource needs an id (dom-3).", "required")
        return
    if name in seen:
        yield Problem(".id", f"The id '{name}' is given to two contained resources.", "duplicate")
    seen.add(name)
    if name not in context.used and not _mentions(owner, f"#{name}") and not _mentions(entry, "#"):
        yield Problem("", f"Nothing refers to the contained resource '{name}' (dom-3).", "invariant")


def _mentions(value: Any, text: str) -> bool:
    """Whether any string below is exactly ``text``: a canonical or uri can refer to a contained resource too."""
    if isinstance(value, dict):
        return any(_mentions(item, text) for item in value.values())
    if isinstance(value, list):
        return any(_mentions(item, text) for item in value)
    return bool(value == text)
