"""The facility tree as pages need it: names, levels, who is under whom. Read once a minute, or after a change."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flask import current_app

from app.access.actor import automation
from app.access.facilities import level_of, names_of
from app.i18n import language

KEPT_SECONDS = 60
_EXTENSION = "maslak.facility_tree"


@dataclass(slots=True)
class Node:
    """One organization: ``reference``, names by language, ``level`` code, what it is part of, and its children."""

    reference: str
    names: dict[str, str]
    level: str
    part_of: str | None
    active: bool
    number: str = ""
    children: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """In the page's language."""
        return self.names.get(language()) or self.names["fr"]


@dataclass(slots=True)
class Tree:
    nodes: dict[str, Node]
    roots: list[str]
    read: float

    def under(self, reference: str) -> Iterator[Node]:
        """The organization and everything beneath it. A ring in the data ends where it began."""
        waiting, seen = [reference], set()
        while waiting:
            current = waiting.pop()
            if current in seen or current not in self.nodes:
                continue
            seen.add(current)
            yield self.nodes[current]
            waiting += reversed(self.nodes[current].children)

    def matching(self, words: str) -> list[Node]:
        """Those whose names or number hold every word, by name."""
        wanted = words.casefold().split()
        found = []
        for node in self.nodes.values():
            text = " ".join([*node.names.values(), node.number]).casefold()
            if all(word in text for word in wanted):
                found.append(node)
        return sorted(found, key=lambda node: node.name)

    def above(self, reference: str) -> list[Node]:
        """The line from the root down to the organization's parent."""
        line: list[Node] = []
        node = self.nodes.get(reference)
        while node and node.part_of and len(line) < 12:
            node = self.nodes.get(node.part_of)
            if node:
                line.insert(0, node)
        return line


def tree() -> Tree:
    """The tree as last read (a page may ask within its own ``work()``, where another read could not begin)."""
    held: Tree | None = current_app.extensions.get(_EXTENSION)
    return held or refreshed()


def refreshed() -> Tree:
    """The tree, read again when it is older than KEPT_SECONDS. Called at the start of a page's request."""
    held: Tree | None = current_app.extensions.get(_EXTENSION)
    if held is None or time.monotonic() - held.read > KEPT_SECONDS:
        held = current_app.extensions[_EXTENSION] = _read()
    return held


def forget() -> None:
    """Read again at the next use (after a change of a facility)."""
    current_app.extensions.pop(_EXTENSION, None)


def subtree(reference: str) -> frozenset[str]:
    """References of an organization and all beneath it."""
    return frozenset(node.reference for node in refreshed().under(reference)) | {reference}


def with_dispensaries(reference: str) -> frozenset[str]:
    """An establishment and the dispensaries attached to it: they have no physician of their own (decree 2-14-562)."""
    nodes = refreshed().nodes
    children = nodes[reference].children if reference in nodes else []
    return frozenset({reference, *(child for child in children if nodes[child].level == "DR")})


def name_of(reference: str | None) -> str:
    """An organization's name in the page's language, or nothing."""
    node = tree().nodes.get(reference or "")
    return node.name if node else ""


def _read() -> Tree:
    from app.store import work

    resources: list[dict[str, Any]]
    with work(automation("facility tree"), reading=True) as repo:
        resources = list(repo.search_all("Organization?_count=1000"))
    nodes = {}
    for resource in resources:
        reference = f"Organization/{resource['id']}"
        nodes[reference] = Node(
            reference,
            names_of(resource),
            level_of(resource),
            (resource.get("partOf") or {}).get("reference"),
            resource.get("active", True),
            next((i["value"] for i in resource.get("identifier", ()) if "value" in i), ""),
        )
    roots: list[str] = []
    for node in sorted(nodes.values(), key=lambda node: node.names["fr"]):
        above = nodes.get(node.part_of or "")
        (above.children if above else roots).append(node.reference)
    return Tree(nodes, roots, time.monotonic())
