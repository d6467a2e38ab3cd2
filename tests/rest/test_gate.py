"""The whole application: who carries a token passes by the pages, who carries a session does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from app.access import accounts, tokens
from app.access.actor import SYSTEM
from app.db import db
from app.factory import create_app
from app.store import work

PASSWORD = "une phrase simple"


@pytest.fixture
def whole(database: str, tmp_path: Path) -> Iterator[Flask]:
    settings = {"SQLALCHEMY_DATABASE_URI": database, "TESTING": True, "PROPAGATE_EXCEPTIONS": False}
    flask = create_app(settings | {"MAIL_FOLDER": str(tmp_path), "MAX_FHIR_BODY": 4096})
    yield flask
    with flask.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def bearer(whole: Flask) -> dict[str, str]:
    with whole.app_context(), work(SYSTEM):
        text, _ = tokens.issue(label="gate", scopes="system/*.cruds", lifetime=timedelta(minutes=5))
    return {"Authorization": f"Bearer {text}", "Content-Type": "application/fhir+json"}


def test_a_missing_csrf_token_is_told_as_an_outcome(whole: Flask) -> None:
    with whole.app_context(), work(SYSTEM):
        accounts.create(username="admin", name="A", roles=["administrator"], organization=None, password=PASSWORD)
    client = whole.test_client()
    whole.config["WTF_CSRF_ENABLED"] = False
    assert client.post("/sign-in", data={"username": "admin", "password": PASSWORD}).status_code == 303
    whole.config["WTF_CSRF_ENABLED"] = True
    answer = client.post("/fhir/Organization/_search", data={"name": "x"})
    assert (answer.status_code, answer.get_json()["resourceType"]) == (400, "OperationOutcome")
    assert "CSRF" in answer.get_json()["issue"][0]["details"]["text"]


@pytest.mark.parametrize("path", ["/fhir/Patient", "/fhir/nothing/at/all/here", "/fhir"])
def test_whoever_comes_without_anything_is_asked_who_it_is_in_fhir(whole: Flask, path: str) -> None:
    answer = whole.test_client().post(path, data="{}", content_type="application/fhir+json")
    assert answer.status_code in (400, 401, 404)
    assert answer.get_json()["resourceType"] == "OperationOutcome"


def test_a_system_pays_for_no_page(whole: Flask, bearer: dict[str, str]) -> None:
    seen: list[str] = []
    whole.before_request_funcs.setdefault(None, []).append(lambda: seen.append("before"))
    whole.after_request_funcs.setdefault(None, []).append(lambda response: seen.append("after") or response)
    client = whole.test_client()
    made = client.post("/fhir/Patient", data='{"resourceType": "Patient"}', headers=bearer)
    assert made.status_code == 201
    read = client.get(made.headers["Location"].partition("/_history")[0], headers=bearer)
    assert (read.status_code, read.headers["X-Content-Type-Options"]) == (200, "nosniff")
    assert "Set-Cookie" not in read.headers and not seen
    assert client.get("/fhir/metadata").status_code == 200
    assert seen  # without a token, the request goes the way of the pages


def test_a_session_is_of_no_use_beside_a_bad_token(whole: Flask) -> None:
    answer = whole.test_client().get("/fhir/Patient", headers={"Authorization": "Bearer nonsense"})
    assert (answer.status_code, answer.get_json()["issue"][0]["code"]) == (401, "login")
    basic = whole.test_client().get("/fhir/Patient", headers={"Authorization": "Basic YTpi"})
    assert (basic.status_code, basic.headers["WWW-Authenticate"]) == (401, 'Bearer realm="fhir"')


def test_a_body_over_the_limit_is_refused_by_its_size(whole: Flask, bearer: dict[str, str]) -> None:
    big = json.dumps({"resourceType": "Patient", "id": "x" * 5000})
    answer = whole.test_client().post("/fhir/Patient", data=big, headers=bearer)
    assert (answer.status_code, answer.get_json()["issue"][0]["code"]) == (413, "too-long")


def test_head_has_the_headers_of_get_and_no_body(whole: Flask, bearer: dict[str, str]) -> None:
    client = whole.test_client()
    client.put("/fhir/Patient/a", data='{"resourceType": "Patient", "id": "a"}', headers=bearer)
    got, head = client.get("/fhir/Patient/a", headers=bearer), client.head("/fhir/Patient/a", headers=bearer)
    assert head.data == b"" and head.headers["Content-Length"] == got.headers["Content-Length"]
    assert head.headers["ETag"] == got.headers["ETag"]


def test_behind_https_a_plain_request_goes_no_further(database: str) -> None:
    flask = create_app({"SQLALCHEMY_DATABASE_URI": database, "BASE_URL": "https://ehr.example", "TESTING": True})
    with flask.app_context(), work(SYSTEM):
        text, _ = tokens.issue(label="gate", scopes="system/*.rs", lifetime=timedelta(minutes=5))
    headers = {"Authorization": f"Bearer {text}"}
    plain = flask.test_client().get("/fhir/Patient", headers=headers)
    assert plain.status_code in (301, 302)
    secure = flask.test_client().get("/fhir/Patient", headers=headers | {"X-Forwarded-Proto": "https"})
    assert secure.status_code == 200 and "max-age" in secure.headers["Strict-Transport-Security"]
    with flask.app_context():
        db.engine.dispose()
