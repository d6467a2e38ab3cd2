"""Whether the database stands where the migrations lead."""

from __future__ import annotations

from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy.engine import make_url

from app.config import ROOT
from app.db import db

MIGRATIONS = ROOT / "migrations"


def pending() -> bool:
    """Whether a migration has not been run yet; makes the folder of a SQLite file that is not there."""
    address = make_url(current_app.config["SQLALCHEMY_DATABASE_URI"])
    if address.drivername.startswith("sqlite") and address.database not in (None, "", ":memory:"):
        Path(str(address.database)).parent.mkdir(parents=True, exist_ok=True)
    wanted = set(ScriptDirectory(str(MIGRATIONS)).get_heads())
    with db.engine.connect() as connection:
        return set(MigrationContext.configure(connection).get_current_heads()) != wanted
