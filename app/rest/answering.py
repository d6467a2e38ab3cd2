"""A request under an endpoint of the table, whoever let it in: Flask's routes or the gate before them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Request

from app.rest import capabilities
from app.rest.asked import Answer, Asked
from app.rest.batch import bundle
from app.rest.door import asked_of
from app.rest.operations import run_operation, writes
from app.rest.performing import perform
from app.rest.permission import limits
from app.rest.routes import BY_NAME
from app.store import work


def answered(endpoint: str, parts: Mapping[str, Any], request: Request) -> tuple[Answer, Asked | None]:
    """The answer, and what was asked where its address matters for the answer. Raises what the interaction raises."""
    if endpoint == "metadata":
        return capabilities.answer(request), None
    asked = asked_of(request, parts)
    if endpoint == "bundle":
        return bundle(asked, "return=representation" in request.headers.get("Prefer", "")), None
    if endpoint == "operation":
        with work(asked.actor, reading=not writes(asked)) as repo:
            return run_operation(repo, asked), asked
    row = BY_NAME[endpoint]
    single = endpoint == "read" and not limits(asked.actor, "r", asked.type)
    fresh = int(endpoint == "create")
    with work(asked.actor, reading=not row.writes, single=single, alone=True, fresh=fresh) as repo:
        return perform(repo, row, asked), asked
