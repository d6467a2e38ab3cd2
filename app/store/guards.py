"""Guards: what a change of a resource type must pass, through whichever door it comes. Each application has its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, current_app

from app.fhir.resource import Resource

Guard = Callable[[Any, Resource | None, Resource | None], None]
"""``guard(repo, before, after)``; raises when the change is no granted move. None: not there (yet, any more)."""

_EXTENSION = "maslak.guards"


def register_guard(flask: Flask, resource_type: str, guard: Guard) -> None:
    """Let a feature judge every create, update and delete of a type; registering the same again changes nothing."""
    registered: list[Guard] = flask.extensions.setdefault(_EXTENSION, {}).setdefault(resource_type, [])
    if guard not in registered:
        registered.append(guard)


def guarded(resource_type: str) -> bool:
    """Whether anybody judges changes of this type."""
    return bool(_guards_of(resource_type))


def judge(repo: Any, resource_type: str, before: Resource | None, after: Resource | None) -> None:
    """Ask every guard of the type."""
    for guard in _guards_of(resource_type):
        guard(repo, before, after)


def _guards_of(resource_type: str) -> list[Guard]:
    found: list[Guard] = current_app.extensions.get(_EXTENSION, {}).get(resource_type, [])
    return found
