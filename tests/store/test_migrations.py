"""What a migration fills is what the store itself would have written, on both databases."""

from typing import Any

import psycopg
import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from app.access.actor import SYSTEM
from app.db import db
from app.db import init_app as init_database
from app.store import work
from tests.store.builders import a_patient, an_organization

KIND = "https://maslak.ma/fhir/CodeSystem/task"


def a_task(id: str, owner: str, *kinds: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Task",
        "id": id,
        "status": "requested",
        "intent": "order",
        "code": {"coding": [{"system": KIND, "code": kind} for kind in kinds]},
        "for": {"reference": "Patient/p1"},
        "owner": {"reference": f"Organization/{owner}"},
    } | more


@pytest.fixture
def migrated(database: str) -> Flask:
    """An application on tables that the migrations have made."""
    if database.startswith("sqlite"):
        database = database.replace("maslak.sqlite", "migrated.sqlite")
    else:
        with psycopg.connect(database.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("drop schema public cascade")
            connection.execute("create schema public")
    flask = Flask("app")
    flask.config["SQLALCHEMY_DATABASE_URI"] = database
    init_database(flask)
    return flask


def compounds() -> list[Any]:
    """The rows of the index but for their place beside others of the same resource."""
    with db.engine.connect() as connection:
        rows = connection.execute(text("select key, path, part, number, low, high, patient, at from index_compound"))
        return sorted(rows.all(), key=str)


def test_worklists_of_before_stand_in_the_compound_index(migrated: Flask) -> None:
    period = {"restriction": {"period": {"start": "2026-03-05", "end": "2026-03-09"}}}
    with migrated.app_context():
        upgrade()
        with work(SYSTEM) as repo:
            for resource in (a_patient("p1"), an_organization("a"), an_organization("b")):
                repo.update(resource)
            repo.update(a_task("both", "a", "visit", "call", **period))
            repo.update(a_task("someday", "b", "visit", requester={"reference": "Organization/a"}))
            repo.update(a_task("gone", "a", "visit"))
        with work(SYSTEM) as repo:
            repo.delete("Task/gone")
        written = compounds()
        assert len(written) == 4
        db.session.remove()
        downgrade(revision="0004")
        upgrade()
        assert compounds() == written
        db.session.remove()
        db.engine.dispose()
