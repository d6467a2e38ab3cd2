"""The database that the browser tests begin with."""

from __future__ import annotations

from app import content
from app.cli import prepare_database
from app.db import db
from app.factory import create_app
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
