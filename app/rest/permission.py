"""What an actor may do through this door: the grants ``fhir:read`` and ``fhir:write``, and the scopes of a token.

https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources
A scope may carry a query (``system/Observation.rs?category=vital-signs``): it then reaches what that search finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from app.access.actor import Actor
from app.errors import Forbidden
from app.fhir.repository import Repository, StoredVersion
from app.fhir.resource import Resource

_SCOPE = re.compile(r"(?:system|user|patient)/(\*|[A-Z][A-Za-z]+)\.(c?r?u?d?s?)(?:\?(.*))?")
ACTIONS = {"c": "create", "r": "read", "u": "update", "d": "delete", "s": "search"}


_ALL = frozenset({"system/*.cruds"})


def unlimited(actor: Actor) -> bool:
    """Whether no scope takes anything from what the grants give."""
    return actor.scopes is None or actor.scopes == _ALL


def require(actor: Actor, action: str, type: str | None) -> None:
    """Raises Forbidden (403) unless the actor may; ``action`` is one letter of ``cruds``, ``type`` None: all types."""
    grant = "fhir:read" if action in "rs" else "fhir:write"
    if not actor.may(grant):
        raise Forbidden(f"{ACTIONS[action].capitalize()} over FHIR needs the grant {grant}, which you do not have.")
    if actor.scopes is not None and not _queries(actor.scopes, action, type):
        named = type or "*"
        raise Forbidden(f"The token's scopes do not cover this: it needs a scope such as system/{named}.{action}.")


def limits(actor: Actor, action: str, type: str | None) -> tuple[str, ...]:
    """The queries of which a resource must meet one; () where nothing limits the actor."""
    if actor.scopes is None:
        return ()
    queries = _queries(actor.scopes, action, type)
    return () if "" in queries else queries


def within_limits(repo: Repository, references: Iterable[str], action: str = "r") -> set[str]:
    """Those of the references (``Type/id``) that the actor's scopes reach."""
    by_type: dict[str, list[str]] = {}
    for reference in references:
        type, _, id = reference.partition("/")
        by_type.setdefault(type, []).append(id)
    reached: set[str] = set()
    for type, ids in by_type.items():
        queries = reaching(repo.actor, type) if action == "r" else _queries(repo.actor.scopes or _ALL, action, type)
        for query in queries:
            if not query:
                reached |= {f"{type}/{id}" for id in ids}
                break
            page = repo.page(f"{type}?_id={','.join(ids)}&{query}&_count={len(ids)}", strict=True)
            reached |= {stored.reference for stored in page.matches}
    return reached


def require_within(repo: Repository, reference: str, action: str) -> None:
    """Raises Forbidden (403) when a limited scope does not reach a resource."""
    type = reference.partition("/")[0]
    if limits(repo.actor, action, type) and reference not in within_limits(repo, [reference], action):
        raise Forbidden(f"The token's scopes reach only some {type} resources, and not {reference}.")


def reaching(actor: Actor, type: str) -> tuple[str, ...]:
    """The queries by which an actor may see a type, as read or as search; ("",): all of it; (): nothing."""
    if actor.scopes is None:
        return ("",)
    found = {*_queries(actor.scopes, "r", type), *_queries(actor.scopes, "s", type)}
    return ("",) if "" in found else tuple(sorted(found))


def may_see(repo: Repository, reference: str) -> bool:
    """Whether the actor may read or find a resource: who may only write is not told what stands there."""
    return repo.actor.scopes is None or reference in within_limits(repo, [reference])


def seen(repo: Repository, included: Sequence[StoredVersion]) -> list[StoredVersion]:
    """Those of the included resources that the actor's scopes reach."""
    if repo.actor.scopes is None or all(reaching(repo.actor, one.type) == ("",) for one in included):
        return list(included)
    reached = within_limits(repo, [one.reference for one in included])
    return [one for one in included if one.reference in reached]


def seen_in(repo: Repository, bundle: Resource) -> Resource:
    """A Bundle without the stored resources that the scopes do not reach; what was made for the answer stays."""
    if repo.actor.scopes is None or "entry" not in bundle:
        return bundle
    stored = [one for entry in bundle["entry"] if _stored(one := entry.get("resource", {}))]
    named = [f"{one['resourceType']}/{one['id']}" for one in stored]
    missing = set(named) - within_limits(repo, named)
    if not missing:
        return bundle
    kept = [
        entry
        for entry in bundle["entry"]
        if not _stored(one := entry.get("resource", {})) or f"{one['resourceType']}/{one['id']}" not in missing
    ]
    rest = {key: item for key, item in bundle.items() if key not in ("entry", "total")}
    return rest | ({"entry": kept} if kept else {}) | ({"total": len(kept)} if "total" in bundle else {})


def _stored(resource: Resource) -> bool:
    return "id" in resource and "versionId" in resource.get("meta", {})


@lru_cache(4096)
def _queries(scopes: frozenset[str], action: str, type: str | None) -> tuple[str, ...]:
    """The queries of the scopes that cover an action on a type; "" is a scope without one."""
    parts = [_SCOPE.fullmatch(scope) for scope in scopes]
    return tuple(sorted({p[3] or "" for p in parts if p and action in p[2] and p[1] in ("*", type)}))
