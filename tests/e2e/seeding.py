"""The database that the browser tests begin with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app import content
from app.access.actor import SYSTEM
from app.cli import prepare_database
from app.db import db
from app.factory import create_app
from app.store import work
from pathways.simulator import load

CHEAP = {"argon2__time_cost": 1, "argon2__memory_cost": 1024}
PATIENTS = 20


def seed(address: str) -> None:
    """Migrations, content and the demo region, as ``start --demo`` brings them; passwords are hashed cheaply."""
    flask = create_app({"SQLALCHEMY_DATABASE_URI": address, "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": CHEAP})
    with flask.app_context():
        prepare_database()
        content.load(flask.extensions["features"])
        load.load(PATIENTS, seed=1)
        db.session.remove()
        db.engine.dispose()


@contextmanager
def newer_form(address: str, name: str, *more: dict[str, Any]) -> Iterator[None]:
    """While it lasts, a newer version of a Questionnaire is in force on the server of this database; it asks more."""
    with _changed(address) as repo:
        old = repo.first(f"Questionnaire?name={name}&status=active")
        major, minor, patch = old["version"].split(".")
        plain = {key: value for key, value in old.items() if key not in ("id", "meta")}
        plain["item"] = [*old["item"], *more]
        repo.update(old | {"status": "retired"})
        new = repo.create(plain | {"version": f"{major}.{minor}.{int(patch) + 1}"})
    try:
        yield
    finally:
        with _changed(address) as repo:
            repo.update(repo.read(f"Questionnaire/{new['id']}") | {"status": "retired"})
            repo.update(repo.read(f"Questionnaire/{old['id']}") | {"status": "active"})


@contextmanager
def _changed(address: str) -> Iterator[Any]:
    flask = create_app({"SQLALCHEMY_DATABASE_URI": address})
    with flask.app_context():
        with work(SYSTEM) as repo:
            yield repo
        db.session.remove()
        db.engine.dispose()
