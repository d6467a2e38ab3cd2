"""Public keys of clients: a JWK Set (RFC 7517) as given, or fetched from its address, remembered and bounded.

Only what SMART asks for is taken: RSA keys of 2048 bits at least for RS384, P-384 keys for ES384.
https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html#requirements-for-clients
"""

from __future__ import annotations

import json
from threading import Lock
from time import monotonic
from typing import Any
from urllib.error import URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from app.errors import Invalid, Unauthorized

MOST_BYTES = 64 * 1024
MOST_KEYS = 20
SECONDS = 5
REMEMBERED = 300
AGAIN_AFTER = 10
"""Seconds after which an unknown key lets a set be fetched again: a stranger cannot make us ask all the time."""
MOST_SETS = 200

_sets: dict[str, tuple[float, KeySet]] = {}
_lock = Lock()


def read(data: Any) -> KeySet:
    """The usable keys of a JWK Set. Raises Invalid where there is none, or where a private key was given away."""
    listed = data.get("keys") if isinstance(data, dict) else None
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_KEYS:
        raise Invalid("this is no set of keys: it needs a list named keys, of {most} at most", most=MOST_KEYS)
    if any(isinstance(one, dict) and {"d", "k", "p"} & one.keys() for one in listed):
        raise Invalid("a private key stands in the set: give the public keys alone, and make a new pair")
    keys = [key for one in listed if isinstance(one, dict) and (key := _key(one))]
    if not keys:
        raise Invalid("none of the keys can be used: RSA of 2048 bits or P-384, each with a kid")
    return KeySet(keys)


def public(text: str) -> str:
    """A JWK Set as it is kept. Raises Invalid."""
    try:
        data = json.loads(text)
    except ValueError:
        raise Invalid("this is no set of keys: it cannot be read as JSON") from None
    read(data)
    return json.dumps(data)


def _key(data: dict[str, Any]) -> RSAKey | ECKey | None:
    if not data.get("kid") or data.get("use", "sig") != "sig" or data.get("alg", "RS384") not in ("RS384", "ES384"):
        return None
    try:
        if data.get("kty") == "RSA":
            rsa = RSAKey.import_key(data)
            return rsa if rsa.raw_value.key_size >= 2048 else None
        if data.get("kty") == "EC" and data.get("crv") == "P-384":
            return ECKey.import_key(data)
    except (JoseError, ValueError, TypeError, KeyError):
        pass
    return None


def fetched(address: str, kid: str | None) -> KeySet:
    """The set behind an address, from memory while it is fresh and knows ``kid``. Raises Unauthorized."""
    instant = monotonic()
    with _lock:
        at, kept = _sets.get(address, (0.0, None))
    if kept is not None:
        age = instant - at
        known = kid is None or any(key.kid == kid for key in kept.keys)
        if age < REMEMBERED and (known or age < AGAIN_AFTER):
            return kept
    try:
        found = read(json.loads(_got(address)))
    except (Invalid, ValueError, OSError, URLError) as error:
        raise Unauthorized("the keys of the client cannot be fetched from {address}", address=address) from error
    with _lock:
        if len(_sets) >= MOST_SETS:
            _sets.clear()
        _sets[address] = instant, found
    return found


class _NoRedirect(HTTPRedirectHandler):
    """The address that was registered is asked, and no other."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_opener = build_opener(_NoRedirect)


def _got(address: str) -> bytes:
    request = Request(address, headers={"Accept": "application/jwk-set+json, application/json"})
    with _opener.open(request, timeout=SECONDS) as answer:
        body: bytes = answer.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise ValueError("too long")
    return body


def forget() -> None:
    """Forget what was fetched (tests)."""
    with _lock:
        _sets.clear()
