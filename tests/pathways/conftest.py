"""The clinic of these tests: a health centre and a hospital with the national content loaded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import content
from app.access import tokens
from app.access.actor import SYSTEM
from app.db import db
from app.factory import create_app
from app.store import work
from pathways.feature import FEATURE
from protocols.feature import FEATURE as PROTOCOLS
from tests.pathways.clinic import Clinic, person_of


@pytest.fixture
def clinic(app: Flask) -> Clinic:
    content.load([PROTOCOLS, FEATURE])
    with work(SYSTEM) as repo:
        for id, name in (("centre", "Centre de santé Larache"), ("chp", "CHP Larache")):
            repo.update({"resourceType": "Organization", "id": id, "active": True, "name": name})
        for id in ("salma", "hicham", "omar"):
            repo.update({"resourceType": "Practitioner", "id": id, "active": True})
    return Clinic(
        person_of("physician", "salma", "Organization/centre"),
        person_of("nurse", "hicham", "Organization/centre"),
        person_of("hospital-physician", "omar", "Organization/chp"),
    )


@pytest.fixture
def ehr(database: str) -> Iterator[FlaskClient]:
    """An EHR at the door of the whole application, with a token for everything; the application's context is open."""
    flask = create_app({"SQLALCHEMY_DATABASE_URI": database, "TESTING": True})
    with flask.app_context():
        token = tokens.issue(label="ehr", scopes="system/*.cruds", lifetime=timedelta(hours=1))[0]
        db.session.commit()
        client = flask.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        yield client
        db.session.remove()
        db.engine.dispose()
