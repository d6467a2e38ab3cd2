"""Two people store at once: whoever was beaten is done again, and no page of an error comes."""

from __future__ import annotations

import html
import sqlite3
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError, OperationalError

from app.access import accounts, facilities, staff
from app.store.patience import TIMES
from tests.web.test_administration import NEW
from tests.web.test_drafts import hidden, value_of

BEATEN = psycopg.errors.DeadlockDetected("deadlock detected")


@pytest.fixture
def admin(signed_in: Any) -> FlaskClient:
    return signed_in("administrator", at=None)


@pytest.fixture
def after(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """``after(module, "verb", error, times)``: it does its work, then fails, so often; how many tries."""

    def fails(module: Any, verb: str, error: Exception, times: int = 1) -> list[int]:
        true, tried = getattr(module, verb), [0]

        def late(*given: Any, **named: Any) -> Any:
            done = true(*given, **named)
            tried[0] += 1
            if tried[0] <= times:
                raise error
            return done

        monkeypatch.setattr(module, verb, late)
        return tried

    return fails


def test_an_account_is_made_once_whoever_was_in_the_way(
    admin: FlaskClient, flask: Flask, place: Any, after: Callable[..., list[int]]
) -> None:
    tried = after(staff, "practitioner", BEATEN)
    answer = admin.post("/accounts/new", data={**NEW, "organization": place("4410")})
    assert answer.status_code == 200 and tried == [2]
    with flask.app_context():
        assert accounts.by_name("n.amrani") is not None


def test_who_takes_a_name_that_was_free_a_moment_ago_is_told_so(
    admin: FlaskClient, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other's row is not seen when the name is looked up, and refused by the table."""
    taken = IntegrityError("insert", {}, psycopg.errors.UniqueViolation("account_username_key"))
    meanwhile = iter([taken])
    true = accounts.create

    def create(**values: Any) -> Any:
        for error in meanwhile:
            true(**values | {"username": "another"})
            raise error
        return true(**values | {"username": "administrator"})

    monkeypatch.setattr(accounts, "create", create)
    answer = admin.post("/accounts/new", data={**NEW, "organization": place("4410")})
    assert answer.status_code == 422 and 'id="username-error"' in answer.text


def test_an_establishment_and_a_password_too(
    admin: FlaskClient, flask: Flask, place: Any, after: Callable[..., list[int]]
) -> None:
    tried = after(facilities, "save", BEATEN, TIMES - 1)
    values = {"level": "CSR-1", "number": "4499", "name_fr": "CSR Neuf", "name_ar": "مركز", "active": "y"}
    answer = admin.post("/facilities/new", data={**values, "parent": place("441")})
    assert answer.status_code == 303 and tried == [TIMES]
    from app.access import passwords

    tried = after(passwords, "set_password", BEATEN)
    with flask.app_context():
        number = accounts.by_name("administrator").id
    assert admin.post(f"/accounts/{number}/reset").status_code == 200 and tried == [2]


def test_a_database_that_stays_busy_gives_the_form_back(
    admin: FlaskClient, place: Any, after: Callable[..., list[int]]
) -> None:
    locked = sqlite3.OperationalError("database is locked")
    locked.sqlite_errorname = "SQLITE_BUSY"
    tried = after(staff, "practitioner", OperationalError("insert", {}, locked), 99)
    opened = hidden(admin.get("/accounts/new").text)
    answer = admin.post("/accounts/new", data={**opened, **NEW, "organization": place("4410")})
    assert answer.status_code == 303 and answer.location == "/accounts/new" and tried == [1]
    page = html.unescape(admin.get("/accounts/new?lang=fr").text)
    assert "Rien n’est perdu" in page and value_of(page, "name") == "Nadia Amrani"
