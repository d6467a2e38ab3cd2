"""One transaction: all or nothing, one at a time, accounts and resources together."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.access.actor import SYSTEM
from app.access.tables import Role
from app.db import db
from app.errors import Conflict
from app.store import register_guard, work
from tests.store.builders import a_patient


class Refused(Exception):
    """Something went wrong half-way."""


def test_all_or_nothing(app: Flask) -> None:
    def half_way() -> None:
        with work(SYSTEM) as repo:
            repo.create(a_patient("p1"))
            repo.unit.flush()
            db.session.add(Role(name="nurse"))
            repo.enqueue("mail", {"to": "a"})
            raise Refused

    with pytest.raises(Refused):
        half_way()
    with work(SYSTEM, reading=True) as repo:
        assert repo.find("Patient/p1") is None
        assert repo.unit.driver.rows("select count(*) from outbox") == [(0,)]
    assert db.session.scalars(select(Role)).all() == []


def test_accounts_and_resources_are_one_transaction(app: Flask) -> None:
    with work(SYSTEM) as repo:
        repo.create(a_patient("p1"))
        db.session.add(Role(name="nurse"))
    db.session.remove()
    assert [role.name for role in db.session.scalars(select(Role))] == ["nurse"]
    with work(SYSTEM) as repo:
        assert repo.find("Patient/p1") is not None


def test_looking_up_who_is_signed_in_does_not_disturb(app: Flask) -> None:
    db.session.scalars(select(Role)).all()  # leaves a transaction open that has only read
    with work(SYSTEM) as repo:
        repo.create(a_patient("p1"))


def test_work_within_work_is_refused(app: Flask) -> None:
    with work(SYSTEM), pytest.raises(RuntimeError, match="inside"), work(SYSTEM):
        pass
    with work(SYSTEM) as repo:  # and leaves nothing behind
        repo.create(a_patient("p1"))


def test_reading_changes_nothing(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="reading"), work(SYSTEM, reading=True) as repo:
        repo.create(a_patient("p1"))
    with work(SYSTEM) as repo:
        repo.create(a_patient("p1"))
        assert repo.search("Patient").resources


def test_time_is_one_for_the_transaction_and_a_day_of_casablanca(app: Flask) -> None:
    with clock.frozen(datetime(2026, 7, 1, 23, 30, 0, 123_456, tzinfo=UTC)), work(SYSTEM) as repo:
        made = repo.create(a_patient("p1"))
        assert made["meta"]["lastUpdated"] == "2026-07-01T23:30:00.123Z"
        assert (repo.now.microsecond, repo.today.isoformat()) == (123_000, "2026-07-02")


def test_a_guard_judges_every_change_of_its_type(app: Flask) -> None:
    seen = []

    def guard(repo: object, before: object, after: object) -> None:
        seen.append((before and before["name"][0]["family"], after and after["name"][0]["family"]))  # type: ignore[index]
        if after and after["name"][0]["family"] == "Nobody":  # type: ignore[index]
            raise Conflict("not that one")

    register_guard(app, "Patient", guard)
    register_guard(app, "Patient", guard)
    with work(SYSTEM) as repo:
        repo.create(a_patient("p1", "A"))
        repo.update(a_patient("p1", "B"))
    with work(SYSTEM) as repo:
        repo.delete("Patient/p1")
    with pytest.raises(Conflict, match="not that one"), work(SYSTEM) as repo:
        repo.update(a_patient("p1", "Nobody"))
    assert seen == [(None, "A"), ("A", "B"), ("B", None), (None, "Nobody")]


def test_an_import_of_many_flushes_as_it_goes(app: Flask) -> None:
    with work(SYSTEM) as repo:
        assert repo.import_many(a_patient(f"p{n}") for n in range(1203)) == 1203
        assert not repo.unit.pending
    with work(SYSTEM, reading=True) as repo:
        assert repo.count("Patient") == 1203


def test_a_guard_of_nothing_costs_no_parse(app: Flask) -> None:
    with work(SYSTEM) as repo:
        repo.create(a_patient("p1"))
        assert repo.update(a_patient("p1", "B"))["meta"]["versionId"] == "2"
