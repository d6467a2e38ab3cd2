"""What an actor may do through this door: the grants ``fhir:read`` and ``fhir:write``, and the scopes of a token.

https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources
"""

from __future__ import annotations

import re
from functools import lru_cache

from app.access.actor import Actor
from app.errors import Forbidden

_SCOPE = re.compile(r"(?:system|user|patient)/(\*|[A-Z][A-Za-z]+)\.(c?r?u?d?s?)(?:\?.*)?")
ACTIONS = {"c": "create", "r": "read", "u": "update", "d": "delete", "s": "search"}


def require(actor: Actor, action: str, type: str | None) -> None:
    """Raises Forbidden (403) unless the actor may; ``action`` is one letter of ``cruds``, ``type`` None: all types."""
    grant = "fhir:read" if action in "rs" else "fhir:write"
    if not actor.may(grant):
        raise Forbidden(f"{ACTIONS[action].capitalize()} over FHIR needs the grant {grant}, which you do not have.")
    if actor.scopes is not None and not _covers(actor.scopes, action, type):
        named = type or "*"
        raise Forbidden(f"The token's scopes do not cover this: it needs a scope such as system/{named}.{action}.")


def readable(actor: Actor, type: str) -> bool:
    """Whether resources of a type may be sent along, as included ones."""
    return actor.scopes is None or _covers(actor.scopes, "r", type) or _covers(actor.scopes, "s", type)


@lru_cache(4096)
def _covers(scopes: frozenset[str], action: str, type: str | None) -> bool:
    for scope in scopes:
        found = _SCOPE.fullmatch(scope)
        if found and action in found[2] and found[1] in ("*", type):
            return True
    return False
