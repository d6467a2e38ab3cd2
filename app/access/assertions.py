"""A client proves who it is by a signed statement (``private_key_jwt``), each good once.

https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html#authenticating-to-the-token-endpoint
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from app.access import clients
from app.access.tables import ApiClient, UsedAssertion
from app.access.tokens import digest
from app.clock import now
from app.db import db
from app.errors import Unauthorized

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ["RS384", "ES384"]
LONGEST = timedelta(minutes=5)
SKEW = timedelta(seconds=30)
"""Clocks differ by so much without anybody's fault."""
_LONGEST_TEXT = 8192


def proven(assertion: str, audiences: frozenset[str]) -> tuple[ApiClient, dict[str, Any]]:
    """(client, claims) of a statement that is good but for having been used. Raises Unauthorized saying what is wrong.

    ``audiences`` are the addresses by which this token endpoint may be meant. Its keys may have to be fetched, so this
    stands before any transaction that writes.
    """
    if len(assertion) > _LONGEST_TEXT:
        raise Unauthorized("the assertion is too long")
    header, claims = _unverified(assertion)
    client = clients.find(str(claims.get("iss", "")))
    if client is None or client.revoked is not None:
        raise Unauthorized("the client is not registered here")
    try:
        token = jwt.decode(assertion, clients.keys_of(client, header["kid"]), algorithms=ALGORITHMS)
    except (JoseError, ValueError) as error:
        raise Unauthorized("the signature of the assertion is not of a key of the client") from error
    _judge(token.claims, client, audiences)
    return client, token.claims


def _unverified(assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, to know whose keys to look at; nothing is believed yet."""
    try:
        found = jws.extract_compact(assertion.encode())
        header, claims = found.headers(), json.loads(found.payload)
    except (JoseError, ValueError, AttributeError) as error:
        raise Unauthorized("the assertion is no signed JWT") from error
    if header.get("alg") not in ALGORITHMS or not header.get("kid"):
        raise Unauthorized("the assertion says kid and alg: RS384 or ES384")
    if not isinstance(claims, dict):
        raise Unauthorized("the assertion has no claims")
    return header, claims


def _judge(claims: dict[str, Any], client: ApiClient, audiences: frozenset[str]) -> None:
    """Raises Unauthorized on the first claim that is wrong."""
    if claims.get("iss") != client.key or claims.get("sub") != client.key:
        raise Unauthorized("iss and sub of the assertion are both the client_id")
    said = claims.get("aud")
    if not audiences & {one for one in (said if isinstance(said, list) else [said]) if isinstance(one, str)}:
        raise Unauthorized(
            "aud of the assertion is the address of the token endpoint: {address}", address=min(audiences)
        )
    ends, instant = _instant(claims.get("exp")), now()
    if ends is None or ends <= instant - SKEW:
        raise Unauthorized("exp of the assertion is missing or past")
    if ends > instant + LONGEST + SKEW:
        raise Unauthorized("exp of the assertion is more than five minutes ahead")
    for name in ("nbf", "iat"):
        begins = _instant(claims[name]) if name in claims else instant
        if begins is None or begins > instant + SKEW:
            raise Unauthorized("{name} of the assertion lies ahead", name=name)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= 500:
        raise Unauthorized("the assertion has no jti")


def _instant(value: Any) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 10**11:
        return None
    return datetime.fromtimestamp(value, UTC)


def use(client: ApiClient, claims: dict[str, Any]) -> None:
    """Mark a statement as used, within a work(). Raises Unauthorized when it was; of two at once the database lets one
    through.
    """
    instant = now()
    ends = _instant(claims["exp"]) or instant
    db.session.execute(delete(UsedAssertion).where(UsedAssertion.until < instant - SKEW))
    db.session.add(UsedAssertion(client_id=client.id, digest=digest(claims["jti"]), until=ends + SKEW))
    try:
        db.session.flush()
    except IntegrityError as error:
        raise Unauthorized("the assertion has been used already: each jti is good once") from error
