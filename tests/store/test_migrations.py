"""Migrations make the tables of the code, and fill them with what the store itself would have written."""

import warnings
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from app.access.actor import SYSTEM
from app.db import db
from app.db import init_app as init_database
from app.store import work
from app.store.migrated import pending
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
def empty(database: str) -> Flask:
    """An application on a database without any tables, whose folder is not there yet."""
    if database.startswith("sqlite"):
        database = database.replace("maslak.sqlite", "new/empty.sqlite")
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


def test_worklists_of_before_stand_in_the_compound_index(empty: Flask) -> None:
    period = {"restriction": {"period": {"start": "2026-03-05", "end": "2026-03-09"}}}
    with empty.app_context():
        assert pending()
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


def test_migrations_make_the_tables_of_the_code(empty: Flask) -> None:
    with empty.app_context(), warnings.catch_warnings():
        assert pending()
        upgrade()
        assert not pending()
        with db.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, db.metadata) == []
        with work(SYSTEM) as repo:
            repo.create(a_patient("p1"))
        downgrade(revision="base")
        assert pending()
        db.session.remove()
        db.engine.dispose()
