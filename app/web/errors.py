"""Error pages: what happened and what to do now, in the user's language, with what was typed kept."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from app import errors
from app.access.authentication import authenticated
from app.access.table import opens
from app.i18n import day_text, language
from app.store.trouble import Trouble, trouble
from app.web import drafts

log = logging.getLogger(__name__)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
STATUS: tuple[tuple[type[errors.MaslakError], int], ...] = (
    (errors.Malformed, 400),
    (errors.Invalid, 422),
    (errors.Forbidden, 403),
    (errors.NotFound, 404),
    (errors.Gone, 410),
    (errors.Conflict, 409),
    (errors.PreconditionFailed, 412),
    (errors.TooLarge, 413),
    (errors.TooMany, 429),
)


def init_app(flask: Flask) -> None:
    flask.register_error_handler(errors.Unauthorized, ask_to_sign_in)
    flask.register_error_handler(CSRFError, form_too_old)
    flask.register_error_handler(errors.MaslakError, domain_error)
    flask.register_error_handler(HTTPException, http_error)
    flask.register_error_handler(Exception, unexpected)
    drafts.init_app(flask)


def ask_to_sign_in(error: errors.Unauthorized) -> Response:
    """To the sign-in page and back; a form that was being sent is kept."""
    if "Authorization" in request.headers:
        return Response(error.message, 401, {"WWW-Authenticate": "Bearer"}, content_type="text/plain; charset=utf-8")
    key = drafts.keep() if request.method == "POST" else None
    back = drafts.page() if request.method == "POST" else request.full_path.rstrip("?")
    response = redirected(url_for("web.sign_in", next=None if back == "/" else back, kept="1" if key else None))
    return drafts.hand_over(response, key) if key else response


def form_too_old(error: CSRFError) -> Response | tuple[str, int]:
    """The session changed under an open page: show it again, filled in; a form nobody owns is only refused."""
    if authenticated() is None:
        flash(_("The page had been open for too long. Please try again."), "warning")
        again = request.endpoint == "web.sign_in"
        return redirected(request.full_path.rstrip("?") if again else url_for("web.sign_in"))
    key = drafts.keep()
    if key is None:
        return page(400, error.description)
    flash(_("The page had been open for too long. Nothing is lost: check what you typed and send it again."), "warning")
    return drafts.hand_over(redirected(drafts.page(), 303), key)


def domain_error(error: errors.MaslakError) -> tuple[str, int]:
    """The page of an error of the domain that a view has not shown by itself."""
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 500)
    if status == 500:
        log.error("unexpected error of the domain", exc_info=error)
    said = told(error)
    if status in (404, 410) and said == error.message:  # "There is no Type/id.": the store's own words, for developers
        said = ""
    return page(status, said, error.details)


def told(wrong: errors.MaslakError | errors.Issue) -> str:
    """What went wrong in the user's language, with its values filled in."""
    if isinstance(wrong, errors.Issue):
        return errors.filled(_(wrong.text), _shown(wrong.values))
    return errors.filled(_(wrong.template), _shown(wrong.details))


def _shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a message as people write them: days in words, texts of the content in the page's language."""
    return {name: _said(value) for name, value in values.items()}


def _said(value: Any) -> Any:
    if isinstance(value, errors.InLanguages):
        return value.to(language())
    return day_text(value) if _DAY.fullmatch(str(value)) else value


def http_error(error: HTTPException) -> tuple[str, int] | Any:
    if error.code is None or error.code < 400:
        return error.get_response()
    return page(error.code, "")


def unexpected(error: Exception) -> Response | tuple[str, int]:
    """Something broke: it goes to the log, with no detail on the page."""
    if trouble(error) is Trouble.LATER:
        return busy(error)
    log.exception("unexpected error at %s", request.path, exc_info=error)
    return page(500, "")


def busy(error: Exception) -> Response | tuple[str, int]:
    """Others held the database for too long: nothing was stored, and the form comes back as it was typed."""
    log.warning("the database was busy at %s: %s", request.path, error)
    key = None
    if request.method == "POST":
        with suppress(Exception):  # it may be busy still
            key = drafts.keep()
    if key is None:
        return page(503, "")
    flash(_("Others were storing at the same time. Nothing is lost: send the page again."), "warning")
    return drafts.hand_over(redirected(drafts.page(), 303), key)


def page(status: int, message: str, details: dict[str, Any] | None = None) -> tuple[str, int]:
    """The page of a status. A patient out of scope is offered as emergency access to those who may open it."""
    patient = (details or {}).get("patient")
    emergency = None
    if status == 403 and patient and opens("web.emergency"):
        emergency = url_for("web.emergency", patient=str(patient).removeprefix("Patient/"), next=here())
    return render_template("web/error.html", status=status, message=message, emergency=emergency, back=back()), status


def redirected(url: str, status: int = 302) -> Response:
    """A redirect as Flask's own response, which can carry a cookie."""
    response: Response = current_app.make_response(redirect(url, status))
    return response


def here() -> str:
    return request.full_path.rstrip("?") if request.method == "GET" else drafts.page()


def back() -> str | None:
    """Where the person came from, if that is a page of ours and another than this one."""
    came = urlsplit(request.referrer or "")
    return came.path if came.netloc == request.host and came.path != request.path else None
