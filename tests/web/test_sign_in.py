"""Signing in, being locked out, forgetting a password."""

import re
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import clock
from tests.web.conftest import PASSWORD


def enter(client: FlaskClient, username: str, password: str = PASSWORD, **more):
    return client.post("/sign-in", data={"username": username, "password": password}, **more)


def test_each_role_is_led_to_its_place(a_person, flask: Flask) -> None:
    for role, place in {"physician": "/my-day", "administrator": "/accounts", "ministry-editor": "/account"}.items():
        client = flask.test_client()
        assert enter(client, a_person(role)).location == "/"
        assert client.get("/").location == place


def test_the_user_name_or_the_e_mail_opens(a_person, browser: FlaskClient) -> None:
    a_person("nurse", email="nora@example.ma")
    assert enter(browser, " Nora@Example.ma ").status_code == 303


def test_a_wrong_password_says_nothing_about_the_account(a_person, browser: FlaskClient) -> None:
    a_person("nurse")
    pages = [enter(browser, name, "wrong").get_data(as_text=True) for name in ("nurse", "nobody")]
    said = [re.search(r'<section class="wrong".*?</section>', page, re.S)[0] for page in pages]
    assert said[0] == said[1]


def test_guessing_locks_the_name_out_even_for_the_right_password(a_person, browser: FlaskClient) -> None:
    a_person("nurse")
    assert [enter(browser, "nurse", "wrong").status_code for _ in range(5)] == [422] * 5
    assert enter(browser, "nurse").status_code == 429
    a_person("physician")
    assert enter(browser, "physician").status_code == 303


def test_those_who_sign_in_well_are_never_locked_out(a_person, flask: Flask) -> None:
    a_person("nurse")
    assert [enter(flask.test_client(), "nurse").status_code for _ in range(8)] == [303] * 8


def test_one_comes_back_to_where_one_was_but_never_to_another_site(a_person, flask: Flask) -> None:
    a_person("physician")
    client = flask.test_client()
    asked = client.get("/find?q=Alaoui")
    assert (
        client.post(asked.location, data={"username": "physician", "password": PASSWORD}).location == "/find?q=Alaoui"
    )
    for foreign in ("https://evil.example", "//evil.example", "/\\evil.example"):
        answer = flask.test_client().post(
            "/sign-in", query_string={"next": foreign}, data={"username": "physician", "password": PASSWORD}
        )
        assert answer.location == "/"


def test_signing_out_ends_it(signed_in) -> None:
    client = signed_in("physician")
    assert client.post("/sign-out").status_code == 303
    assert client.get("/my-day").status_code == 302


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(a_person, browser: FlaskClient) -> None:
    cookie = enter(browser, a_person("nurse")).headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def mailed(flask: Flask) -> list[str]:
    folder = Path(flask.config["MAIL_FOLDER"])
    paths = sorted(folder.glob("*.eml")) if folder.exists() else []
    return [message_from_bytes(path.read_bytes(), policy=policy.default).get_content() for path in paths]


def test_a_forgotten_password_is_set_anew_by_a_link_that_works_once(flask: Flask, a_person) -> None:
    a_person("nurse", email="nora@example.ma", language="ar")
    client = flask.test_client()
    same = client.post("/forgotten-password", data={"username": "nobody"}).data
    assert client.post("/forgotten-password", data={"username": "nurse"}).data.count(b"success") == same.count(
        b"success"
    )
    (text,) = mailed(flask)
    link = re.search(r"http://localhost(/new-password/\S+)", text)[1]
    assert client.post(link, data={"password": "short"}).status_code == 422
    assert client.post(link, data={"password": "une autre phrase"}).status_code == 303
    assert client.get("/account").status_code == 200
    assert flask.test_client().get(link).status_code == 410
    assert enter(flask.test_client(), "nurse").status_code == 422
    assert enter(flask.test_client(), "nurse", "une autre phrase").status_code == 303


def test_a_link_ends_after_a_day(flask: Flask, a_person, monkeypatch: pytest.MonkeyPatch) -> None:
    import itsdangerous.timed

    a_person("nurse", email="nora@example.ma")
    client = flask.test_client()
    client.post("/forgotten-password", data={"username": "nurse"})
    link = re.search(r"http://localhost(/new-password/\S+)", mailed(flask)[0])[1]
    later = (clock.now() + timedelta(hours=25)).timestamp()
    monkeypatch.setattr(itsdangerous.timed.TimestampSigner, "get_timestamp", lambda self: int(later))
    assert client.get(link).status_code == 410


def test_a_temporary_password_must_be_replaced_before_anything_else(flask: Flask, a_person, signed_in) -> None:
    a_person("nurse")
    admin = signed_in("administrator", at=None)
    page = admin.post("/accounts/1/reset", data={}).get_data(as_text=True)
    password = re.search(r"([a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4})", page)[1]
    client = flask.test_client()
    assert enter(client, "nurse", password).status_code == 303
    assert client.get("/my-day").location == "/account/password"
    wrong = client.post("/account/password", data={"old_password": password, "password": password})
    assert wrong.status_code == 422
    done = client.post("/account/password", data={"old_password": password, "password": "ma propre phrase"})
    assert done.status_code == 303
    assert client.get("/my-day").status_code == 200
