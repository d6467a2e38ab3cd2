"""One's own account: language and password."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from app.access import accounts, passwords
from app.access.authentication import authenticated, signed_in
from app.access.tables import Account
from app.errors import Forbidden
from app.i18n import OWN_NAMES
from app.web import render
from app.web.form import AtMost, ChoiceField, Form, PasswordField, Required
from app.web.sign_in import enter, weakness_text
from app.web.storing import store

ALWAYS_OPEN = frozenset(
    {"web.change_password", "web.sign_out", "web.sign_in", "web.asset", "web.new_password", "web.style"}
)


class Language(Form):
    language = ChoiceField(_l("Language of the pages"), [Required()], choices=list(OWN_NAMES.items()))


class ChangePassword(Form):
    old_password = PasswordField(_l("Present password"), [Required(_l("Enter your present password")), AtMost(1000)])
    password = PasswordField(_l("New password"), [Required(_l("Enter a new password")), AtMost(1000)])


def add_to(pages: Blueprint) -> None:
    pages.add_url_rule("/account", "account", account, methods=["GET", "POST"])
    pages.add_url_rule("/account/password", "change_password", change_password, methods=["GET", "POST"])
    pages.before_app_request(insist_on_change)


def insist_on_change() -> Response | None:
    """After a temporary password no other page opens before it is replaced."""
    if request.endpoint in ALWAYS_OPEN or "Authorization" in request.headers or not authenticated():
        return None
    person = signed_in()
    return redirect(url_for("web.change_password")) if person and person.must_change else None


def account() -> Response | str | tuple[str, int]:
    """Who I am here; in which language the pages come."""
    person = _own()
    form = Language.opened(language=person.language)
    if form.accepted():
        person_id, chosen = person.id, form.language.data
        store(lambda _repo: setattr(accounts.find(person_id), "language", str(chosen)))
        session["language"] = chosen
        return redirect(url_for("web.account"), 303)
    return render("web/account.html", person=person, form=form), (422 if form.sent else 200)


def change_password() -> Response | str | tuple[str, int]:
    """Replace one's password; the session goes on, every other one ends."""
    person = _own()
    form = ChangePassword.opened()
    if form.accepted():
        weak = passwords.weakness(form.password.data, person)
        if not passwords.matches(person, form.old_password.data):
            form.wrong("old_password", _("This is not your present password"))
        elif weak:
            form.wrong("password", weakness_text(weak))
        elif form.password.data == form.old_password.data:
            form.wrong("password", _("Choose another password than the present one"))
        else:
            person_id = person.id
            store(lambda _repo: passwords.set_password(accounts.find(person_id), form.password.data))
            enter(accounts.find(person_id))
            flash(_("The new password is set"), "success")
            return redirect(url_for("web.home"), 303)
    return render("web/change_password.html", person=person, form=form), (422 if form.sent else 200)


def _own() -> Account:
    person = signed_in()
    if person is None:
        raise Forbidden("only a person has an account page")
    return person
