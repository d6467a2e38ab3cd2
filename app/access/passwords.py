"""Passwords: argon2id through Flask-Security, rules, temporary ones, links to set a new one."""

from __future__ import annotations

import secrets
from datetime import timedelta

from flask import Flask
from flask_security import Security, SQLAlchemyUserDatastore, hash_password, verify_password
from flask_security.recoverable import generate_reset_password_token, reset_password_token_status

from app.access.tables import Account, Role
from app.db import db
from app.errors import Invalid

SHORTEST = 10
LINK_HOURS = 24
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


def init_app(flask: Flask) -> None:
    """Flask-Security for accounts, sessions and hashing; the pages are our own, so its blueprint stays out."""
    flask.config["SECURITY_PASSWORD_HASH"] = "argon2"
    flask.config["SECURITY_PASSWORD_SCHEMES"] = ["argon2"]
    flask.config["SECURITY_DEPRECATED_PASSWORD_SCHEMES"] = []
    # argon2id salts each password by itself; a second hash keyed by a setting would lose all of them with the setting
    flask.config["SECURITY_PASSWORD_SINGLE_HASH"] = {"argon2"}
    flask.config.setdefault("SECURITY_PASSWORD_SALT", "unused: see SECURITY_PASSWORD_SINGLE_HASH")
    flask.config["SECURITY_RESET_PASSWORD_WITHIN"] = timedelta(hours=LINK_HOURS)
    flask.config["SECURITY_ANONYMOUS_USER_DISABLED"] = False
    Security(flask, SQLAlchemyUserDatastore(db, Account, Role), register_blueprint=False)


def matches(account: Account | None, password: str) -> bool:
    """Whether it is this account's password; takes as long for an account that does not exist."""
    if account is None or not account.password:
        hash_password(password)
        return False
    return verify_password(password, account.password)


def set_password(account: Account, password: str, *, temporary: bool = False) -> None:
    """Judge and store a password; every session of the account ends. Raises Invalid saying what is wrong."""
    if not temporary:
        weak = weakness(password, account)
        if weak:
            raise Invalid(weak)
    account.password = hash_password(password)
    account.must_change = temporary
    account.fs_uniquifier = secrets.token_hex(32)


def weakness(password: str, account: Account | None = None) -> str | None:
    """The code of what is wrong: ``short``, ``plain`` (few different characters), ``name`` (holds the user name)."""
    if len(password) < SHORTEST:
        return "short"
    if len(set(password)) < 5:
        return "plain"
    if account is not None and account.username.lower() in password.lower():
        return "name"
    return None


def temporary_password() -> str:
    """Three groups of four that can be read out over the telephone: 59 bits."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(3))


def link_token(account: Account) -> str:
    """A token for a link that sets a new password once, within LINK_HOURS; a change of the password ends it."""
    return generate_reset_password_token(account)


def account_of_link(token: str) -> Account | None:
    """The account of a link's token; None when it is spent, past its time or made up."""
    expired, invalid, account = reset_password_token_status(token)
    return account if account and not expired and not invalid and account.active else None
