"""The statements that our driver prepares outlive what others do on the same connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from app.access.actor import SYSTEM
from app.db import db
from app.store import work
from app.store.trouble import Trouble, trouble
from tests.store.builders import a_patient

pytestmark = pytest.mark.parametrize(
    "database", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)


def read(times: int = 5) -> None:
    for _ in range(times):
        with work(SYSTEM, reading=True) as repo:
            assert repo.count("Patient?gender=female") == 1


def test_a_rollback_of_the_session_leaves_them(app: Flask, stored: Callable[..., Any]) -> None:
    stored(a_patient("p", gender="female"))
    read()
    for number in range(20):  # so often that psycopg would prepare it
        db.session.execute(text("select count(*) from outbox where key = :key"), {"key": number})
    db.session.rollback()
    assert prepared() > 0
    read()


def prepared() -> int:
    """Statements that the connection holds."""
    found = db.session.execute(text("select count(*) from pg_prepared_statements")).scalar_one()
    db.session.commit()
    return int(found)


def test_a_failed_change_leaves_them(app: Flask, stored: Callable[..., Any]) -> None:
    stored(a_patient("p", gender="female"))
    read()
    for alone in (True, False) * 5:
        with pytest.raises(ZeroDivisionError), work(SYSTEM, alone=alone) as repo:
            repo.update(a_patient("p", gender="male"))
            repo.count("Patient?gender=male")
            raise ZeroDivisionError
        read(1)


def test_what_somebody_dropped_is_prepared_anew(app: Flask, stored: Callable[..., Any]) -> None:
    stored(a_patient("p", gender="female"))

    def change() -> None:
        with work(SYSTEM, alone=True) as repo:
            repo.update(a_patient("p", gender="female"))
            repo.count("Patient?gender=female")

    for _ in range(5):
        change()
    read()
    db.session.execute(text("deallocate all"))
    db.session.commit()
    read(1)
    for _ in range(5):
        change()
    db.session.execute(text("deallocate all"))
    db.session.commit()
    with pytest.raises(psycopg.Error) as gone:
        change()
    assert trouble(gone.value) is Trouble.AGAIN
    change()
    read()


def test_what_is_gone_at_the_commit_is_prepared_anew_too(app: Flask, stored: Callable[..., Any]) -> None:
    def create(*, dropped: bool = False) -> None:
        with work(SYSTEM, alone=True) as repo:
            repo.create({"resourceType": "Patient"})
            repo.unit.flush()
            if dropped:
                repo.unit.driver.run("deallocate all")

    for _ in range(5):
        create()
    with pytest.raises(psycopg.Error) as gone:
        create(dropped=True)
    assert trouble(gone.value) is Trouble.AGAIN
    create()
