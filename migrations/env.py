"""How migrations run: on the application's own engine, against the tables of the code."""

from __future__ import annotations

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection
from sqlalchemy.types import TypeDecorator

config = context.config
extension = current_app.extensions["migrate"]


def nothing_without_a_change(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """``db migrate`` writes no file when the tables are as the migrations make them."""
    if getattr(config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def plain_types(kind: str, item: Any, _context: Any) -> str | bool:
    """Our own column types by what they are in the database, so that a migration imports nothing of the code."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


def run(connection: Connection) -> None:
    """All missing migrations; on SQLite tables are changed by copying them, as it cannot alter much."""
    context.configure(
        connection=connection,
        target_metadata=extension.db.metadata,
        process_revision_directives=nothing_without_a_change,
        compare_type=True,
        render_item=plain_types,
        transactional_ddl=True,  # app.store.connecting begins transactions on SQLite too
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


with extension.db.engine.connect() as opened:
    run(opened)
