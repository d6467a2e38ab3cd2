"""What was typed is never lost: a form that cannot be received is kept and filled in again after sign-in.

The browser holds a random key in a cookie, the server what was typed, under the key's SHA-256, for KEPT. Only the
account whose page it was gets it back: every form carries a signed mark of its owner (``form_owner``), because by the
time the form comes the session is gone. Passwords and files are never kept.
"""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import delete
from werkzeug.datastructures import MultiDict

from app.access.authentication import authenticated
from app.access.tables import Draft
from app.access.tokens import digest
from app.clock import now
from app.db import db

COOKIE = "draft"
KEPT = timedelta(hours=20)
LARGEST = 200_000
NEVER = ("csrf_token", "form_owner")


def init_app(flask: Flask) -> None:
    flask.after_request(forget_when_received)


def owner_mark() -> str:
    """Who this page was made for, signed, for the hidden field ``form_owner``."""
    owner = _account_id()
    return _signer().dumps(owner) if owner else ""


def keep() -> str | None:
    """Keep the form of this request, if it names its owner. Returns the key for the cookie, or None."""
    try:
        owner = _signer().loads(request.form.get("form_owner", ""))
    except BadSignature:
        return None
    fields = {
        name: values
        for name, values in request.form.lists()
        if name not in NEVER and "password" not in name and not name.startswith("_")
    }
    text = json.dumps(fields, ensure_ascii=False)
    if len(text) > LARGEST:
        return None
    key = secrets.token_urlsafe(24)
    from app.web import WORK

    with current_app.extensions[WORK](_keeper()):
        db.session.execute(delete(Draft).where(Draft.until < now()))
        db.session.add(Draft(digest=digest(key), account_id=owner, path=page(), fields=text, until=now() + KEPT))
    return key


def page() -> str:
    """The address at which the form of this request is shown: its own, else the page it was sent from."""
    rule = request.url_rule
    if rule and rule.methods and "GET" in rule.methods:
        return request.full_path.rstrip("?")
    came = urlsplit(request.referrer or "")
    if came.netloc == request.host:
        return came.path + (f"?{came.query}" if came.query else "")
    return "/"


def values() -> MultiDict[str, str] | None:
    """What the signed-in account had typed into this page, for a GET; None when nothing is kept."""
    if "draft_values" not in g:
        row = _row() if request.method == "GET" else None
        same = row is not None and urlsplit(row.path).path == request.path
        g.draft_values = MultiDict(json.loads(row.fields)) if row is not None and same else None
    return g.draft_values


def waiting() -> str | None:
    """The page whose form waits for the signed-in account, to lead there after sign-in."""
    row = _row()
    return row.path if row else None


def forget_when_received(response: Response) -> Response:
    """A form that was taken (POST answered by a redirect) needs its draft no more."""
    if request.method == "POST" and response.status_code in (302, 303) and COOKIE in request.cookies:
        received = request.endpoint not in ("web.sign_in", "web.sign_out") and not g.get("draft_kept")
        if received and authenticated():
            response.delete_cookie(COOKIE)
    return response


def hand_over(response: Response, key: str) -> Response:
    """Give the browser the key."""
    g.draft_kept = True
    response.set_cookie(
        COOKIE,
        key,
        max_age=KEPT,
        httponly=True,
        samesite="Lax",
        secure=current_app.config.get("SESSION_COOKIE_SECURE", False),
    )
    return response


def _row() -> Draft | None:
    key, owner = request.cookies.get(COOKIE), _account_id()
    if not key or not owner:
        return None
    row = db.session.get(Draft, digest(key))
    return row if row and row.account_id == owner and row.until > now() else None


def _account_id() -> int | None:
    actor = authenticated()
    return int(actor.key.removeprefix("account:")) if actor and actor.key.startswith("account:") else None


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="form-owner")


def _keeper():  # type: ignore[no-untyped-def]
    from app.access.actor import automation

    return automation("drafts")
