"""The way in for systems: a request to ``/fhir`` that carries an ``Authorization`` header passes by what pages need.

Sessions, CSRF, page headers, compression and the rest cost four times what a read costs, and say nothing to a system
with a token. The interaction behind it is the same as that of Flask's routes, and so is the access table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, Self

from flask import Flask, Request
from flask.ctx import AppContext, RequestContext
from flask.globals import _cv_app, _cv_request
from flask.sessions import NullSession

from app.access.actor import Actor
from app.access.authentication import authenticate
from app.access.table import PUBLIC
from app.db import db, session_begun
from app.errors import Forbidden, Unauthorized
from app.fhir.definitions import resource_types
from app.rest import pace
from app.rest.access import ACCESS
from app.rest.answering import answered
from app.rest.asked import Answer, Asked
from app.rest.door import failure, root_of, wire
from app.rest.routes import located
from app.store.patience import patiently

Environ = dict[str, Any]
Start = Callable[..., Any]
_SHORT = {("GET", 2): "search_type", ("POST", 2): "create", ("GET", 3): "read", ("PUT", 3): "update"}


class Gate:
    """WSGI before Flask's own; all that is not for it goes through unchanged."""

    def __init__(self, flask: Flask, inner: Callable[[Environ, Start], Iterable[bytes]]):
        self._flask = flask
        self._inner = inner
        self._secure = str(flask.config.get("BASE_URL") or "").startswith("https://")

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if "HTTP_AUTHORIZATION" not in environ or not (path == "/fhir" or path.startswith("/fhir/")):
            return self._inner(environ, start)
        if path.startswith("/fhir/.well-known/") or (self._secure and not _arrived_secure(environ)):
            return self._inner(environ, start)
        with _Context(self._flask, environ) as context:
            answer, asked = _answer(context, path)
            status, headers, body = wire(answer, asked, environ)
        if self._secure:
            headers.append(("Strict-Transport-Security", "max-age=31556926; includeSubDomains"))
        if answer.status not in (204, 304):
            headers.append(("Content-Length", str(len(body))))
        start(status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


class _Context(RequestContext):
    """Flask's request context without a session, without its routes, and without what it tells others; its request is
    made when somebody asks for it, which a read does not.

    What hangs on the end of Flask's own contexts is the session of the database, ended here too, and the limiter of
    pages, which has counted nothing.
    """

    def __init__(self, flask: Flask, environ: Environ):
        self.app = flask
        self.environ = environ
        self.inner = _Inner(flask)
        self.url_adapter = None
        self.flashes = None
        self._session = _NOBODY
        self._after_request_functions = []
        self._cv_tokens = []

    @cached_property
    def request(self) -> Request:  # type: ignore[override]
        request = self.app.request_class(self.environ)
        request.max_content_length = self.app.config["MAX_FHIR_BODY"]
        return request

    def __enter__(self) -> Self:
        self._tokens = _cv_app.set(self.inner), _cv_request.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if session_begun():
                db.session.remove()
        finally:
            _cv_request.reset(self._tokens[1])
            _cv_app.reset(self._tokens[0])


class _Inner(AppContext):
    """Flask's context of the application without routes either."""

    def __init__(self, flask: Flask):
        self.app = flask
        self.url_adapter = None
        self.g = flask.app_ctx_globals_class()
        self._cv_tokens = []


_NOBODY = NullSession()


def _answer(context: _Context, path: str) -> tuple[Answer, Asked | None]:
    environ = context.environ
    try:
        endpoint, parts = place(environ["REQUEST_METHOD"].upper(), path if path.isascii() else context.request.path)
        grant = ACCESS.get(f"fhir.{endpoint}")
        actor = None if grant == PUBLIC else _let_in(context, grant)
        root = root_of(context.app.config, environ)
        return patiently(lambda: answered(endpoint, parts, environ, root, actor))
    except Exception as error:  # every kind is known to answer_to
        return failure(error, environ), None


def _let_in(context: _Context, grant: str | None) -> Actor:
    """The access table, as for every other route; and no client faster than it was promised. Raises Forbidden,
    Unauthorized, TooMany.
    """
    actor = context.inner.g.actor = authenticate(context.environ)
    if actor is None:
        raise Unauthorized("sign in to go on")
    if grant is None or not actor.may(grant):
        raise Forbidden("This needs the grant {grant}, which the token's scopes do not give.", grant=grant or "")
    pace.keep(actor)
    return actor


def place(method: str, path: str) -> tuple[str, Mapping[str, Any]]:
    """(endpoint, parts) of an address; the four that come most without a look at the routes. Raises NotFound,
    NotSupported.
    """
    parts = path[5:].split("/")
    if len(parts) < 4 and (name := _SHORT.get((method, len(parts)))) and parts[1] in resource_types():
        if len(parts) == 2:
            return name, {"type": parts[1]}
        if _plain(parts[2]):
            return name, {"type": parts[1], "id": parts[2]}
    return located("GET" if method == "HEAD" else method, path[5:])


def _plain(id: str) -> bool:
    return id.isascii() and id.replace("-", "").replace(".", "").isalnum()


def _arrived_secure(environ: Environ) -> bool:
    forwarded = environ.get("HTTP_X_FORWARDED_PROTO", "http")
    return bool(environ.get("wsgi.url_scheme") == "https" or forwarded == "https")
