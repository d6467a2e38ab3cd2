"""The administrator's pages of accounts: list, make, change, a new password."""

from __future__ import annotations

import smtplib
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from app.access import accounts as people
from app.access import passwords, staff
from app.access.grants import ROLES
from app.access.tables import Account
from app.errors import Invalid
from app.fhir.repository import Repository
from app.i18n import OWN_NAMES
from app.web import facility_tree, render
from app.web.form import AtMost, BooleanField, ChoiceField, ChoicesField, Form, Required, TextField
from app.web.navigation import ROLE_NAMES
from app.web.place_field import PlaceField
from app.web.sign_in import send_link
from app.web.storing import store

PAGE = 25


class AccountForm(Form):
    username = TextField(
        _l("User name"),
        [Required(_l("Enter a user name")), AtMost(80)],
        render_kw={"dir": "ltr", "autocapitalize": "off"},
    )
    name = TextField(_l("Name in Latin letters"), [Required(_l("Enter the name")), AtMost(160)])
    name_ar = TextField(_l("Name in Arabic letters"), [AtMost(160)], render_kw={"dir": "rtl", "lang": "ar"})
    email = TextField(_l("E-mail"), [AtMost(254)], render_kw={"type": "email", "dir": "ltr"})
    roles = ChoicesField(_l("Roles"), [Required(_l("Choose at least one role"))])
    organization = PlaceField(_l("Establishment"))
    inpe = TextField(
        _l("Professional number (INPE)"), [AtMost(20)], width="short", render_kw={"inputmode": "numeric", "dir": "ltr"}
    )
    language = ChoiceField(_l("Language of the pages"), [Required()], choices=list(OWN_NAMES.items()))
    active = BooleanField(_l("May sign in"))


def add_to(pages: Blueprint) -> None:
    both = ["GET", "POST"]
    pages.add_url_rule("/accounts", "accounts", listed)
    pages.add_url_rule("/accounts/new", "account_new", new, methods=both)
    pages.add_url_rule("/accounts/<int:account_id>", "account_edit", edit, methods=both)
    pages.add_url_rule("/accounts/<int:account_id>/reset", "account_reset", reset, methods=["POST"])


def listed() -> str:
    """Accounts by user name, a page at a time."""
    words, after = request.args.get("words", "").strip(), request.args.get("after", "")
    found = people.listed(after=after, words=words, count=PAGE + 1)
    following = found[PAGE - 1].username if len(found) > PAGE else None
    return render(
        "web/accounts.html",
        people=found[:PAGE],
        words=words,
        role_names=ROLE_NAMES,
        name_of=facility_tree.name_of,
        next=url_for("web.accounts", words=words or None, after=following) if following else None,
        first=url_for("web.accounts", words=words or None) if after else None,
    )


def new() -> Response | str | tuple[str, int]:
    """Make an account; its temporary password is shown once."""
    form = _form(AccountForm.opened(language="fr", active=True))
    del form.active
    if form.accepted():
        password = passwords.temporary_password()
        try:
            username = store(lambda repo: _made(repo, form, password))
            return render(
                "web/account_password.html", username=username, password=password, title=_("The account is made")
            )
        except Invalid as error:
            form.refused(error)
    return render("web/account_form.html", form=form, person=None), (422 if form.sent else 200)


def _made(repo: Repository, form: AccountForm, password: str) -> str:
    """Make the account, and the Practitioner of a clinician; its user name."""
    values = _values(form)
    made = people.create(username=form.username.data, password=password, temporary=True, **values)
    named = {name: values[name] for name in ("name", "name_ar", "roles", "organization")}
    made.practitioner = staff.practitioner(repo, **named, inpe=form.inpe.data or "")
    return made.username


def edit(account_id: int) -> Response | str | tuple[str, int]:
    """Change an account, or deactivate it."""
    person = people.find(account_id)
    form = _form(AccountForm.opened(**_shown(person)))
    del form.username, form.inpe
    if form.accepted():
        try:
            store(lambda repo: _changed(repo, account_id, form))
            flash(_("The account is changed"), "success")
            return redirect(url_for("web.accounts"), 303)
        except Invalid as error:
            form.refused(error)
            person = people.find(account_id)
    return render("web/account_form.html", form=form, person=person), (422 if form.sent else 200)


def _changed(repo: Repository, account_id: int, form: AccountForm) -> None:
    staff.follow(repo, people.change(people.find(account_id), active=form.active.data, **_values(form)))


def reset(account_id: int) -> Response | str:
    """A new password: by a link to the e-mail address, or a temporary one shown once."""
    person = people.find(account_id)
    if request.form.get("by_mail") and person.email and person.active:
        try:
            send_link(person)
            flash(_("A link to set a new password was sent to %(email)s", email=person.email), "success")
        except (OSError, smtplib.SMTPException):
            flash(_("The mail server did not take the message. Give a temporary password instead."), "error")
        return redirect(url_for("web.account_edit", account_id=account_id), 303)
    password = passwords.temporary_password()
    username = person.username
    store(lambda _repo: passwords.set_password(people.find(account_id), password, temporary=True))
    return render("web/account_password.html", username=username, password=password, title=_("Temporary password"))


def _form(form: AccountForm) -> AccountForm:
    form.roles.offer([(role, ROLE_NAMES[role]) for role in ROLES])
    return form


def _values(form: AccountForm) -> dict[str, Any]:
    return {
        "name": form.name.data or "",
        "name_ar": form.name_ar.data or "",
        "roles": form.roles.data or [],
        "organization": form.organization.data or None,
        "email": form.email.data,
        "language": form.language.data,
    }


def _shown(person: Account) -> dict[str, Any]:
    names = ("name", "name_ar", "email", "organization", "language", "active")
    return {name: getattr(person, name) for name in names} | {"roles": list(person.role_names)}
