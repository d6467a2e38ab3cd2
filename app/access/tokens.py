"""Bearer tokens: random, shown once, stored as SHA-256, with scopes and an end."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from app.access.tables import ApiClient, ApiToken
from app.clock import now
from app.db import db
from app.errors import Invalid, NotFound, Unauthorized

SCOPE = re.compile(r"^(system|user|patient)/(\*|[A-Z][A-Za-z]+)\.(c?r?u?d?s?)(\?\S+)?$")
LONGEST = timedelta(days=366)
_REMEMBERED_SECONDS = 15
_known: dict[str, tuple[datetime, Verified]] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Verified:
    """A good token: who, what, until when. One that is remembered is the same object."""

    id: int
    label: str
    scopes: tuple[str, ...]
    expires: datetime
    account_id: int | None
    client: str | None = None
    """The ``client_id`` of the registered system that fetched it."""
    per_minute: int | None = None


def checked_scopes(text: str) -> tuple[str, ...]:
    """Space-separated SMART v2 scopes, judged. Raises Invalid naming those that cannot be read.

    https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources
    """
    scopes = tuple(dict.fromkeys(text.split()))
    bad = [scope for scope in scopes if not (match := SCOPE.match(scope)) or not match[3]]
    if bad or not scopes:
        raise Invalid(f"not a scope such as system/*.cruds: {' '.join(bad) or '(none)'}")
    return scopes


def issue(
    *, label: str, scopes: str, lifetime: timedelta, account_id: int | None = None, client_id: int | None = None
) -> tuple[str, ApiToken]:
    """A new token: its text (shown this once) and its row, added to the session. Raises Invalid."""
    if not timedelta(0) < lifetime <= LONGEST:
        raise Invalid(f"a token lives between a minute and {LONGEST.days} days")
    text = "mslk_" + secrets.token_urlsafe(32)
    row = ApiToken(
        digest=digest(text),
        label=label,
        scopes=" ".join(checked_scopes(scopes)),
        account_id=account_id,
        client_id=client_id,
        created=now(),
        expires=now() + lifetime,
    )
    db.session.add(row)
    return text, row


def verify(text: str) -> Verified:
    """The token with this text. Raises Unauthorized when it is unknown, revoked or past its time.

    Good tokens are remembered for some seconds, so that an EHR's burst costs one look-up.
    """
    key, instant = digest(text), now()
    if key in _known and _known[key][0] > instant:
        token = _known[key][1]
    else:
        found = db.session.execute(
            select(ApiToken, ApiClient)
            .outerjoin(ApiClient, ApiToken.client_id == ApiClient.id)
            .where(ApiToken.digest == key, ApiToken.revoked.is_(None), ApiClient.revoked.is_(None))
        ).first()
        if found is None:
            raise Unauthorized("the token is unknown or was revoked")
        row, client = found
        token = Verified(
            row.id,
            row.label,
            tuple(row.scopes.split()),
            row.expires,
            row.account_id,
            client.key if client else None,
            client.per_minute if client else None,
        )
        _remember(key, token, instant)
    if token.expires <= instant:
        raise Unauthorized("the token is past its time")
    return token


def revoke(token_id: int) -> ApiToken:
    """End a token now. Raises NotFound."""
    row = db.session.get(ApiToken, token_id)
    if row is None:
        raise NotFound(f"there is no token {token_id}")
    row.revoked = row.revoked or now()
    _known.pop(row.digest, None)
    return row


def revoke_of(client_id: int) -> None:
    """End all tokens of a registered system, here at once and in other processes within seconds."""
    for row in db.session.scalars(select(ApiToken).where(ApiToken.client_id == client_id, ApiToken.revoked.is_(None))):
        revoke(row.id)


def forget_old(client_id: int) -> None:
    """Take away the tokens of a system whose time ended more than a day ago; the audit names the system, not them."""
    old = ApiToken.expires < now() - timedelta(days=1)
    db.session.execute(delete(ApiToken).where(ApiToken.client_id == client_id, old))


def digest(text: str) -> str:
    """SHA-256 in hexadecimal; the text has 256 random bits, so no slow hash is needed."""
    return hashlib.sha256(text.encode()).hexdigest()


def _remember(key: str, token: Verified, instant: datetime) -> None:
    if len(_known) > 1000:
        _known.clear()
    _known[key] = (instant + timedelta(seconds=_REMEMBERED_SECONDS), token)
