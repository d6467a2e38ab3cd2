"""Headers, cookies, CSRF and the limits on guessing."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, abort, current_app, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_talisman import Talisman
from flask_wtf.csrf import CSRFProtect

POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
IDLE = timedelta(minutes=60)

csrf = CSRFProtect()
limiter = Limiter(get_remote_address, default_limits=[], headers_enabled=False)


def init_app(flask: Flask) -> None:
    """Secure cookies and HTTPS when BASE_URL says so; CSRF is judged once we know who asks."""
    https = str(flask.config.get("BASE_URL") or "").startswith("https://")
    flask.config.update(
        SESSION_COOKIE_NAME="maslak",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=https,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session; a form may stay open for hours
        WTF_CSRF_CHECK_DEFAULT=False,
    )
    flask.config.setdefault("PERMANENT_SESSION_LIFETIME", IDLE)
    flask.config.setdefault("RATELIMIT_STORAGE_URI", "memory://")
    Talisman(
        flask,
        force_https=https,
        session_cookie_secure=https,
        strict_transport_security=https,
        content_security_policy=POLICY,
        content_security_policy_nonce_in=["script-src", "style-src"],
        frame_options="DENY",
        referrer_policy="same-origin",
    )
    csrf.init_app(flask)
    limiter.init_app(flask)
    flask.before_request(refuse_unreadable)
    flask.before_request(check_form)
    flask.after_request(keep_private)


def refuse_unreadable() -> None:
    """U+0000 stands in no text that people write, and PostgreSQL has no place for it: 400, wherever it stands.

    The doors of systems say so themselves, in their own words.
    """
    if request.blueprint in ("fhir", "smart"):
        return
    texts = [request.path, *request.args.values(), *(request.view_args or {}).values()]
    if request.method == "POST":
        texts += [value for values in request.form.listvalues() for value in values]
    if any("\x00" in text for text in texts if isinstance(text, str)):
        abort(400)


def check_form() -> None:
    """CSRF for whoever acts by a session; a bearer token is never sent by a browser on its own."""
    enabled = current_app.config.get("WTF_CSRF_ENABLED", True)
    if enabled and request.endpoint and "Authorization" not in request.headers:
        csrf.protect(apply_exemptions=True)


def keep_private(response):  # type: ignore[no-untyped-def]
    """Pages with patients stay in no cache (a shared PC, the back button after sign-out)."""
    response.headers.setdefault("Cache-Control", "no-store" if request.endpoint != "web.asset" else "no-cache")
    return response
