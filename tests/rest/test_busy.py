"""Two connections in each other's way: what was undone is done again, what cannot wait longer is told when to come."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from time import sleep
from typing import Any

import psycopg
import pytest
from werkzeug.test import TestResponse

from app.db import db
from app.store import connecting, patience

from .conftest import Fhir
from .scenes import resource

POSTGRESQL = pytest.mark.parametrize(
    "database", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
LOCK = "select 1 from head where id = %s for update"


def a_patient(id: str, gender: str = "male") -> dict[str, Any]:
    whole: dict[str, Any] = resource({"Patient": {"id": id, "gender": gender}})
    return whole


def transaction(*ids: str) -> dict[str, Any]:
    """Changes these patients, in this order."""
    entries = [
        {"resource": a_patient(id, "female"), "request": {"method": "PUT", "url": f"Patient/{id}"}} for id in ids
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


@contextmanager
def other(database: str) -> Iterator[Any]:
    """Another program's connection."""
    if database.startswith("sqlite"):
        connection = sqlite3.connect(database.removeprefix("sqlite:///"), isolation_level=None)
        yield connection
        connection.close()
        return
    with psycopg.connect(database.replace("+psycopg", "")) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def hasty(fhir: Fhir, monkeypatch: pytest.MonkeyPatch) -> Fhir:
    """A server that waits for a lock no longer than 0.2 s."""
    monkeypatch.setattr(connecting, "LOCK_TIMEOUT", 200)
    shorter = tuple(one if "busy" not in one else "busy_timeout = 200" for one in connecting.PRAGMAS)
    monkeypatch.setattr(connecting, "PRAGMAS", shorter)
    with fhir.flask.app_context():
        db.engine.dispose()
    return fhir


@POSTGRESQL
def test_a_deadlock_is_done_again(fhir: Fhir, database: str) -> None:
    for id in ("a", "b"):
        fhir.put(a_patient(id))
    answers: list[TestResponse] = []
    with other(database) as held:
        held.execute("set deadlock_timeout = '60s'")  # the other side finds it first, and is undone
        held.execute(LOCK, ["b"])
        asking = Thread(target=lambda: answers.append(fhir("POST", "", transaction("a", "b"))))
        asking.start()
        sleep(0.4)  # it holds a, and waits for b
        held.execute(LOCK, ["a"])  # until it was undone
        held.execute("update head set updated = updated where id = 'a'")
        held.commit()
        asking.join(20)
    assert [answer.status_code for answer in answers] == [200], answers[0].text
    assert {fhir.get(f"/Patient/{id}")["gender"] for id in ("a", "b")} == {"female"}
    assert [fhir.get(f"/Patient/{id}")["meta"]["versionId"] for id in ("a", "b")] == ["2", "2"]


@POSTGRESQL
def test_a_deadlock_without_end_is_told(fhir: Fhir, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def beaten(*_: Any) -> Any:
        tried.append(1)
        raise psycopg.errors.DeadlockDetected("deadlock detected")

    monkeypatch.setattr("app.rest.batch.transaction", beaten)
    answer = fhir("POST", "", transaction("a"))
    assert len(tried) == patience.TIMES
    told(answer)


@POSTGRESQL
def test_so_is_an_entry_of_a_batch(fhir: Fhir, database: str) -> None:
    for id in ("a", "b"):
        fhir.put(a_patient(id))
    answers: list[TestResponse] = []
    whole = {"resourceType": "Bundle", "type": "batch", "entry": transaction("a")["entry"]}
    beaten = iter([psycopg.errors.SerializationFailure("could not serialize access")])
    from app.rest import batch

    true = batch.run

    def run(*arguments: Any) -> Any:
        for error in beaten:
            raise error
        return true(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "run", run)
        answers.append(fhir("POST", "", whole))
    assert [entry["response"]["status"][:3] for entry in answers[0].get_json()["entry"]] == ["200"]


@pytest.mark.parametrize("path", ["/Patient/a", ""])
def test_a_lock_that_is_not_given_is_told(hasty: Fhir, database: str, path: str) -> None:
    hasty.put(a_patient("a"))
    send = (
        (lambda: hasty("PUT", path, a_patient("a", "female")))
        if path
        else (lambda: hasty("POST", "", transaction("a")))
    )
    with other(database) as held:
        held.execute("begin immediate") if database.startswith("sqlite") else held.execute(LOCK, ["a"])
        told(send())
        assert hasty.get("/Patient/a")["gender"] == "male"
        held.rollback()
    assert send().status_code == 200


def test_an_entry_of_a_batch_is_told_by_itself(hasty: Fhir, database: str) -> None:
    hasty.put(a_patient("a"))
    whole = transaction("a") | {"type": "batch"}
    hasty.put(resource({"Organization": {"id": "o"}}))
    whole["entry"].append({"request": {"method": "GET", "url": "Organization/o"}})
    with other(database) as held:
        held.execute("begin immediate") if database.startswith("sqlite") else held.execute(LOCK, ["a"])
        answer = hasty("POST", "", whole)
        held.rollback()
    assert answer.status_code == 200
    assert [entry["response"]["status"][:3] for entry in answer.get_json()["entry"]] == ["503", "200"]


def test_it_is_said_in_french(hasty: Fhir, database: str) -> None:
    with other(database) as held:
        held.execute("begin immediate") if database.startswith("sqlite") else held.execute("lock table head")
        answer = hasty("POST", "/Patient", {"resourceType": "Patient"}, headers={"Accept-Language": "fr"})
        held.rollback()
    assert "Rien n’a été enregistré" in told(answer)


def told(answer: TestResponse) -> str:
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) >= 1
    body = json.loads(answer.data)
    assert body["resourceType"] == "OperationOutcome"
    assert body["issue"][0]["code"] in ("transient", "lock-error")
    return str(body["issue"][0]["details"]["text"])
