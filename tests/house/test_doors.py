"""Every route stands in the access table; the migrations make exactly the tables of the code."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import upgrade

from app.access.table import grant_of
from app.db import db
from app.factory import create_app

ROOT = Path(__file__).resolve().parents[2]


def test_every_route_stands_in_the_access_table(tmp_path: Path) -> None:
    flask = create_app({"SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path / 'x.sqlite'}", "TESTING": True})
    with flask.app_context():
        missing = [rule.endpoint for rule in flask.url_map.iter_rules() if grant_of(rule.endpoint) is None]
    assert not missing


def test_migrations_make_the_tables_of_the_code(tmp_path: Path) -> None:
    flask = create_app({"SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path / 'x.sqlite'}", "TESTING": True})
    with flask.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        with db.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, db.metadata) == []
