"""An interaction within what the actor may: the same for a request and for an entry of a Bundle."""

from __future__ import annotations

from app.errors import Forbidden, NotSupported
from app.fhir.repository import Repository
from app.rest.asked import Answer, Asked
from app.rest.permission import limits, require, require_within
from app.rest.routes import Interaction


def perform(repo: Repository, row: Interaction, asked: Asked) -> Answer:
    """Do it. Raises Forbidden (403) outside of grants and scopes, NotSupported (405) on what a type does not take."""
    if not row.stands_on(asked.type):
        raise NotSupported(
            "{type} is written by the server alone: it can be read and searched.", type=asked.type, allow="GET"
        )
    require(asked.actor, row.action, asked.type)
    if not limits(asked.actor, row.action, asked.type):
        return row.run(repo, asked)
    return _limited(repo, row, asked)


def _limited(repo: Repository, row: Interaction, asked: Asked) -> Answer:
    """Under a scope with a query: it narrows a search, and every resource touched must meet it, before and after."""
    if row.action == "s":
        return row.run(repo, asked.at(within_scopes=limits(asked.actor, "s", asked.type)))
    if (asked.id is None and row.action in "rd") or row.name in ("update_conditional", "patch_conditional"):
        raise Forbidden("A scope with a query does not cover this interaction: name the resource by its id.")
    there = repo.peek(str(asked.type), asked.id) if asked.id is not None and row.action != "c" else None
    if there is not None:
        require_within(repo, asked.reference, row.action)
    if row.name == "history_instance" or (
        row.name == "vread" and (there is None or str(there.version) != asked.version)
    ):
        raise Forbidden(
            "A scope with a query covers the current version alone: nobody can ask whether an older met it."
        )
    answer = row.run(repo, asked)
    if row.action in "cu" and answer.reference:
        require_within(repo, answer.reference, row.action)
    return answer
