"""Errors as OperationOutcomes (https://hl7.org/fhir/R4/http.html#2.21.0.4), in the language that was asked for."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace

from flask import current_app
from flask_babel import force_locale, gettext
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from app import errors
from app.config import LOCALES
from app.errors import Issue, MaslakError, filled
from app.fhir.outcome import outcome
from app.ids import new_id
from app.rest.asked import Answer
from app.rest.wording import _
from app.store.trouble import Trouble, trouble

log = logging.getLogger(__name__)

_BUSY = _("The database is busy with other changes. Nothing was stored: try again in a moment.")
RETRY_AFTER = {Trouble.AGAIN: "1", Trouble.LATER: "5"}
"""Seconds after which the same request is welcome."""

ADDRESS, BODY = "http.url", "http.body"

STATUS: dict[type[MaslakError], int] = {
    errors.Malformed: 400,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.NotSupported: 405,
    errors.NotAcceptable: 406,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.UnsupportedMediaType: 415,
    errors.Invalid: 422,
    errors.TooMany: 429,
}
REASONS = {
    200: "OK", 201: "Created", 204: "No Content", 304: "Not Modified", 400: "Bad Request", 401: "Unauthorized",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable", 409: "Conflict", 410: "Gone",
    412: "Precondition Failed", 413: "Content Too Large", 415: "Unsupported Media Type", 422: "Unprocessable Content",
    429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable",
}  # fmt: skip

GENERAL = {
    "structure": _l("The request cannot be read."),
    "invalid": _l("The content is against a rule."),
    "required": _l("A required element is missing."),
    "value": _l("A value is not allowed."),
    "code-invalid": _l("A code is not in its value set."),
    "login": _l("Sign-in is needed."),
    "forbidden": _l("Access is refused."),
    "not-found": _l("What was asked for does not exist."),
    "deleted": _l("What was asked for has been deleted."),
    "not-supported": _l("This is not supported."),
    "conflict": _l("The present state does not allow it."),
    "duplicate": _l("It is stored already."),
    "too-long": _l("It is over a limit."),
    "throttled": _l("Too many requests."),
    "exception": _l("The server failed."),
}
"""What is said in the reader's language where a text has no translation of its own; the details follow in English."""


def status_of(error: MaslakError) -> int:
    """The HTTP status of a domain error; the nearest class counts."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 400)


_PLACES: dict[type[MaslakError], str] = {
    errors.Unauthorized: "http.Authorization",
    errors.Forbidden: "http.Authorization",
    errors.TooMany: "http.Authorization",
    errors.NotFound: ADDRESS,
    errors.Gone: ADDRESS,
    errors.NotSupported: "http.method",
    errors.NotAcceptable: "http.Accept",
    errors.TooLarge: BODY,
    errors.UnsupportedMediaType: "http.Content-Type",
}
"""The part of the request that an error is about which names no element
(https://hl7.org/fhir/R4/operationoutcome-definitions.html#OperationOutcome.issue.location)."""


def answer_to(error: Exception, language: str = "en", place: str = ADDRESS) -> Answer:
    """The answer to any error whatever. What nobody foresaw is logged under an incident id, never shown.

    ``place``: the part of the request that is meant where the error says nothing nearer.
    """
    if isinstance(error, MaslakError):
        place = next((_PLACES[kind] for kind in type(error).__mro__ if kind in _PLACES), place)
        issues = [issue if issue.expression else replace(issue, expression=place) for issue in error.issues]
        return Answer(status_of(error), outcome(spoken(issues, error.language or language)), headers=_headers(error))
    if isinstance(error, RequestEntityTooLarge):
        return answer_to(errors.TooLarge(f"The body is over {limit_text()}."), language)
    if isinstance(error, HTTPException):
        code = {404: "not-found", 405: "not-supported"}.get(error.code or 400, "processing")
        issue = Issue(error.description or error.name, code, "http.method" if error.code == 405 else ADDRESS)
        return Answer(error.code or 400, outcome(spoken([issue], language)), headers={})
    if (why := trouble(error)) is not None:
        log.warning("The database could not do it now: %s", error)
        issue = Issue(_BUSY, "transient" if why is Trouble.LATER else "lock-error")
        return Answer(503, outcome(spoken([issue], language)), headers={"Retry-After": RETRY_AFTER[why]})
    incident = new_id()
    log.error("Incident %s", incident, exc_info=error)
    issue = Issue(
        "The server failed. Nothing was stored. Tell the operator the incident id.",
        "exception",
        severity="fatal",
        diagnostics=f"incident {incident}",
    )
    return Answer(500, outcome(spoken([issue], language)))


def _headers(error: MaslakError) -> dict[str, str]:
    if isinstance(error, errors.Unauthorized):
        return {"WWW-Authenticate": 'Bearer realm="fhir"'}
    if isinstance(error, errors.TooMany):
        return {"Retry-After": str(error.details.get("retry_after", 60))}
    return {"Allow": error.details["allow"]} if "allow" in error.details else {}


def limit_text() -> str:
    """The limit on bodies in words."""
    return f"{current_app.config['MAX_FHIR_BODY'] // 2**20} MiB"


def spoken(issues: Iterable[Issue], language: str) -> list[Issue]:
    """The issues in the language asked for: a text with a translation becomes it, any other says its kind first."""
    if language not in LOCALES or "babel" not in current_app.extensions:
        return [replace(issue, text=issue.said.get("en", str(issue))) for issue in issues]
    with force_locale(LOCALES[language]):
        return [_translated(issue, language) for issue in issues]


def _translated(issue: Issue, language: str) -> Issue:
    if language in issue.said:
        return replace(issue, text=issue.said[language])
    if (text := gettext(issue.text)) != issue.text:
        return replace(issue, text=filled(text, issue.values))
    general = GENERAL.get(issue.code)
    if general is None:
        return replace(issue, text=str(issue))
    return replace(issue, text=str(general), diagnostics=issue.diagnostics or str(issue))


def within(error: MaslakError, place: str) -> MaslakError:
    """The same error seen from the Bundle: ``Patient.name`` becomes ``Bundle.entry[3].resource.name``."""
    return error.placed(lambda expression: _moved(expression, place))


_REQUEST = {
    "If-Match": "ifMatch",
    "If-None-Match": "ifNoneMatch",
    "If-None-Exist": "ifNoneExist",
    "If-Modified-Since": "ifModifiedSince",
    "method": "method",
}
"""Where an entry of a Bundle says what a request says by a header; its parameters stand in its url."""


def _moved(expression: str | None, place: str) -> str:
    if expression is None:
        return place
    if expression.startswith("Bundle.entry["):
        return expression
    if expression.startswith("http."):
        return f"{place}.request.{_REQUEST.get(expression[5:], 'url')}"
    _, _, rest = expression.partition(".")
    return f"{place}.resource" + (f".{rest}" if rest else "")
