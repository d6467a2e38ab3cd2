"""The Flask blueprint of ``/fhir``, made from the table of interactions and the operations of the features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from flask import Blueprint, Response, current_app, request
from flask.sansio.app import App
from werkzeug.exceptions import default_exceptions
from werkzeug.routing import RequestRedirect

from app.access.table import EXTENSION as TABLE
from app.errors import NotFound
from app.feature import Feature
from app.rest import smart
from app.rest.access import ACCESS
from app.rest.answering import answered
from app.rest.door import failed, response_to, root_url
from app.rest.gate import Gate
from app.rest.operations import EXTENSION, registry
from app.rest.routes import BY_NAME, OPERATION_SHAPES, ROWS, check_types, located
from app.store import register_expander
from app.store.patience import patiently
from app.store.values import register_base
from app.terminology.expander import expand
from app.terminology.fragments import register

MAX_BODY = 32 * 2**20
"""Bytes of a request's body; a bigger one is refused with 413."""
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


def blueprint(features: Sequence[Feature] = ()) -> Blueprint:
    """The door with the operations that these features bring; mount it at ``/fhir``."""
    made = Blueprint("fhir", __name__)
    made.record_once(lambda state: _settle(state.app, features))
    for row in ROWS:
        _add(made, row.shape, row.name, _view(row.name), [row.method])
    for shape in OPERATION_SHAPES:
        _add(made, shape, "operation", _view("operation"), ["GET", "POST"])
    _add(made, "/metadata", "metadata", _view("metadata"), ["GET"])
    _add(made, "/.well-known/smart-configuration", "smart_configuration", smart.configuration, ["GET"])
    _add(made, "", "bundle", _view("bundle"), ["POST"])
    _add(made, "/<path:path>", "nothing", _nothing, _METHODS)
    _add(made, "", "nothing", _nothing, _METHODS)
    made.register_error_handler(Exception, failed)
    for code in default_exceptions:  # named one by one, or the pages' handler of the same status would be asked first
        made.register_error_handler(code, failed)
    made.before_request(_limit)
    made.before_app_request(_misrouted)
    return made


def _settle(app: App, features: Sequence[Feature]) -> None:
    app.config.setdefault("MAX_FHIR_BODY", MAX_BODY)
    app.extensions[EXTENSION] = registry(features)
    app.extensions.setdefault(TABLE, {}).update(ACCESS)
    register_expander(expand)
    for feature in features:
        if feature.code_systems:
            register(feature.code_systems)
    if app.config.get("BASE_URL"):
        register_base(str(app.config["BASE_URL"]).rstrip("/") + "/fhir")
    app.register_blueprint(smart.blueprint())
    app.wsgi_app = Gate(app, app.wsgi_app)  # type: ignore[attr-defined]


def _add(made: Blueprint, shape: str, name: str, view: Callable[..., Response], methods: list[str]) -> None:
    for rule in [shape] if shape else ["", "/"]:
        made.add_url_rule(rule, name, view, methods=methods, strict_slashes=False, provide_automatic_options=False)


def _limit() -> None:
    request.max_content_length = current_app.config["MAX_FHIR_BODY"]


def _misrouted() -> Response | None:
    """An address under the door that no rule can even spell (a line break in it) is answered like any other."""
    error = request.routing_exception
    if error is None or isinstance(error, RequestRedirect) or not request.path.startswith("/fhir/"):
        return None
    return failed(error)


@cache
def _view(endpoint: str) -> Callable[..., Response]:
    def view(**parts: Any) -> Response:
        check_types(parts)
        root = root_url()
        return response_to(*patiently(lambda: answered(endpoint, parts, request.environ, root)))

    view.__doc__ = BY_NAME[endpoint].run.__doc__ if endpoint in BY_NAME else None
    return view


def _nothing(path: str = "") -> Response:
    """Whatever has no route: 404, or 405 with the methods that the address takes."""
    located(request.method, path)
    raise NotFound("There is nothing at {path}.", path=f"/{path}")
