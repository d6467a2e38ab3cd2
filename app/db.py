"""The database as the whole platform shares it: accounts and resources stand in one transaction."""

from __future__ import annotations

from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData

from app.config import ROOT

NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names of constraints, so that a migration can change them on both databases."""

db = SQLAlchemy(metadata=MetaData(naming_convention=NAMES), session_options={"expire_on_commit": False})
"""Objects stay as they were read after a commit: who is signed in is not asked again for each transaction."""


def init_app(flask: Flask) -> None:
    """Bind the database of the settings, and the migrations."""
    if flask.config["SQLALCHEMY_DATABASE_URI"] not in ("sqlite://", "sqlite:///:memory:"):
        # the connection used last is lent first: what it has prepared is still at hand, and idle ones stay idle
        flask.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", {"pool_use_lifo": True})
    db.init_app(flask)
    Migrate(flask, db, directory=str(ROOT / "migrations"))
