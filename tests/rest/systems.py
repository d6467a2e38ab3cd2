"""Systems that fetch their own tokens: key pairs, signed statements, a server of public keys on loopback."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from werkzeug.test import TestResponse

from app.access import clients
from app.access.actor import SYSTEM
from app.store import work

from .conftest import Fhir

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
AUDIENCE = "http://localhost/oauth/token"


@cache
def pair(algorithm: str = "ES384", kid: str = "one") -> Any:
    """A key pair; the same for the same words."""
    parameters = {"kid": kid, "use": "sig", "alg": algorithm}
    if algorithm.startswith("RS"):
        return RSAKey.generate_key(2048, parameters)
    return ECKey.generate_key("P-384", parameters)


def jwks(*pairs: Any) -> str:
    """The public half, as a JWK Set."""
    return json.dumps(KeySet(list(pairs)).as_dict(private=False))


def register(fhir: Fhir, key: str, **more: Any) -> None:
    """Put a client into the registry of a door."""
    if "jwks" not in more and "jwks_url" not in more:
        more["jwks"] = jwks(pair())
    with fhir.flask.app_context(), work(SYSTEM):
        clients.register(**({"key": key, "name": key, "scopes": "system/*.cruds"} | more))


def signed(key: str, by: Any = None, **claims: Any) -> str:
    """A statement of a client; claims given as None are left out."""
    by = by or pair()
    now = int(time.time())
    said = {"iss": key, "sub": key, "aud": AUDIENCE, "jti": uuid.uuid4().hex, "iat": now, "exp": now + 240} | claims
    return jwt.encode(
        {"alg": by.alg, "kid": by.kid},
        {name: value for name, value in said.items() if value is not None},
        by,
        algorithms=[by.alg],
    )


def ask(fhir: Fhir, assertion: str, scope: str = "system/Patient.rs", **more: str) -> TestResponse:
    """The request for a token."""
    form = {
        "grant_type": "client_credentials",
        "scope": scope,
        "client_assertion_type": TYPE,
        "client_assertion": assertion,
    }
    return fhir.client.post("/oauth/token", data={k: v for k, v in (form | more).items() if v})


def token_of(fhir: Fhir, key: str, scope: str) -> str:
    """A token fetched in the regular way, at hand as ``by=key``."""
    answer = ask(fhir, signed(key), scope)
    assert answer.status_code == 200, answer.text
    fhir.held[key] = answer.get_json()["access_token"]
    return fhir.held[key]


class Keys:
    """A server of public keys: what it serves may change, and how often it was asked is counted."""

    def __init__(self) -> None:
        self.body: bytes = b""
        self.status = 200
        self.asked = 0
        self.location: str | None = None
        self.url = ""


@contextmanager
def key_server() -> Iterator[Keys]:
    keys = Keys()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keys.asked += 1
            self.send_response(keys.status)
            if keys.location:
                self.send_header("Location", keys.location)
            self.end_headers()
            self.wfile.write(keys.body)

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    keys.url = f"http://127.0.0.1:{server.server_port}/jwks.json"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield keys
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
