"""The database that the browser tests begin with."""

from __future__ import annotations

import os

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
        if os.environ.get("E2E_LIGHT"):
            from pathways.simulator import region
            from flask_security import hash_password

            with work(SYSTEM) as repo:
                region.build(repo, hash_password(region.PASSWORD))
        else:
            load.load(PATIENTS, seed=1)
        with work(SYSTEM) as repo:
            assert repo.first("Organization?_count=1")
        db.session.remove()
        db.engine.dispose()
