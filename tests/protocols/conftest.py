"""A store in which the moves of publishing are guarded, with one set in force."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask

from app.access.actor import Actor
from app.store import register_guard, work
from protocols import drafting, publishing
from protocols.feature import FEATURE
from tests.protocols.scenes import APPROVER, EDITOR, NEXT, SET, a_set

Acting = Callable[[Actor], AbstractContextManager[Any]]


@pytest.fixture
def guarded(app: Flask) -> Flask:
    """The application with the guards of publishing."""
    for kind, guard in FEATURE.guards.items():
        register_guard(app, kind, guard)
    return app


@pytest.fixture
def acting(guarded: Flask, stored: Any) -> Acting:
    """``with acting(EDITOR) as repo``; a set is in force."""
    stored(*a_set())
    return work


@pytest.fixture
def brought_to(acting: Acting) -> Callable[[str], str]:
    """Bring version 1.1.0 to a state; its reference comes back."""

    def bring(state: str) -> str:
        if state in ("released-first", "retired"):
            if state == "retired":
                with acting(APPROVER) as repo:
                    publishing.retire(repo, SET)
            return SET
        with acting(EDITOR) as repo:
            drafting.draft(repo, SET)
        if state != "draft":
            with acting(EDITOR) as repo:
                publishing.submit(repo, NEXT)
        if state in ("approved", "released"):
            with acting(APPROVER) as repo:
                publishing.approve(repo, NEXT)
        if state == "released":
            with acting(APPROVER) as repo:
                publishing.release(repo, NEXT)
        return NEXT

    return bring
