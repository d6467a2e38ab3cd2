"""An expired session in mid-form: sign in again and everything typed is there, stored once, shown to nobody else."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import clock
from tests.web import a_feature
from tests.web.conftest import PASSWORD


@pytest.fixture(autouse=True)
def nothing_stored() -> None:
    a_feature.stored.clear()


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(csrf_token|form_key|form_owner)" value="([^"]+)"', page))


def expire(client: FlaskClient) -> None:
    client.delete_cookie("maslak")


def value_of(page: str, name: str) -> str | None:
    found = re.search(rf'<input[^>]*name="{name}"[^>]*?value="([^"]*)"', page)
    return found[1] if found else None


def typed_and_expired(client: FlaskClient, **fields: str) -> str:
    page = client.get("/visit").get_data(as_text=True)
    expire(client)
    answer = client.post("/visit", data={**hidden(page), **fields})
    assert answer.status_code == 302 and "/sign-in" in answer.location and "kept=1" in answer.location
    return answer.location


def test_what_was_typed_is_there_again_after_signing_in(signed_in) -> None:
    client = signed_in("physician")
    location = typed_and_expired(client, systolic="162,5", words="Céphalées، صداع")
    back = client.post(location, data={"username": "physician", "password": PASSWORD})
    assert back.location == "/visit"
    page = client.get("/visit").get_data(as_text=True)
    assert value_of(page, "systolic") == "162,5"
    assert value_of(page, "words") == "Céphalées، صداع"
    assert a_feature.stored == []


def test_it_keeps_its_form_key_and_is_stored_once_and_then_forgotten(signed_in) -> None:
    client = signed_in("physician")
    first = hidden(client.get("/visit").get_data(as_text=True))["form_key"]
    expire(client)
    owner = hidden(signed_in_page(client))["form_owner"]
    expire(client)
    answer = client.post("/visit", data={"form_key": first, "form_owner": owner, "systolic": "150"})
    client.post(answer.location, data={"username": "physician", "password": PASSWORD})
    again = hidden(client.get("/visit").get_data(as_text=True))
    assert again["form_key"] == first
    assert client.post("/visit", data={**again, "systolic": "150"}).status_code == 303
    assert a_feature.stored == [{"systolic": "150", "words": ""}]
    assert value_of(client.get("/visit").get_data(as_text=True), "systolic") in (None, "")


def signed_in_page(client: FlaskClient) -> str:
    client.post("/sign-in", data={"username": "physician", "password": PASSWORD})
    return client.get("/visit").get_data(as_text=True)


def test_somebody_else_at_the_same_computer_does_not_see_it(signed_in, a_person) -> None:
    client = signed_in("physician")
    location = typed_and_expired(client, systolic="162")
    back = client.post(location, data={"username": a_person("nurse"), "password": PASSWORD})
    assert back.location == "/visit"
    assert "162" not in client.get("/visit").get_data(as_text=True)


def test_it_is_kept_for_twenty_hours(signed_in) -> None:
    client = signed_in("physician")
    location = typed_and_expired(client, systolic="162")
    client.post(location, data={"username": "physician", "password": PASSWORD})
    with clock.frozen(clock.now() + timedelta(hours=19)):
        assert "162" in client.get("/visit").get_data(as_text=True)
    with clock.frozen(clock.now() + timedelta(hours=21)):
        assert "162" not in client.get("/visit").get_data(as_text=True)


def test_a_form_without_a_true_owner_is_not_kept(signed_in) -> None:
    client = signed_in("physician")
    expire(client)
    answer = client.post("/visit", data={"systolic": "162", "form_owner": "1"})
    assert "kept" not in answer.location


def test_passwords_are_never_kept(signed_in, flask: Flask) -> None:
    from sqlalchemy import select

    from app.access.tables import Draft
    from app.db import db

    client = signed_in("physician")
    page = client.get("/account/password").get_data(as_text=True)
    expire(client)
    client.post("/account/password", data={**hidden(page), "old_password": PASSWORD, "password": "ma propre phrase"})
    with flask.app_context():
        assert "phrase" not in db.session.scalars(select(Draft)).one().fields


def test_a_form_from_before_another_sign_in_comes_back_filled(signed_in, flask: Flask) -> None:
    """Two tabs: in one somebody signed out and in again, so the other's CSRF token is of the old session."""
    flask.config["WTF_CSRF_ENABLED"] = False
    client = signed_in("physician")
    flask.config["WTF_CSRF_ENABLED"] = True
    old = hidden(client.get("/visit").get_data(as_text=True))
    token = hidden(client.get("/account").get_data(as_text=True))["csrf_token"]
    client.post("/sign-out", data={"csrf_token": token})
    token = hidden(client.get("/sign-in").get_data(as_text=True))["csrf_token"]
    client.post("/sign-in", data={"csrf_token": token, "username": "physician", "password": PASSWORD})
    answer = client.post("/visit", data={**old, "systolic": "148"})
    assert answer.status_code == 303 and answer.location == "/visit"
    page = client.get("/visit").get_data(as_text=True)
    assert value_of(page, "systolic") == "148" and "warning" in page
    assert client.post("/visit", data={**hidden(page), "systolic": "148"}).status_code == 303
    assert a_feature.stored == [{"systolic": "148", "words": ""}]


def test_a_form_from_another_site_is_refused(signed_in, flask: Flask) -> None:
    client = signed_in("physician")
    flask.config["WTF_CSRF_ENABLED"] = True
    assert client.post("/visit", data={"systolic": "148"}).status_code == 400
    assert a_feature.stored == []


def test_two_first_pages_at_the_same_time_have_one_token(signed_in, flask: Flask) -> None:
    """Two tabs of a browser, both with the cookie of the sign-in; the answer that comes last leaves its cookie."""
    one = signed_in("physician")
    cookie = one.get_cookie("maslak")
    other = flask.test_client()
    other.set_cookie("maslak", cookie.value)
    flask.config["WTF_CSRF_ENABLED"] = True
    page = hidden(one.get("/visit").get_data(as_text=True))
    other.get("/account")
    last = other.get_cookie("maslak")
    one.set_cookie("maslak", last.value)
    assert one.post("/visit", data={**page, "systolic": "150"}).location == "/my-day"
