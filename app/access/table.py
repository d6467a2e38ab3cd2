"""The access table: each endpoint and the grant it asks for, enforced in one place.

A route that stands in no row is refused, so that a forgotten row shows at once and never as an open door.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask, current_app, request

from app.access.authentication import authenticated, current_actor
from app.errors import Forbidden

EXTENSION = "maslak.access"
PUBLIC = "public"
"""Anybody, signed in or not."""
SIGNED_IN = "signed-in"
"""Anybody who is signed in (a grant that everybody holds)."""
DEVELOPMENT = "development"
"""Anybody, but never in production."""


def allow(flask: Flask, rows: Mapping[str, str]) -> None:
    """Add rows: endpoint -> grant. A blueprint outside the features calls this when it is registered."""
    flask.extensions.setdefault(EXTENSION, {}).update(rows)


def init_app(flask: Flask) -> None:
    """Look at every request before any view runs."""
    flask.before_request(enforce)


def enforce() -> None:
    """Raises Unauthorized (nobody) or Forbidden (no grant, or no row)."""
    if request.endpoint is None:
        return  # nothing there: 404 tells less than 401 would
    grant = grant_of(request.endpoint)
    if grant == PUBLIC:
        return
    if grant == DEVELOPMENT:
        if current_app.config.get("PRODUCTION"):
            raise Forbidden("this page is for development only")
        return
    actor = current_actor()
    if grant is None or not actor.may(grant):
        raise Forbidden("your role does not open this page", grant=grant or "")


def grant_of(endpoint: str) -> str | None:
    """The grant that an endpoint asks for; None when it stands in no row."""
    return current_app.extensions[EXTENSION].get(endpoint)


def missing(flask: Flask) -> list[str]:
    """Endpoints without a row, and rows without an endpoint (for the test that keeps the table complete)."""
    rows = flask.extensions.get(EXTENSION, {})
    endpoints = {rule.endpoint for rule in flask.url_map.iter_rules()}
    return sorted(endpoints - rows.keys()) + sorted(f"{name} (no such route)" for name in rows.keys() - endpoints)


def opens(endpoint: str) -> bool:
    """Whether whoever is asking may go to an endpoint; the navigation shows nothing else."""
    grant = grant_of(endpoint)
    if grant is None or endpoint not in current_app.view_functions:
        return False
    if grant in (PUBLIC, DEVELOPMENT):
        return True
    actor = authenticated()
    return actor is not None and actor.may(grant)
