"""Definitions by canonical, the newest measurement of many patients, the outbox, many references at once."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app import clock
from app.access.actor import SYSTEM
from app.errors import NotFound
from app.fhir.json import loads
from app.store import outbox, parsed, work
from app.store.lookups import business_version
from tests.store.builders import BLOOD_PRESSURE, a_patient, a_quantity, an_observation

URL = "https://maslak.ma/fhir/PlanDefinition/hypertension"


def a_plan(version: str, status: str) -> dict[str, Any]:
    id = f"plan-{version}-{status}"
    return {"resourceType": "PlanDefinition", "id": id, "url": URL, "version": version, "status": status}


def test_a_canonical_without_version_is_the_latest_in_force(app: Flask, stored: Callable[..., Any]) -> None:
    for version, status in (("1.9.0", "active"), ("1.10.0", "active"), ("2.0.0", "draft"), ("1.11.0", "retired")):
        stored(a_plan(version, status))
    with work(SYSTEM, reading=True) as repo:
        assert repo.canonical(URL)["version"] == "1.10.0"
        assert repo.canonical(f"{URL}|2.0.0")["status"] == "draft"
        for reference in (f"{URL}|3", "https://elsewhere.org/x", ""):
            with pytest.raises(NotFound):
                repo.canonical(reference)


def test_what_is_in_force_is_parsed_once_and_never_stale(
    app: Flask, stored: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[bytes] = []
    monkeypatch.setattr(parsed, "loads", lambda body: read.append(body) or loads(body))
    stored(a_plan("1.0.0", "active"))
    stored(a_plan("2.0.0", "draft"))
    for _each in range(3):
        with work(SYSTEM, reading=True) as repo:
            assert repo.canonical(URL)["version"] == "1.0.0"
    assert len(read) == 2, "what is there, once"
    with work(SYSTEM) as repo:  # a draft that is saved again, in this process or in another
        repo.update(a_plan("2.0.0", "draft") | {"title": "Autre"})
        assert repo.canonical(f"{URL}|2.0.0")["title"] == "Autre"
    with work(SYSTEM, reading=True) as repo:
        assert repo.canonical(f"{URL}|2.0.0")["title"] == "Autre"
    with work(SYSTEM) as repo:
        repo.delete("PlanDefinition/plan-1.0.0-active")
    with work(SYSTEM, reading=True) as repo, pytest.raises(NotFound):
        repo.canonical(URL)


def test_what_is_undone_was_never_there(app: Flask, stored: Callable[..., Any]) -> None:
    """The number of a version that is undone comes again (SQLite): it must not bring back what stood there."""
    stored(a_plan("1.0.0", "draft"))
    for title in ("Première", "Seconde"):
        with suppress(ZeroDivisionError), work(SYSTEM) as repo:
            repo.update(a_plan("1.0.0", "draft") | {"title": title})
            assert repo.canonical(f"{URL}|1.0.0")["title"] == title
            _ = 1 / (title == "Seconde")
    with work(SYSTEM, reading=True) as repo:
        assert repo.canonical(f"{URL}|1.0.0")["title"] == "Seconde"


def test_nothing_in_force_is_not_found(app: Flask, stored: Callable[..., Any]) -> None:
    stored(a_plan("1.0.0", "draft"))
    with work(SYSTEM, reading=True) as repo, pytest.raises(NotFound, match="in force"):
        repo.canonical(URL)


def test_business_versions_sort_as_semver() -> None:
    texts = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0", "1.2.0", "1.10.0", "2024-05"]
    made = sorted(({"version": text} for text in reversed(texts)), key=business_version)
    assert [one["version"] for one in made] == texts
    assert business_version({}) < business_version({"version": "0.0.1"})


def test_the_newest_measurement_of_many_patients(app: Flask, stored: Callable[..., Any]) -> None:
    stored(a_patient("p1"), a_patient("p2"), a_patient("p3"))
    for n, (patient, day) in enumerate([("p1", "01"), ("p1", "09"), ("p2", "05"), ("p1", "03")]):
        stored(an_observation(f"o{n}", patient, f"2024-03-{day}", valueQuantity=a_quantity(100 + n)))
    stored(an_observation("pulse", "p1", "2024-04-01", code="8867-4"))
    with work(SYSTEM, reading=True) as repo:
        newest = repo.latest("Observation", ["p1", "p2", "p3", "nobody"], BLOOD_PRESSURE)
        assert {patient: one["id"] for patient, one in newest.items()} == {"p1": "o1", "p2": "o2"}
        assert repo.latest("Observation", [], BLOOD_PRESSURE) == {}


def test_many_references_at_once_in_their_order(app: Flask, stored: Callable[..., Any]) -> None:
    stored(a_patient("p1"), a_patient("p2"), an_observation("o1"))
    with work(SYSTEM) as repo:
        new = repo.create(a_patient("p3"))
        wanted = ["Patient/p3", "Observation/o1", "Patient/p2", "Patient/none", "Patient/p1", "nonsense"]
        found = repo.read_many(wanted)
        assert list(found) == ["Patient/p3", "Observation/o1", "Patient/p2", "Patient/p1"]
        assert found["Patient/p3"] == new


def test_a_job_is_there_after_the_commit_and_comes_back_until_it_is_done(app: Flask) -> None:
    with work(SYSTEM) as repo:
        repo.enqueue("mail", {"to": "أمين"})
    with work(SYSTEM) as repo:
        job = outbox.due_jobs(repo.unit)[0]
        assert (job.topic, job.payload, job.attempts) == ("mail", {"to": "أمين"}, 0)
        outbox.job_failed(repo.unit, job, "no route", repo.now + timedelta(minutes=5))
    with work(SYSTEM) as repo:
        assert outbox.due_jobs(repo.unit) == []
        later = repo.now + timedelta(minutes=6)
    with clock.frozen(later), work(SYSTEM) as repo:
        job = outbox.due_jobs(repo.unit)[0]
        assert job.attempts == 1
        outbox.job_done(repo.unit, job)
    with clock.frozen(later), work(SYSTEM) as repo:
        assert outbox.due_jobs(repo.unit) == []
