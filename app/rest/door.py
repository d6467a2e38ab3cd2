"""From HTTP to an interaction and back: every request passes here, through ``work(actor)``, and never ends in a
bare 500.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from flask import Request, Response, current_app, request
from flask.globals import request_ctx
from werkzeug.datastructures import EnvironHeaders
from werkzeug.http import http_date
from werkzeug.sansio.utils import get_current_url, get_host

from app.access.actor import Actor
from app.errors import Malformed, UnsupportedMediaType
from app.fhir.json import dumps, loads
from app.rest import negotiation
from app.rest.asked import Answer, Asked, decoded
from app.rest.json_patch import operations_of
from app.rest.outcomes import ADDRESS, BODY, REASONS, answer_to
from app.store.values import register_base

Environ = dict[str, Any]
_BODY = frozenset({"POST", "PUT", "PATCH"})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_NO_BODY = frozenset({204, 304})


def base_url() -> str:
    """The address of this door, as links and fullUrls write it: BASE_URL of the settings, else as it was called."""
    return root_url() + "/fhir"


def root_url() -> str:
    """The address of the whole server, without a slash at its end."""
    return root_of(current_app.config, request.environ)


def root_of(config: Mapping[str, Any], environ: Mapping[str, Any]) -> str:
    """The same by the settings and the WSGI environment of a request."""
    configured = config.get("BASE_URL")
    if configured:
        return str(configured).rstrip("/")
    said = environ.get
    return _called(environ["wsgi.url_scheme"], said("HTTP_HOST"), said("SERVER_NAME", ""), said("SERVER_PORT", ""))


@lru_cache(64)
def _called(scheme: str, host: str | None, name: str, port: str) -> str:
    url = get_current_url(scheme, get_host(scheme, host, (name, int(port or 0)))).rstrip("/")
    if urlsplit(url).hostname in _LOOPBACK:  # anybody may write another name into Host
        register_base(f"{url}/fhir")
    return url


def asked_of(environ: Environ, parts: Mapping[str, Any], root: str, actor: Actor) -> Asked:
    """What the request of a WSGI environment asks: who asks, and at which address, are known already.

    Raises Malformed, NotAcceptable, UnsupportedMediaType, TooLarge.
    """
    said = environ.get
    query = decoded(_query(environ))
    formats = [value for name, value in query if name == "_format"]
    negotiation.check_format(formats[-1] if formats else None, said("HTTP_ACCEPT"))
    method = environ["REQUEST_METHOD"].upper()
    asked = Asked(
        actor=actor,
        base=root + "/fhir",
        method="GET" if method == "HEAD" else method,
        parameters=query,
        if_match=negotiation.version_of(said("HTTP_IF_MATCH")),
        if_none_match=said("HTTP_IF_NONE_MATCH"),
        if_modified_since=negotiation.http_date(said("HTTP_IF_MODIFIED_SINCE")),
        if_none_exist=said("HTTP_IF_NONE_EXIST"),
        prefer=negotiation.preference(said("HTTP_PREFER")),
        language=negotiation.language(said("HTTP_ACCEPT_LANGUAGE")),
        headers=EnvironHeaders(environ),
        **parts,
    )
    return with_body(asked, request_ctx.request) if method in _BODY else asked


def with_body(asked: Asked, request: Request) -> Asked:
    """The same with its body read: a resource, a JSON Patch, or the parameters of a form."""
    data = request.get_data()  # kept: what another transaction stood in the way of is read again
    searching = request.path.endswith("/_search")
    if not data and (searching or asked.operation):
        if not searching and "Authorization" not in request.headers:  # a form of another site cannot say JSON
            negotiation.check_content(request.content_type, negotiation.JSON_TYPES)
        return asked
    if searching:
        negotiation.check_content(request.content_type, frozenset({negotiation.FORM}))
        return asked.at(parameters=asked.parameters + decoded(_text(data)))
    allowed = negotiation.JSON_TYPES
    if asked.method == "PATCH":
        allowed = allowed | {negotiation.JSON_PATCH}
    content_type = negotiation.check_content(request.content_type, allowed)
    if request.content_encoding:
        said = f"Content-Encoding: {request.content_encoding} is not read here: send the JSON as it is."
        raise UnsupportedMediaType(said, expression="http.Content-Encoding")
    if not data:
        raise Malformed(f"{asked.method} needs a body: a resource as FHIR JSON.")
    body = operations_of(data) if content_type == negotiation.JSON_PATCH else loads(data)
    return asked.at(resource=body, content_type=content_type)


def _query(environ: Environ) -> str:
    text: str = environ.get("QUERY_STRING", "")
    return text if text.isascii() else _text(text.encode("latin-1"))


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"The parameters are not UTF-8: byte {error.start}.") from None


def response_to(answer: Answer, asked: Asked | None = None) -> Response:
    """An answer as Flask's response."""
    status, headers, body = wire(answer, asked, request.environ)
    response = Response(body, status, headers=headers)
    if not body:
        response.headers.pop("Content-Type", None)
    return response


def wire(answer: Answer, asked: Asked | None, environ: Environ) -> tuple[str, list[tuple[str, str]], bytes]:
    """An answer as HTTP says it: the status line, the headers (ETag, Last-Modified and Location where the answer has
    them), the body (pretty where asked).
    """
    body = answer.body
    pretty = "_pretty=true" in environ.get("QUERY_STRING", "")
    if isinstance(body, bytes):
        data = dumps(loads(body), pretty=True) if pretty and body else body
    else:
        data = dumps(body, pretty=pretty) if body is not None else b""
    headers = [
        ("Cache-Control", "no-cache" if answer.etag else "no-store"),
        ("Vary", "Accept, Accept-Language, Authorization"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    if answer.status in _NO_BODY:
        data = b""
    elif data:
        headers.append(("Content-Type", negotiation.SERVED))
    if answer.etag:
        headers.append(("ETag", answer.etag))
    if answer.last_updated:
        headers.append(("Last-Modified", _http_date(answer.last_updated)))
    if answer.located and asked is not None and asked.method in ("POST", "PUT", "PATCH"):
        name = "Location" if asked.method != "PATCH" else "Content-Location"
        headers.append((name, f"{asked.base}/{answer.located}"))
    headers += answer.headers.items()
    return f"{answer.status} {REASONS.get(answer.status, 'Unknown')}", headers, data


@lru_cache(4096)
def _http_date(text: str) -> str:
    return http_date(instant(text))


def instant(text: str) -> datetime:
    """A stored instant as an aware datetime."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def failed(error: Exception) -> Response:
    """Any error whatever as an OperationOutcome; never a page, never a bare status."""
    return response_to(failure(error, request.environ))


def failure(error: Exception, environ: Environ) -> Answer:
    """The answer to any error whatever, in the language asked for."""
    writes = environ["REQUEST_METHOD"] in _BODY and not environ.get("PATH_INFO", "").endswith("/_search")
    return answer_to(error, negotiation.language(environ.get("HTTP_ACCEPT_LANGUAGE")), BODY if writes else ADDRESS)
