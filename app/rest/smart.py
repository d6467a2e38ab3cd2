"""SMART Backend Services 2.2: what a system reads to find its way in, and where it fetches its token.

https://hl7.org/fhir/smart-app-launch/STU2.2/backend-services.html
https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html#using-well-known
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request

from app.access import assertions, scopes, tokens
from app.access.actor import automation
from app.clock import now
from app.db import db
from app.errors import Invalid, MaslakError, TooMany, Unauthorized, UnsupportedMediaType
from app.fhir.json import dumps
from app.rest import negotiation, pace
from app.rest.door import root_url
from app.store import work
from app.web.protection import csrf

LIFETIME = timedelta(minutes=5)
TOKENS_PER_MINUTE = 120
"""Token requests of one network address; more is a loop, or somebody guessing."""
MOST_BYTES = 32 * 1024
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def blueprint() -> Blueprint:
    """The two addresses at the root of the server."""
    made = Blueprint("smart", __name__)
    made.add_url_rule("/.well-known/smart-configuration", "configuration", configuration, methods=["GET"])
    made.add_url_rule("/oauth/token", "token", token, methods=["POST", "GET", "PUT", "PATCH", "DELETE"])
    csrf.exempt(made)  # nothing here acts by a session
    return made


def token_url() -> str:
    """Where tokens are fetched."""
    return root_url() + "/oauth/token"


def configuration() -> Response:
    """``/.well-known/smart-configuration``, public."""
    said = {
        "token_endpoint": token_url(),
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": assertions.ALGORITHMS,
        "grant_types_supported": ["client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["system/*.cruds", "system/*.rs"],
        "capabilities": ["client-confidential-asymmetric", "permission-v2"],
    }
    return _json(200, said, {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=300"})


def token() -> Response:
    """``POST /oauth/token``: a bearer token of five minutes for a signed statement (RFC 6749 §4.4, RFC 7523 §2.2).

    What is wrong comes back as OAuth says it (RFC 6749 §5.2): ``error`` and ``error_description``.
    """
    if request.method != "POST":
        said = {"error": "invalid_request", "error_description": "a token is asked for by POST"}
        return _json(405, said, _NO_STORE | {"Allow": "POST"})
    try:
        return _token()
    except TooMany as error:
        wait = str(error.details["retry_after"])
        return _refused(429, "temporarily_unavailable", error, {"Retry-After": wait})
    except Unauthorized as error:
        return _refused(401, "invalid_client", error)
    except MaslakError as error:
        return _refused(400, getattr(error, "details", {}).get("oauth", "invalid_request"), error)


def _token() -> Response:
    request.max_content_length = MOST_BYTES
    pace.take(f"token:{request.remote_addr}", TOKENS_PER_MINUTE)
    given = _form()
    if given.get("grant_type") != "client_credentials":
        raise Invalid("grant_type is client_credentials: no other is served", oauth="unsupported_grant_type")
    if given.get("client_assertion_type") != assertions.TYPE or not given.get("client_assertion"):
        raise Invalid("client_assertion_type is {type}, with a client_assertion", type=assertions.TYPE)
    if not given.get("scope"):
        raise Invalid("scope is missing: write for example system/Patient.rs", oauth="invalid_scope")
    client, claims = assertions.proven(given["client_assertion"], frozenset({token_url()}))
    if given.get("client_id", client.key) != client.key:
        raise Unauthorized("client_id is not the one that signed")
    allowed = scopes.granted(given["scope"], client.scopes)
    if not allowed:
        raise Invalid(
            "none of the scopes asked for is registered: {scopes}", scopes=client.scopes, oauth="invalid_scope"
        )
    with work(automation("token endpoint")):
        assertions.use(client, claims)
        tokens.forget_old(client.id)
        client.last_token = now()
        text, _ = tokens.issue(label=client.name, scopes=" ".join(allowed), lifetime=LIFETIME, client_id=client.id)
    seconds = int(LIFETIME.total_seconds())
    said = {"access_token": text, "token_type": "bearer", "expires_in": seconds, "scope": " ".join(allowed)}
    return _json(200, said, _NO_STORE)


def _form() -> dict[str, str]:
    """The parameters of the form. Raises Invalid on any that comes twice (RFC 6749 §3.2)."""
    try:
        negotiation.check_content(request.content_type, frozenset({negotiation.FORM}))
    except UnsupportedMediaType as error:
        raise Invalid(error.message) from None
    if twice := [name for name, values in request.form.lists() if len(values) > 1]:
        raise Invalid("{name} comes twice", name=twice[0])
    return dict(request.form.items())


def _refused(status: int, code: str, error: MaslakError, headers: dict[str, str] | None = None) -> Response:
    db.session.rollback()
    return _json(status, {"error": code, "error_description": error.message}, _NO_STORE | (headers or {}))


def _json(status: int, body: dict[str, Any], headers: dict[str, str]) -> Response:
    return Response(dumps(body), status, headers, content_type="application/json")
