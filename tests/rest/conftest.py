"""The FHIR door on both databases: an application, tokens, and a client that speaks FHIR JSON."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from werkzeug.test import TestResponse

import app.access
import app.i18n
import app.rest
from app.access import tokens
from app.db import db, init_app

SCOPES = {
    "all": "system/*.cruds",
    "reader": "system/*.rs",
    "observations": "system/Observation.rs",
    "several": "system/Observation.rs?status=final system/Observation.rs?status=amended",
    "writer": "system/Observation.cud",
    "finals": "system/Observation.cruds?status=final system/Patient.r",
}


class Fhir:
    """Sends requests to ``/fhir`` with the token of somebody; bodies are resources or raw text."""

    def __init__(self, flask: Flask, held: dict[str, str]):
        self.flask = flask
        self.client = flask.test_client()
        self.held = held

    def __call__(
        self, method: str, path: str, body: Any = None, *, by: str = "all", headers: dict[str, Any] | None = None
    ) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.held[by]}", "Content-Type": "application/fhir+json"} | (headers or {})
        data = body if isinstance(body, (bytes, str)) or body is None else json.dumps(body)
        if body is None and "Content-Type" not in (headers or {}):
            sent.pop("Content-Type")
        return self.client.open(
            f"/fhir{path}", method=method, data=data, headers={k: v for k, v in sent.items() if v is not None}
        )

    def close(self) -> None:
        """Let go of the database."""
        with self.flask.app_context():
            db.session.remove()
            db.engine.dispose()

    def put(self, resource: dict[str, Any]) -> dict[str, Any]:
        """Store a resource under its id; gives it back as stored."""
        answer = self("PUT", f"/{resource['resourceType']}/{resource['id']}", resource)
        assert answer.status_code in (200, 201), answer.text
        return answer.get_json()

    def get(self, path: str, **options: Any) -> dict[str, Any]:
        """A good GET, parsed."""
        answer = self("GET", path, **options)
        assert answer.status_code == 200, answer.text
        return answer.get_json()


def door(address: str) -> Fhir:
    """The door on a database that has its tables."""
    flask = Flask("app")
    flask.config.update(SQLALCHEMY_DATABASE_URI=address, SECRET_KEY="tests", TESTING=True, FEATURES=())
    init_app(flask)
    app.i18n.init_app(flask)
    app.access.init_app(flask)
    flask.register_blueprint(app.rest.blueprint(()), url_prefix="/fhir")
    with flask.app_context():
        held = {
            name: tokens.issue(label=name, scopes=scopes, lifetime=timedelta(hours=1))[0]
            for name, scopes in SCOPES.items()
        }
        db.session.commit()
        db.session.remove()
    return Fhir(flask, held)


@pytest.fixture
def fhir(database: str) -> Iterator[Fhir]:
    """The door on a fresh database."""
    made = door(database)
    yield made
    made.close()


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def shared_fhir(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fhir]:
    """The door on one database for all tests of a module; each keeps to names of its own."""
    if request.param == "sqlite":
        path: Path = tmp_path_factory.mktemp("shared") / "maslak.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        made = door(f"sqlite:///{path}")
        yield made
        made.close()
        return
    address: Callable[[str], str] = request.getfixturevalue("postgresql_server")
    admin = address("postgres").replace("+psycopg", "")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("drop database if exists rest_shared with (force)")
        connection.execute("create database rest_shared template template_maslak")
    made = door(address("rest_shared"))
    yield made
    made.close()
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("drop database rest_shared with (force)")
