"""Languages: French and Arabic as Morocco writes them (``fr_MA``, ``ar_MA``), dates and numbers in their way.

Bare ``ar`` has other month names (أغسطس for غشت), so every locale here carries its country. Digits are Western in both.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel import Locale
from babel.dates import format_date as babel_date
from babel.numbers import format_decimal
from flask import Flask, Response, current_app, has_request_context, request, session
from flask_babel import Babel, get_locale, ngettext
from flask_babel import gettext as _
from markupsafe import Markup, escape

from app import clock
from app.config import LANGUAGES, LOCALES, ROOT

OWN_NAMES = {"fr": "Français", "ar": "العربية"}
NEAR_DAYS = 31
COOKIE, A_YEAR = "language", 365 * 24 * 3600
_PATTERNS = {"day": "d MMM y", "long": "EEEE d MMMM y", "month": "MMMM y", "year": "y"}


def init_app(flask: Flask) -> None:
    """Flask-Babel with our catalogues; the zone is Morocco's."""
    flask.config.setdefault("BABEL_DEFAULT_LOCALE", LOCALES["fr"])
    flask.config.setdefault("BABEL_DEFAULT_TIMEZONE", str(clock.CASABLANCA))
    flask.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", str(ROOT / "translations"))
    Babel(flask, locale_selector=select_locale)
    flask.before_request(keep_choice)
    flask.after_request(remember_choice)


def keep_choice() -> None:
    """Remember ``?lang=`` in the session (never for a bearer request, which has none)."""
    chosen = request.args.get("lang")
    if chosen in LANGUAGES and "Authorization" not in request.headers:
        session["language"] = chosen


def remember_choice(response: Response) -> Response:
    """The language outlives the session, in a cookie of its own: whose session ended reads so in their language."""
    chosen = session.get("language") if session.accessed else None
    if chosen in LANGUAGES and request.cookies.get(COOKIE) != chosen:
        secure = bool(current_app.config.get("SESSION_COOKIE_SECURE"))
        response.set_cookie(COOKIE, chosen, max_age=A_YEAR, secure=secure, httponly=True, samesite="Lax")
    return response


def select_locale() -> str:
    """``?lang=``, then the session, then the last session's, then what the browser asks for, then French."""
    chosen = request.args.get("lang")
    if chosen not in LANGUAGES:
        chosen = session.get("language") or request.cookies.get(COOKIE)
    if chosen not in LANGUAGES:
        chosen = request.accept_languages.best_match(LANGUAGES, "fr")
    return LOCALES[chosen or "fr"]


def language() -> str:
    """``fr`` or ``ar``: the language of this page, mail or command."""
    locale = get_locale() if has_request_context() else None
    return locale.language if locale else "fr"


def locale() -> Locale:
    return Locale.parse(LOCALES[language()])


def direction(code: str | None = None) -> str:
    """``rtl`` or ``ltr``, from the locale's own data."""
    return Locale.parse(LOCALES[code]).text_direction if code else locale().text_direction


def as_day(value: Any) -> date | None:
    """A date, an aware datetime (its Moroccan day) or FHIR text with at least a day; else None."""
    if isinstance(value, datetime):
        return clock.day_of(value)
    if isinstance(value, date):
        return value
    text = str(value or "")
    if len(text) > 10:
        return clock.day_of(datetime.fromisoformat(text.replace("Z", "+00:00")))
    return date.fromisoformat(text) if len(text) == 10 else None


def day_text(value: Any, width: str = "day") -> str:
    """A day as people write it: ``21 nov. 2026``, ``21 نونبر 2026``; partial FHIR dates keep their precision."""
    found = as_day(value)
    if found:
        return babel_date(found, _PATTERNS[width], locale=locale())
    text = str(value or "")
    if len(text) == 7:
        return babel_date(date.fromisoformat(text + "-01"), _PATTERNS["month"], locale=locale())
    return text


def day(value: Any, width: str = "day") -> Markup | str:
    """The day in a ``<time>`` that carries the exact date. Empty for nothing."""
    if not value:
        return ""
    exact = as_day(value) or value
    return Markup('<time datetime="{}">{}</time>').format(str(exact), day_text(value, width))


def daytime(value: Any) -> Markup | str:
    """Day and time in Morocco: ``21 nov. 2026, 09:30``."""
    if not value:
        return ""
    instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    local = instant.astimezone(clock.CASABLANCA)
    shown = Markup('{} <bdi dir="ltr">{:%H:%M}</bdi>').format(day_text(local.date()), local)
    return Markup('<time datetime="{}">{}</time>').format(local.isoformat(timespec="minutes"), shown)


def due_text(when: date, today: date) -> str:
    """``today``, ``in 3 d``, ``overdue by 12 d``; the date itself when it is further than a month ahead."""
    days = (when - today).days
    if days == 0:
        return _("today")
    if days == 1:
        return _("tomorrow")
    if days < 0:
        return ngettext("overdue by %(num)d day", "overdue by %(num)d days", -days)
    if days <= NEAR_DAYS:
        return ngettext("in %(num)d day", "in %(num)d days", days)
    return day_text(when)


def due(value: Any, today: date | None = None) -> Markup | str:
    """The due text in a ``<time>`` of class ``due`` and ``late``, ``now`` or ``next``."""
    when = as_day(value)
    if when is None:
        return ""
    today = today or clock.today()
    state = "late" if when < today else "now" if when == today else "next"
    return Markup('<time class="due {}" datetime="{}" title="{}">{}</time>').format(
        state, when.isoformat(), day_text(when), due_text(when, today)
    )


def num(value: Any, decimals: int | None = None) -> str:
    """A number in the locale's way, with the decimals it came with (or as many as asked)."""
    if value is None or value == "":
        return ""
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    if decimals is not None:
        exact = round(exact, decimals)
    exponent = exact.as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return format_decimal(exact, format=pattern, locale=locale())


def ltr(value: Any) -> Markup:
    """Doses, codes, telephone numbers, Latin names: left to right wherever they stand."""
    return Markup('<bdi dir="ltr">{}</bdi>').format(escape(value))
