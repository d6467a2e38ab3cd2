"""transaction: https://hl7.org/fhir/R4/http.html#trules

All or nothing. The result does not depend on the order of the entries: deletions come first, then creations, updates
and patches, then reads; every ``urn:uuid`` and every conditional reference is replaced before anything is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.errors import Invalid, Malformed, MaslakError, PreconditionFailed
from app.fhir.bundle import transaction_response
from app.fhir.json import dumps
from app.fhir.repository import Repository
from app.fhir.resource import Resource, parse_reference
from app.rest.asked import Answer, Asked
from app.rest.bodies import checked
from app.rest.conditions import IF_NONE_EXIST, criteria, match, same
from app.rest.create import existing
from app.rest.entries import asked_by, entries_of, failing, ordered, response_entry, run, written_preference
from app.rest.integrity import require_targets
from app.rest.patch import patch_of
from app.rest.permission import require
from app.rest.references import Resolver

_WRITES = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(slots=True)
class Plan:
    """What will be done: ``steps`` (endpoint, interaction) by place in the request; ``done`` the answers so far."""

    steps: list[tuple[str, Asked]]
    done: dict[int, Answer] = field(default_factory=dict)
    targets: dict[str, int] = field(default_factory=dict)
    """``Type/id`` → the entry that changes it; no two may."""
    conditions: dict[str, int] = field(default_factory=dict)
    """Condition of a creation → its entry."""


def transaction(repo: Repository, asked: Asked, named: bool = False) -> Answer:
    """Do every entry of the Bundle, or none. ``named``: the client asked for representations by name.

    Raises what the first failing entry raises, its expressions starting at ``Bundle.entry[n]``.
    """
    bundle = asked.resource
    entries = entries_of(bundle)
    checked(bundle)
    whole, written = asked.at(checked=True, settled=True), written_preference(asked, named)
    plan = Plan([_guarded(index, asked_by, entry, whole, written) for index, entry in enumerate(entries)])
    order = ordered(plan.steps)
    for index in order:
        if plan.steps[index][1].method == "DELETE":
            _do(repo, plan, index)
    for index in order:
        _guarded(index, _settle, repo, plan, entries, index)
    resolver = _resolver(repo, plan, entries)
    for index in order:
        if index not in plan.done:
            _guarded(index, _resolve, plan, index, resolver)
            _do(repo, plan, index)
    require_targets(repo, _brought(plan))
    answers = [response_entry(plan.done[index], asked.base) for index in range(len(entries))]
    return Answer(200, dumps(transaction_response(answers)))


def _guarded(index: int, do: Any, *arguments: Any) -> Any:
    try:
        return do(*arguments)
    except MaslakError as error:
        raise failing(error, index) from error


def _do(repo: Repository, plan: Plan, index: int) -> None:
    endpoint, asked = plan.steps[index]
    if endpoint == "delete":
        _guarded(index, _claim, plan, asked.reference, index)
    plan.done[index] = _guarded(index, run, repo, endpoint, asked)


def _settle(repo: Repository, plan: Plan, entries: list[Resource], index: int) -> None:
    """Give the entry the id it will have: from its address, its condition's match, or a new one."""
    endpoint, asked = plan.steps[index]
    if endpoint == "create":
        require(asked.actor, "c", asked.type)
        if asked.if_none_exist:
            _alone(plan, f"{asked.type}?{same(str(asked.type), asked.if_none_exist)}", index)
        found = match(repo, str(asked.type), asked.if_none_exist, IF_NONE_EXIST) if asked.if_none_exist else None
        if found:
            plan.steps[index] = endpoint, asked.at(id=found.split("/")[1])
            plan.done[index] = existing(repo, found, asked)
            return
        id = repo.new_id()
        plan.steps[index] = endpoint, asked.at(id=id, if_none_exist=None, resource={**asked.resource, "id": id})
    elif endpoint in ("update_conditional", "patch_conditional"):
        require(asked.actor, "u", asked.type)
        plan.steps[index] = _conditional(repo, plan, index)
    elif endpoint not in ("update", "patch"):
        return
    _claim(plan, plan.steps[index][1].reference, index)


def _alone(plan: Plan, condition: str, index: int) -> None:
    """Two entries that create under one condition would store two, since neither sees the other yet."""
    if (other := plan.conditions.setdefault(condition, index)) != index:
        said = f"Entries {other} and {index} create under the same condition: one of them is enough."
        raise Malformed(said, expression=IF_NONE_EXIST)


def _conditional(repo: Repository, plan: Plan, index: int) -> tuple[str, Asked]:
    """A conditional update or patch as the plain one that it comes to."""
    endpoint, asked = plan.steps[index]
    condition = criteria(asked)
    found = match(repo, str(asked.type), condition)
    if endpoint == "patch_conditional":
        if found is None:
            raise PreconditionFailed(f"No {asked.type} meets the criteria: there is nothing to patch.")
        return "patch", asked.at(id=found.split("/")[1], parameters=())
    given = asked.resource.get("id")
    if found is None:
        _alone(plan, f"{asked.type}?{same(str(asked.type), condition)}", index)
    id = found.split("/")[1] if found else given or repo.new_id()
    if given and given != id:
        raise Malformed(f"The criteria find {found}, the body has the id {given}.", expression=f"{asked.type}.id")
    return "update", asked.at(id=id, parameters=(), resource={**asked.resource, "id": id})


def _claim(plan: Plan, reference: str, index: int) -> None:
    if (other := plan.targets.setdefault(reference, index)) != index:
        raise Malformed(f"Entries {other} and {index} both change {reference}: a transaction changes a resource once.")


def _resolver(repo: Repository, plan: Plan, entries: list[Resource]) -> Resolver:
    """Every full url of an entry → the ``Type/id`` that its resource has or will have."""
    resolver = Resolver(repo)
    for index, entry in enumerate(entries):
        asked = plan.steps[index][1]
        full_url = entry.get("fullUrl")
        if asked.method in ("POST", "PUT", "PATCH") and asked.id and asked.type:
            resolver.stands(asked.reference, asked.resource if index not in plan.done else None)
            if full_url and resolver.known.setdefault(full_url, asked.reference) != asked.reference:
                raise Invalid(f"Two entries have the fullUrl {full_url}.", expression=f"Bundle.entry[{index}].fullUrl")
            absolute = parse_reference(full_url)
            if absolute and absolute.base and absolute.id and asked.method == "POST":
                resolver.known.setdefault(absolute.key, asked.reference)
    return resolver


def _brought(plan: Plan) -> Iterator[tuple[str, Resource]]:
    """(place, resource) of what was created and updated, its references resolved."""
    for index, (endpoint, asked) in enumerate(plan.steps):
        if endpoint in ("create", "update") and isinstance(asked.resource, dict):
            yield f"Bundle.entry[{index}].resource", asked.resource


def _resolve(plan: Plan, index: int, resolver: Resolver) -> None:
    endpoint, asked = plan.steps[index]
    if asked.method in ("POST", "PUT") and isinstance(asked.resource, dict) and endpoint in ("create", "update"):
        plan.steps[index] = endpoint, asked.at(resource=resolver.resolved(asked.resource))
    elif endpoint == "patch":
        body, content_type = patch_of(asked)
        plan.steps[index] = endpoint, asked.at(resource=resolver.patched(body), content_type=content_type)
    elif asked.method == "GET" and asked.type and asked.id:
        known = resolver.known.get(asked.reference)
        if known:
            plan.steps[index] = endpoint, asked.at(id=known.split("/")[1])
