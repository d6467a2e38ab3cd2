"""Signing in and out, and setting a forgotten password anew."""

from __future__ import annotations

import logging
import smtplib
from typing import Any

from flask import Blueprint, current_app, flash, redirect, request, session, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_limiter import RequestLimit
from flask_security import login_user, logout_user
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from app.access import accounts, mail, passwords
from app.access.actor import automation
from app.access.authentication import authenticated
from app.access.tables import Account
from app.clock import now
from app.config import LOCALES
from app.web import drafts, navigation, render
from app.web.form import AtMost, Form, PasswordField, Required, TextField
from app.web.protection import limiter
from app.web.storing import store

log = logging.getLogger(__name__)
DOOR = automation("sign-in")
PER_NAME, PER_ADDRESS = "5 per 5 minutes", "100 per 5 minutes"
LOCKED_MINUTES = 5


class SignIn(Form):
    username = TextField(
        _l("User name or e-mail"),
        [Required(_l("Enter your user name")), AtMost(254)],
        render_kw={"autocomplete": "username", "autocapitalize": "off", "spellcheck": "false", "dir": "ltr"},
    )
    password = PasswordField(
        _l("Password"),
        [Required(_l("Enter your password")), AtMost(1000)],
        render_kw={"autocomplete": "current-password", "dir": "ltr"},
    )


class Forgotten(Form):
    username = TextField(_l("User name or e-mail"), [Required(_l("Enter your user name")), AtMost(254)])


class NewPassword(Form):
    password = PasswordField(_l("New password"), [Required(_l("Enter a new password")), AtMost(1000)])


def add_to(pages: Blueprint) -> None:
    both = ["GET", "POST"]
    refused: dict[str, Any] = {"methods": ["POST"], "deduct_when": _refused, "on_breach": _locked}
    guarded = limiter.limit(PER_NAME, key_func=_name_and_address, **refused)(sign_in)
    guarded = limiter.limit(PER_ADDRESS, **refused)(guarded)
    pages.add_url_rule("/sign-in", "sign_in", guarded, methods=both)
    pages.add_url_rule("/sign-out", "sign_out", sign_out, methods=["POST"])
    mailed = limiter.limit("10 per hour", methods=["POST"])(forgotten)
    pages.add_url_rule("/forgotten-password", "forgotten", mailed, methods=both)
    pages.add_url_rule("/new-password/<token>", "new_password", new_password, methods=both)
    pages.add_url_rule("/", "home", navigation.home)


def sign_in() -> Response | str | tuple[str, int]:
    """The sign-in page; afterwards back to where the person was, with what was typed there."""
    if request.method == "GET" and authenticated():
        return redirect(_next())
    form = SignIn.opened()
    if form.accepted():
        account = accounts.by_name(form.username.data)
        if passwords.matches(account, form.password.data) and account is not None and account.active:
            enter(account)
            return redirect(drafts.waiting() or _next(), 303)
        form.form_errors.append(_("The user name or the password is not right"))
    return render("web/sign_in.html", form=form), (422 if form.sent else 200)


def enter(account: Account) -> None:
    """Begin the session of an account, with nothing left of an earlier one but the language chosen on the page."""
    chosen = session.get("language")
    account_id, own = account.id, account.language
    session.clear()
    session.permanent = True
    session["language"] = chosen or own
    store(lambda _repo: setattr(accounts.find(account_id), "last_sign_in", now()), DOOR)
    login_user(accounts.find(account_id), remember=False)
    _forget_actor()
    generate_csrf()  # with the session: two first pages at the same time would each make one, and one would be lost


def sign_out() -> Response:
    """End the session; the language stays."""
    language = session.get("language")
    logout_user()
    session.clear()
    session["language"] = language
    flash(_("You are signed out"), "info")
    return redirect(url_for("web.sign_in"), 303)


def forgotten() -> Response | str | tuple[str, int]:
    """Ask for a link by e-mail. The answer is the same whether there is such an account or not."""
    form = Forgotten.opened()
    if form.accepted():
        account = accounts.by_name(form.username.data)
        if account and account.active and account.email:
            try:
                send_link(account)
            except (OSError, smtplib.SMTPException):
                log.exception("the mail with a password link could not be sent")
        return render("web/forgotten.html", form=form, sent=True)
    return render("web/forgotten.html", form=form, sent=False), (422 if form.sent else 200)


def send_link(account: Account) -> None:
    """Send somebody the link to set a new password, in their language. Raises OSError, SMTPException."""
    base = current_app.config.get("BASE_URL")
    path = url_for("web.new_password", token=passwords.link_token(account))
    link = (
        base.rstrip("/") + path if base else url_for("web.new_password", token=path.rpartition("/")[2], _external=True)
    )
    with force_locale(LOCALES[account.language]):
        text = _(
            "Hello %(name)s,\n\nTo set a new password for Maslak (user name: %(username)s), open this link within "
            "%(hours)s hours:\n\n%(link)s\n\nIf you did not ask for it, do nothing: your password stays as it is.\n",
            name=account.name,
            username=account.username,
            hours=passwords.LINK_HOURS,
            link=link,
        )
        mail.send(to=account.email or "", subject=_("Maslak: set a new password"), text=text, language=account.language)


def new_password(token: str) -> Response | str | tuple[str, int]:
    """The page of the link; it works once."""
    account = passwords.account_of_link(token)
    if account is None:
        return render("web/new_password.html", form=None), 410
    form = NewPassword.opened()
    if form.accepted():
        weak = passwords.weakness(form.password.data, account)
        if weak is None:
            account_id = account.id
            store(lambda _repo: passwords.set_password(accounts.find(account_id), form.password.data), DOOR)
            enter(accounts.find(account_id))
            flash(_("The new password is set"), "success")
            return redirect(url_for("web.home"), 303)
        form.wrong("password", str(weakness_text(weak)))
    return render("web/new_password.html", form=form), (422 if form.sent else 200)


def weakness_text(code: str) -> str:
    """What to do about a weak password."""
    return {
        "short": _("Use at least %(count)s characters", count=passwords.SHORTEST),
        "plain": _("Use more different characters"),
        "name": _("The password must not hold the user name"),
    }[code]


def _next() -> str:
    wanted = request.args.get("next", "")
    inside = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and "\n" not in wanted
    return wanted if inside else url_for("web.home")


def _forget_actor() -> None:
    from flask import g

    g.pop("actor", None)


def _name_and_address() -> str:
    return f"{request.form.get('username', '').strip().lower()[:254]} {request.remote_addr}"


def _refused(response: Response) -> bool:
    return response.status_code not in (302, 303)


def _locked(_limit: RequestLimit) -> Response:
    form = SignIn.opened()
    form.form_errors.append(_("Too many attempts. Wait %(minutes)s minutes and try again.", minutes=LOCKED_MINUTES))
    return current_app.make_response((render("web/sign_in.html", form=form), 429))
