"""From HTTP to an interaction and back: every request passes here, through ``work(actor)``, and never ends in a
bare 500.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Request, Response, current_app, request
from werkzeug.http import http_date

from app.access.authentication import current_actor
from app.errors import Malformed
from app.fhir.json import dumps, loads
from app.rest import negotiation
from app.rest.asked import Answer, Asked, decoded
from app.rest.json_patch import operations_of
from app.rest.outcomes import answer_to

_BODY = frozenset({"POST", "PUT", "PATCH"})
_NO_BODY = frozenset({204, 304})


def base_url() -> str:
    """The address of this door, as links and fullUrls write it: BASE_URL of the settings, else as it was called."""
    configured = current_app.config.get("BASE_URL")
    return (str(configured).rstrip("/") if configured else request.host_url.rstrip("/")) + "/fhir"


def asked_of(request: Request, parts: Mapping[str, Any]) -> Asked:
    """What an HTTP request asks. Raises Malformed, NotAcceptable, UnsupportedMediaType, TooLarge, Unauthorized."""
    query = decoded(_text(request.query_string))
    headers = request.headers
    formats = [value for name, value in query if name == "_format"]
    negotiation.check_format(formats[-1] if formats else None, headers.get("Accept"))
    method = "GET" if request.method == "HEAD" else request.method
    asked = Asked(
        actor=current_actor(),
        base=base_url(),
        method=method,
        parameters=query,
        if_match=negotiation.version_of(headers.get("If-Match")),
        if_none_match=headers.get("If-None-Match"),
        if_modified_since=negotiation.http_date(headers.get("If-Modified-Since")),
        if_none_exist=headers.get("If-None-Exist"),
        prefer=negotiation.preference(headers.get("Prefer")),
        language=negotiation.language(headers.get("Accept-Language")),
        headers=headers,
        **parts,
    )
    return with_body(asked, request) if method in _BODY else asked


def with_body(asked: Asked, request: Request) -> Asked:
    """The same with its body read: a resource, a JSON Patch, or the parameters of a form."""
    data = request.get_data(cache=False)
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
        raise Malformed(f"Content-Encoding: {request.content_encoding} is not read here: send the JSON as it is.")
    if not data:
        raise Malformed(f"{asked.method} needs a body: a resource as FHIR JSON.")
    body = operations_of(data) if content_type == negotiation.JSON_PATCH else loads(data)
    return asked.at(resource=body, content_type=content_type)


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"The parameters are not UTF-8: byte {error.start}.") from None


def response_to(answer: Answer, asked: Asked | None = None) -> Response:
    """An answer as HTTP: ETag, Last-Modified, Location where the answer has them; pretty where asked."""
    body = answer.body
    pretty = request.args.get("_pretty") == "true"
    if isinstance(body, bytes):
        data = dumps(loads(body), pretty=True) if pretty else body
    else:
        data = dumps(body, pretty=pretty) if body is not None else b""
    response = Response(data if answer.status not in _NO_BODY else b"", answer.status)
    if answer.status in _NO_BODY or not data:
        response.headers.pop("Content-Type", None)
    else:
        response.headers["Content-Type"] = negotiation.SERVED
    if answer.etag:
        response.headers["ETag"] = answer.etag
    if answer.last_updated:
        response.headers["Last-Modified"] = http_date(instant(answer.last_updated))
    if answer.located and asked is not None and asked.method in ("POST", "PUT", "PATCH"):
        response.headers["Location" if asked.method != "PATCH" else "Content-Location"] = (
            f"{asked.base}/{answer.located}"
        )
    response.headers["Cache-Control"] = "no-cache" if answer.etag else "no-store"
    response.headers["Vary"] = "Accept, Accept-Language, Authorization"
    for name, value in answer.headers.items():
        response.headers[name] = value
    return response


def instant(text: str) -> datetime:
    """A stored instant as an aware datetime."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def failed(error: Exception) -> Response:
    """Any error whatever as an OperationOutcome; never a page, never a bare status."""
    language = negotiation.language(request.headers.get("Accept-Language"))
    return response_to(answer_to(error, language))
