"""The administrator's pages of systems: which ones fetch their own tokens, what each may do, the end of one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from app.access import clients as registry
from app.errors import Invalid
from app.web import render
from app.web.form import AtMost, Form, LongTextField, NumberField, Required, TextField
from app.web.storing import store


class ClientForm(Form):
    name = TextField(_l("Name of the system"), [Required(_l("Enter the name")), AtMost(120)])
    key = TextField(
        _l("Client name (client_id)"),
        [Required(_l("Enter a client name")), AtMost(80)],
        render_kw={"dir": "ltr", "autocapitalize": "off"},
    )
    scopes = TextField(_l("May do"), [Required(_l("Enter what it may do"))], render_kw={"dir": "ltr"})
    jwks_url = TextField(_l("Address of its public keys"), [AtMost(500)], render_kw={"dir": "ltr", "type": "url"})
    jwks = LongTextField(_l("Or its public keys"), render_kw={"dir": "ltr", "rows": 6})
    per_minute = NumberField(_l("Requests a minute"), low=1, high=1_000_000)


def add_to(pages: Blueprint) -> None:
    pages.add_url_rule("/clients", "clients", listed)
    pages.add_url_rule("/clients/new", "client_new", new, methods=["GET", "POST"])
    pages.add_url_rule("/clients/<key>/revoke", "client_revoke", revoke, methods=["POST"])


def listed() -> str:
    """All systems; those that were ended stand last."""
    return render("web/clients.html", clients=registry.listed())


def new() -> Response | str | tuple[str, int]:
    """Register a system."""
    form = ClientForm.opened(per_minute=registry.PER_MINUTE, scopes="system/Patient.rs")
    if form.accepted():
        try:
            store(lambda _repo: registry.register(**_values(form)))
            flash(_("The system is registered"), "success")
            return redirect(url_for("web.clients"), 303)
        except Invalid as error:
            form.refused(error)
    return render("web/client_form.html", form=form), (422 if form.sent else 200)


def revoke(key: str) -> Response:
    """End a system and all of its tokens."""
    store(lambda _repo: registry.revoke(key))
    flash(_("The system is out; its tokens are no longer taken"), "success")
    return redirect(url_for("web.clients"), 303)


def _values(form: ClientForm) -> dict[str, Any]:
    rate = form.per_minute.data
    return {
        "key": form.key.data or "",
        "name": form.name.data or "",
        "scopes": form.scopes.data or "",
        "jwks": form.jwks.data or None,
        "jwks_url": form.jwks_url.data or None,
        "per_minute": int(rate) if rate is not None else None,
    }
