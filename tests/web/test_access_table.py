"""Every request passes the access table."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.access import table


def test_every_route_of_the_shell_stands_in_the_table(flask: Flask) -> None:
    assert table.missing(flask) == ["pathways.forgotten_row"]


def test_a_route_without_a_row_is_refused_to_everybody(signed_in) -> None:
    for role in ("administrator", "physician"):
        answer = signed_in(role, username=f"x.{role}").get("/forgotten-row")
        assert answer.status_code == 403 and b"nobody should see" not in answer.data


@pytest.mark.parametrize("path", ["/", "/account", "/accounts", "/facilities", "/my-day", "/visit", "/emergency/1"])
def test_nobody_gets_in_without_signing_in(browser: FlaskClient, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 302 and "/sign-in" in answer.location


@pytest.mark.parametrize(
    ("role", "opens", "refused"),
    [
        ("physician", ["/my-day", "/visit", "/find", "/account"], ["/accounts", "/facilities", "/facilities/import"]),
        ("administrator", ["/accounts", "/facilities", "/accounts/import"], ["/my-day", "/find", "/emergency/1"]),
        ("ministry-editor", ["/account"], ["/my-day", "/find", "/accounts", "/facilities"]),
        ("regional-delegate", ["/my-day", "/find"], ["/visit", "/emergency/1", "/accounts"]),
    ],
)
def test_a_role_opens_its_pages_only(signed_in, role: str, opens: list[str], refused: list[str]) -> None:
    client = signed_in(role)
    assert [path for path in opens if client.get(path).status_code != 200] == []
    assert [path for path in refused if client.get(path).status_code != 403] == []


def test_the_style_page_stays_out_of_production(flask: Flask, browser: FlaskClient) -> None:
    assert browser.get("/style").status_code == 200
    flask.config["PRODUCTION"] = True
    assert browser.get("/style").status_code == 403


def test_a_lost_role_counts_from_the_next_request_on(signed_in, flask: Flask) -> None:
    from app.access import accounts
    from app.access.actor import SYSTEM
    from app.store import work

    client = signed_in("physician")
    assert client.get("/my-day").status_code == 200
    with flask.app_context(), work(SYSTEM):
        found = accounts.by_name("physician")
        same = {"name": found.name, "organization": found.organization, "email": None, "language": "fr"}
        accounts.change(found, roles=["administrator"], active=True, **same)
    assert client.get("/my-day").status_code == 403
    with flask.app_context(), work(SYSTEM):
        accounts.change(accounts.by_name("physician"), roles=["administrator"], active=False, **same)
    assert client.get("/account").status_code == 302
