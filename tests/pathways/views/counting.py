"""How often a page asks the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from app.store.postgresql import Postgresql
from app.store.sqlite import Sqlite


@contextmanager
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is asked of either database meanwhile."""
    asked: list[str] = []

    def counted(kind: Any) -> Any:
        rows = kind.rows

        def counting(driver: Any, sql: str, values: Any = ()) -> Any:
            asked.append(sql)
            return rows(driver, sql, values)

        return counting

    with monkeypatch.context() as patch:
        for kind in (Sqlite, Postgresql):
            patch.setattr(kind, "rows", counted(kind))
        yield asked
