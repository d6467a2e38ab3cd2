"""Passwords: argon2id, rules, links that work once."""

import pytest
from flask import Flask

from app.access import accounts, passwords
from app.access.actor import SYSTEM
from app.access.tables import Account
from app.errors import Invalid
from app.store import work


@pytest.fixture
def account(people: Flask) -> Account:
    with work(SYSTEM):
        return accounts.create(username="karim", name="Karim", roles=["administrator"], password="une phrase simple")


def test_passwords_are_hashed_with_argon2id(account: Account) -> None:
    assert account.password is not None and account.password.startswith("$argon2id$")
    assert passwords.matches(account, "une phrase simple")
    assert not passwords.matches(account, "une phrase")
    assert not passwords.matches(None, "une phrase simple")


def test_a_changed_secret_key_loses_no_password(account: Account, people: Flask) -> None:
    people.config.update(SECRET_KEY="another", SECURITY_PASSWORD_SALT="another")
    assert passwords.matches(account, "une phrase simple")


@pytest.mark.parametrize(("password", "code"), [("court", "short"), ("aaaaaaaaaaaa", "plain"), ("karim123456", "name")])
def test_weak_passwords_are_refused(account: Account, password: str, code: str) -> None:
    assert passwords.weakness(password, account) == code
    with pytest.raises(Invalid):
        passwords.set_password(account, password)


def test_a_new_password_ends_sessions_and_links(account: Account) -> None:
    link, session = passwords.link_token(account), account.fs_uniquifier
    assert passwords.account_of_link(link) is account
    with work(SYSTEM):
        passwords.set_password(account, "une autre phrase")
    assert account.fs_uniquifier != session
    assert passwords.account_of_link(link) is None
    assert passwords.account_of_link("made-up") is None


def test_temporary_passwords_differ_and_are_strong_enough() -> None:
    made = {passwords.temporary_password() for _ in range(50)}
    assert len(made) == 50
    assert all(passwords.weakness(password) is None for password in made)
