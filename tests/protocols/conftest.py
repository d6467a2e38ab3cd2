"""A store in which the moves of publishing are guarded, with one set in force."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.access import accounts
from app.access.actor import SYSTEM, Actor
from app.store import register_guard, work
from protocols import drafting, lifecycle, publishing
from protocols.feature import FEATURE
from tests.protocols.browser import PASSWORD, Browser, application
from tests.protocols.scenes import APPROVER, EDITOR, NEXT, SET, V1, V2, a_set

ROLES = {
    "editor": ["ministry-editor"],
    "editor2": ["ministry-editor"],
    "approver": ["ministry-approver"],
    "both": ["ministry-editor", "ministry-approver"],
    "admin": ["administrator"],
}

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


@pytest.fixture
def flask(sqlite_template: Path, tmp_path: Path) -> Iterator[Flask]:
    """The application with publishing alone, one set in force, and people."""
    with application(sqlite_template, tmp_path, "protocols", MAIL_FOLDER=str(tmp_path / "mail")) as made:
        with made.app_context(), work(SYSTEM) as repo:
            for one in a_set():
                repo.create(one)
            for username, roles in ROLES.items():
                accounts.create(username=username, name=username.title(), roles=roles, password=PASSWORD)
        yield made


@pytest.fixture
def by(flask: Flask) -> Any:
    """``by("editor")`` is that person's browser."""
    held: dict[str, Browser] = {}

    def browser(username: str) -> Browser:
        if username not in held:
            held[username] = Browser(flask, username)
        return held[username]

    return browser


@pytest.fixture
def state(flask: Flask) -> Any:
    def of(reference: str) -> str:
        with flask.app_context(), work(SYSTEM, reading=True) as repo:
            return lifecycle.state(repo.find(reference))

    return of


@pytest.fixture
def drafted(by: Any) -> None:
    answer = by("editor").send(f"/releases/{V1}/draft", version="1.1.0")
    assert answer.status_code == 303 and answer.location.endswith(V2)
