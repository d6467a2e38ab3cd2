"""Who is behind a request: a person with a session, or a bearer token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from flask import Flask, current_app, g
from flask_login import current_user
from sqlalchemy import select

from app.access import grants, tokens
from app.access.actor import Actor
from app.access.tables import Account, EmergencyAccess
from app.clock import now
from app.db import db
from app.errors import Unauthorized

SUBTREE = "maslak.subtree"
ATTACHED = "maslak.attached"


def init_app(flask: Flask) -> None:
    """Until the shell hands over the facility tree, a subtree is the organization alone."""
    flask.extensions.setdefault(SUBTREE, lambda organization: frozenset({organization}))
    flask.extensions.setdefault(ATTACHED, lambda organization: frozenset({organization}))


def current_actor() -> Actor:
    """The actor of this request. Raises Unauthorized when nobody is signed in."""
    actor = authenticated()
    if actor is None:
        raise Unauthorized("sign in to go on")
    return actor


def authenticated() -> Actor | None:
    """The actor of this request, or None; found once a request."""
    if "actor" not in g:
        from flask import request

        g.actor = authenticate(request.environ)
    return g.actor


def authenticate(environ: Mapping[str, Any]) -> Actor | None:
    """By the WSGI environment of a request: bearer token -> its actor; session -> the person; neither -> None.

    Raises Unauthorized on a bad token.

    The Authorization header is looked at first (RFC 6750 §2.1): a request that carries one never acts as a session.
    """
    header = environ.get("HTTP_AUTHORIZATION", "")
    origin = environ.get("REMOTE_ADDR") or ""
    if header:
        scheme, _, credentials = header.partition(" ")
        if scheme.lower() != "bearer" or not credentials:
            raise Unauthorized("only bearer tokens are taken here")
        return token_actor(credentials.strip(), origin=origin)
    person = signed_in()
    return actor_of(person, origin=origin) if person else None


def signed_in() -> Account | None:
    """The account of the session, if it is still good."""
    return current_user._get_current_object() if current_user.is_authenticated else None


def actor_of(account: Account, *, origin: str = "") -> Actor:
    """An account as an actor, with its grants, its establishments and its open emergency accesses."""
    roles = frozenset(account.role_names)
    held = grants.of_roles(roles, current_app.extensions["maslak.grants"])
    return Actor(
        key=f"account:{account.id}",
        name=account.name,
        name_ar=account.name_ar or "",
        roles=roles,
        grants=held,
        practitioner=account.practitioner,
        organization=account.organization,
        organizations=establishments(roles, account.organization),
        emergency=open_emergencies(account.id) if "emergency:open" in held else frozenset(),
        language=account.language,
        origin=origin,
    )


def establishments(roles: frozenset[str], organization: str | None) -> frozenset[str]:
    """Whose patients are seen: those of the own establishment and of its dispensaries, a delegate's whole subtree; none
    for anybody else."""
    if not organization:
        return frozenset()
    found: frozenset[str] = frozenset()
    if roles & grants.OWN_ESTABLISHMENT:
        attached: Callable[[str], frozenset[str]] = current_app.extensions[ATTACHED]
        found |= attached(organization)
    if roles & grants.SUBTREE:
        subtree: Callable[[str], frozenset[str]] = current_app.extensions[SUBTREE]
        found |= subtree(organization)
    return found


def open_emergencies(account_id: int) -> frozenset[str]:
    """Ids of the patients that this account has opened in emergency and that are still open."""
    rows = db.session.scalars(
        select(EmergencyAccess.patient).where(EmergencyAccess.account_id == account_id, EmergencyAccess.until > now())
    )
    return frozenset(rows)


def token_actor(text: str, *, origin: str = "") -> Actor:
    """The actor of a bearer token. Raises Unauthorized when it is unknown, revoked or past its time."""
    token = tokens.verify(text)
    if token.account_id is not None:
        account = db.session.get(Account, token.account_id)
        if account is None or not account.active:
            raise Unauthorized("the account of this token is not active")
        return _person_with_scopes(actor_of(account, origin=origin), frozenset(token.scopes))
    return _system(token, origin)


@lru_cache(1024)
def _system(token: tokens.Verified, origin: str) -> Actor:
    """A system by its token: what its scopes carry, and no person's establishments."""
    scopes = frozenset(token.scopes)
    return Actor(
        key=f"client:{token.client}" if token.client else f"token:{token.id}",
        name=token.label,
        roles=frozenset({"system"}),
        grants=grants.of_scopes(scopes) | grants.EVERYBODY,
        organizations=None,
        scopes=scopes,
        per_minute=token.per_minute,
        origin=origin,
    )


def _person_with_scopes(actor: Actor, scopes: frozenset[str]) -> Actor:
    """A person by token: what the person may do, through the FHIR door as well, within the token's scopes."""
    from dataclasses import replace

    door = grants.of_scopes(scopes) & {"fhir:read", "fhir:write"}
    changes: dict[str, Any] = {"grants": (actor.grants - {"fhir:read"}) | door, "scopes": scopes}
    return replace(actor, **changes)
