"""A request under an endpoint of the table, whoever let it in: Flask's routes or the gate before them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask.globals import request_ctx

from app.access.actor import Actor
from app.access.authentication import current_actor
from app.rest import capabilities
from app.rest.asked import Answer, Asked
from app.rest.batch import bundle
from app.rest.door import Environ, asked_of
from app.rest.operations import run_operation, writes
from app.rest.performing import perform
from app.rest.permission import limits
from app.rest.routes import BY_NAME
from app.store import work


def answered(
    endpoint: str, parts: Mapping[str, Any], environ: Environ, root: str, actor: Actor | None = None
) -> tuple[Answer, Asked | None]:
    """The answer, and what was asked where its address matters for the answer. Raises what the interaction raises.

    ``root``: the address of the server as links write it; ``actor``: who asks, where that is known already.
    """
    if endpoint == "metadata":
        return capabilities.answer(request_ctx.request), None
    asked = asked_of(environ, parts, root, actor or current_actor())
    if endpoint == "bundle":
        return bundle(asked, "return=representation" in environ.get("HTTP_PREFER", "")), None
    if endpoint == "operation":
        with work(asked.actor, reading=not writes(asked)) as repo:
            return run_operation(repo, asked), asked
    row = BY_NAME[endpoint]
    single = _by_one_statement(endpoint, asked)
    fresh = int(endpoint == "create")
    with work(asked.actor, reading=not row.writes, single=single, alone=True, fresh=fresh) as repo:
        return perform(repo, row, asked), asked


_SHOWN = frozenset({"_sort", "_count", "_format", "_pretty", "_elements"})
"""Parameters of a search that ask for no statement of their own."""


def _by_one_statement(endpoint: str, asked: Asked) -> bool:
    """Whether all that is read comes by one statement, but for keys, which never change."""
    if endpoint == "read":
        return not limits(asked.actor, "r", asked.type)
    if endpoint != "search_type" or asked.type == "AuditEvent" or limits(asked.actor, "s", asked.type):
        return False
    return all(name[:1] != "_" or name in _SHOWN for name, _ in asked.parameters)
