"""Jinja filters and globals of the shell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import wtforms
from flask import Flask, g, request
from flask_wtf.csrf import generate_csrf

from app import clock, i18n
from app.access.authentication import authenticated
from app.access.table import opens
from app.fhir import translation
from app.ids import new_id
from app.web import drafts


def init_app(flask: Flask) -> None:
    """What every template may use."""
    flask.jinja_env.trim_blocks = True
    flask.jinja_env.lstrip_blocks = True
    flask.jinja_env.filters |= {
        "day": i18n.day,
        "daytime": i18n.daytime,
        "due": i18n.due,
        "num": i18n.num,
        "ltr": i18n.ltr,
        "t": translated,
    }
    flask.jinja_env.globals |= {
        "language": i18n.language,
        "direction": i18n.direction,
        "own_names": i18n.OWN_NAMES,
        "actor": authenticated,
        "opens": opens,
        "today": clock.today,
        "csrf_token": generate_csrf,
        "form_key": form_key,
        "form_owner": drafts.owner_mark,
        "in_language": in_language,
        "is_list": is_list,
        "num": i18n.num,
    }


def translated(element: Mapping[str, Any] | None, name: str) -> str:
    """A text of a FHIR element in the page's language: ``{{ plan|t('title') }}``."""
    return translation.text(element, name, i18n.language()) or "" if element else ""


def is_list(field: wtforms.Field) -> bool:
    """Whether a field shows as several buttons or boxes, each with an id of its own (``…-0``)."""
    return isinstance(field.widget, wtforms.widgets.ListWidget)


def form_key() -> str:
    """The key that makes a form sent twice count once: kept when a form comes back, fresh otherwise."""
    if "form_key" not in g:
        kept = drafts.values()
        sent = request.form.get("form_key") if request.method == "POST" else None
        g.form_key = sent or (kept.get("form_key") if kept else None) or new_id()
    return g.form_key


def in_language(code: str) -> str:
    """The address of this page in another language."""
    arguments = request.args.to_dict(flat=False)
    arguments["lang"] = [code]
    path = request.path if request.method == "GET" or _has_get() else "/"
    return f"{path}?{urlencode(arguments, doseq=True)}"


def _has_get() -> bool:
    rule = request.url_rule
    return bool(rule and rule.methods and "GET" in rule.methods)
