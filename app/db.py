"""The database as the whole platform shares it: accounts and resources stand in one transaction."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import click
from flask import Flask
from flask.globals import _cv_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, MetaData

from app.config import ROOT

if TYPE_CHECKING:
    from flask_migrate import Migrate

NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names of constraints, so that a migration can change them on both databases."""

db = SQLAlchemy(metadata=MetaData(naming_convention=NAMES), session_options={"expire_on_commit": False})
"""Objects stay as they were read after a commit: who is signed in is not asked again for each transaction."""


def engine_here() -> Engine:
    """The database of the application whose context is open; ``db.engine`` asks for it by way of proxies."""
    flask = _cv_app.get().app
    engine: Engine | None = flask.extensions.get("maslak.engine")
    if engine is None:
        engine = flask.extensions["maslak.engine"] = db.engine
    return engine


def session_begun() -> bool:
    """Whether this context has used the session; asked without a way through the proxies where nobody has."""
    registry = db.session.registry
    return bool(registry.registry) and registry.has()


def init_app(flask: Flask) -> None:
    """Bind the database of the settings, and the migrations."""
    if flask.config["SQLALCHEMY_DATABASE_URI"] not in ("sqlite://", "sqlite:///:memory:"):
        # the connection used last is lent first: what it has prepared is still at hand, and idle ones stay idle
        flask.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", {"pool_use_lifo": True})
    db.init_app(flask)
    flask.extensions["migrate"] = Migrations()
    flask.cli.add_command(MigrationCommands("db", help="Perform database migrations."))


class Migrations:
    """Flask-Migrate as it looks itself up, loaded by whoever migrates: with Alembic and Mako it is 4 MB (8 where
    Pygments is there too) that no server process needs.
    """

    db = db
    directory = str(ROOT / "migrations")

    @cached_property
    def migrate(self) -> Migrate:
        from flask_migrate import Migrate

        return Migrate(db=db, directory=self.directory)


class MigrationCommands(click.Command):
    """``flask db …``, loaded when it is called."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        from flask_migrate.cli import db as commands

        group: click.Group = commands
        return group.make_context(info_name, args, parent, **extra)
