"""The registry of systems that fetch their own tokens (SMART Backend Services 2.2).

https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html#registering-a-client-communicating-public-keys
"""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from sqlalchemy import select

from app.access import key_sets, scopes, tokens
from app.access.tables import ApiClient
from app.clock import now
from app.db import db
from app.errors import Invalid, Issue, NotFound

PER_MINUTE = 6000
"""Requests a minute of a client for which nothing else was said."""
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,79}")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def register(
    *,
    key: str,
    name: str,
    scopes: str,
    jwks: str | None = None,
    jwks_url: str | None = None,
    per_minute: int | None = PER_MINUTE,
) -> ApiClient:
    """A new client, added to the session. Raises Invalid with all that is wrong, by the name of the field."""
    issues = [*_named(key, name), *_scoped(scopes), *_keyed(jwks, jwks_url)]
    if per_minute is not None and not 1 <= per_minute <= 10_000_000:
        issues.append(Issue("a whole number of requests from 1", "value", "per_minute"))
    if issues:
        raise Invalid("the client cannot be registered", issues=issues)
    row = ApiClient(
        key=key,
        name=name.strip(),
        scopes=" ".join(str(one) for text in scopes.split() if (one := _parse(text))),
        jwks=key_sets.public(jwks) if jwks else None,
        jwks_url=jwks_url or None,
        per_minute=per_minute,
        created=now(),
    )
    db.session.add(row)
    return row


_parse = scopes.parse


def _named(key: str, name: str) -> list[Issue]:
    found = []
    if not _KEY.fullmatch(key):
        found.append(Issue("use 3 to 80 letters, digits, dots, hyphens or underlines", "value", "key"))
    elif find(key) is not None:
        found.append(Issue("this client name is taken", "duplicate", "key"))
    if not name.strip():
        found.append(Issue("enter the name", "required", "name"))
    return found


def _scoped(text: str) -> list[Issue]:
    bad = [one for one in text.split() if (scope := _parse(one)) is None or scope.context != "system"]
    if not text.split():
        return [Issue("enter what the client may do, for example system/Patient.rs", "required", "scopes")]
    if bad:
        return [
            Issue("this is no scope such as system/Patient.rs: {scope}", "value", "scopes", values={"scope": bad[0]})
        ]
    return []


def _keyed(jwks: str | None, jwks_url: str | None) -> list[Issue]:
    if bool(jwks) == bool(jwks_url):
        return [Issue("give the keys or their address, one of the two", "required", "jwks")]
    if jwks:
        try:
            key_sets.public(jwks)
        except Invalid as error:
            return [Issue(issue.text, "value", "jwks", values=issue.values) for issue in error.issues]
        return []
    address = urlsplit(str(jwks_url))
    good = address.scheme == "https" or (address.scheme == "http" and address.hostname in _LOOPBACK)
    if not good or not address.hostname or address.username or len(str(jwks_url)) > 500:
        return [Issue("the address of the keys begins with https://", "value", "jwks_url")]
    return []


def find(key: str) -> ApiClient | None:
    """The client with this ``client_id``, revoked or not; what could not be registered is not looked for."""
    if not _KEY.fullmatch(key):
        return None
    found: ApiClient | None = db.session.scalar(select(ApiClient).where(ApiClient.key == key))
    return found


def read(key: str) -> ApiClient:
    """The same. Raises NotFound."""
    found = find(key)
    if found is None:
        raise NotFound("there is no client {key}", key=key)
    return found


def listed() -> list[ApiClient]:
    """All clients, by name."""
    return list(db.session.scalars(select(ApiClient).order_by(ApiClient.revoked.is_not(None), ApiClient.key)))


def revoke(key: str) -> ApiClient:
    """End a client and all of its tokens. Raises NotFound."""
    found = read(key)
    found.revoked = found.revoked or now()
    tokens.revoke_of(found.id)
    return found


def keys_of(client: ApiClient, kid: str | None) -> key_sets.KeySet:
    """The public keys of a client; behind an address they are fetched anew when ``kid`` is not among them."""
    if client.jwks:
        return key_sets.read(json.loads(client.jwks))
    return key_sets.fetched(str(client.jwks_url), kid)
