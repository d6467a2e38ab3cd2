"""Those who did not come: the most pressing first, then the longest overdue; page by page, in few queries."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from app import clock
from app.fhir import validation
from app.jobs.worker import run_pending
from app.store import register_guard
from pathways import risk, worklist
from pathways.enrolment import Enrolment
from pathways.feature import FEATURE
from pathways.vocabulary import ABOVE, REACHED, SEVERE, UNKNOWN
from tests.pathways.clinic import ZINEB, Clinic, decided, enrolled, measured, seen
from tests.pathways.views.counting import statements

PRESSURES = {
    "atlas": (128, 78, REACHED),
    "badr": (166, 104, ABOVE),
    "chafik": (184, 98, SEVERE),
    "driss": (132, 82, REACHED),
    "echo": (150, 111, SEVERE),
    "fadel": (180, 110, ABOVE),
}
"""Family name -> the pressure of the last visit and what it makes of the patient; later ones are less overdue."""


def enrolled_as(clinic: Clinic, name: str) -> Enrolment:
    number = 100 + len(name) + sum(map(ord, name))
    person = replace(ZINEB, family=name.capitalize(), family_ar="", given_ar="", cnie=f"LF{number}", phone="")
    return enrolled(clinic, person)


@pytest.fixture
def overdue(clinic: Clinic) -> Clinic:
    """Six who were seen on different days and one who never came, more than a year ago."""
    for name, (systolic, diastolic, _) in PRESSURES.items():
        found = seen(clinic, enrolled_as(clinic, name), name, measured(systolic, diastolic))
        decided(clinic, *found, f"{name}-step")
        clinic.later(days=1)
    enrolled_as(clinic, "nobody")
    clinic.later(days=440)
    return clinic


def names_of(listed: worklist.Listed) -> list[str]:
    return [entry.patient["name"][0]["family"].lower() for entry in listed.entries]


def test_severe_before_above_the_target_before_at_the_target(overdue: Clinic) -> None:
    with overdue.open(overdue.nurse) as repo:
        found = worklist.listed(repo, ["Organization/centre"], worklist.CALLS)
        levels = {**{name: level for name, (_, _, level) in PRESSURES.items()}, "nobody": UNKNOWN}
        assert {entry.patient["name"][0]["family"].lower(): entry.risk for entry in found.entries} == levels
        assert names_of(found) == ["chafik", "echo", "badr", "fadel", "nobody", "atlas", "driss"]
        due = {name: entry.due for name, entry in zip(names_of(found), found.entries, strict=True)}
        assert due["chafik"] < due["echo"] and due["badr"] < due["fadel"] and due["atlas"] < due["driss"]
        assert all(not validation.validate(entry.task) for entry in found.entries)
        assert repo.count("Task?status=requested&risk=1") == 2 and repo.count("Task?status=requested&risk=gt2") == 3


def test_page_by_page_by_key(overdue: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    with overdue.open(overdue.nurse) as repo:
        whole, after, pages = [], None, 0
        while pages == 0 or after:
            page = worklist.listed(repo, ["Organization/centre"], worklist.CALLS, count=2, after=after)
            whole, after, pages = whole + names_of(page), page.next, pages + 1
        assert pages == 4 and whole == ["chafik", "echo", "badr", "fadel", "nobody", "atlas", "driss"]

        def asked(count: int) -> int:
            with statements(monkeypatch) as found:
                worklist.listed(repo, ["Organization/centre"], worklist.CALLS, count=count)
            return len(found)

        assert asked(1) == asked(6) <= 4


def test_what_came_by_another_road_moves_them_the_next_day(overdue: Clinic) -> None:
    came(overdue, "driss", 190, 100)
    came(overdue, "badr", 120, 70)
    overdue.later(days=1)
    assert brought_up(overdue) == 2
    with overdue.open(overdue.nurse) as repo:
        found = worklist.listed(repo, ["Organization/centre"], worklist.CALLS)
        assert names_of(found) == ["chafik", "echo", "driss", "fadel", "nobody", "badr", "atlas"]
    assert brought_up(overdue) == 0


def test_many_are_brought_up_portion_by_portion(overdue: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """No transaction is longer than a portion: everybody else waits for the one that writes."""
    monkeypatch.setattr(risk, "PORTION", 1)
    for name in ("driss", "badr", "atlas"):
        came(overdue, name, 190, 100)
    with overdue.open(overdue.nurse) as repo:
        assert risk.note_overdue(repo) == 3
    with clock.frozen(overdue.now):
        assert run_pending([replace(FEATURE, daily=())]) == 3


def came(overdue: Clinic, of: str, systolic: int, diastolic: int) -> None:
    """A newer value of somebody, as an import brings it."""
    with overdue.open(overdue.physician) as repo:
        patient = repo.first(f"Patient?family={of}")
        assert patient is not None
        known = repo.first(f"Observation?patient=Patient/{patient['id']}&code=http://loinc.org|85354-9")
        assert known is not None
        repo.create(fresh(known, systolic, diastolic, repo.today.isoformat()))


def brought_up(overdue: Clinic) -> int:
    """What the worker does once a day; how many visits changed."""
    with overdue.open(overdue.nurse) as repo:
        before = {task["id"]: task["meta"]["versionId"] for task in repo.search_all("Task?status=requested")}
    with clock.frozen(overdue.now):
        run_pending([replace(FEATURE, jobs={"risk": FEATURE.jobs["risk"]})])
    with overdue.open(overdue.nurse) as repo:
        after = {task["id"]: task["meta"]["versionId"] for task in repo.search_all("Task?status=requested")}
    return sum(version != before[id] for id, version in after.items())


def test_what_an_ehr_sends_moves_them_as_soon_as_the_worker_runs(overdue: Clinic, app: Flask) -> None:
    register_guard(app, "Observation", FEATURE.guards["Observation"])
    ehr = replace(overdue.physician, scopes=frozenset({"system/*.cruds"}))
    with overdue.open(overdue.nurse) as repo:
        patient = repo.first("Patient?family=driss")
        assert patient is not None
        known = repo.first(f"Observation?patient=Patient/{patient['id']}&code=http://loinc.org|85354-9")
        assert known is not None
        day = repo.today.isoformat()

    def order() -> list[str]:
        with clock.frozen(overdue.now):
            assert run_pending([replace(FEATURE, daily=())]) == 1
        with overdue.open(overdue.nurse) as repo:
            return names_of(worklist.listed(repo, ["Organization/centre"], worklist.CALLS))

    with overdue.open(ehr) as repo:
        sent = repo.create(fresh(known, 190, 100, day))
    assert order() == ["chafik", "echo", "driss", "badr", "fadel", "nobody", "atlas"]
    with overdue.open(ehr) as repo:
        repo.update(sent | {"status": "entered-in-error"})
    assert order() == ["chafik", "echo", "badr", "fadel", "nobody", "atlas", "driss"], "it was taken back"


def fresh(observation: dict[str, Any], systolic: int, diastolic: int, day: str) -> dict[str, Any]:
    """Another measurement of the same patient."""
    values = {"8480-6": systolic, "8462-4": diastolic}
    parts = [
        part | {"valueQuantity": part["valueQuantity"] | {"value": values[part["code"]["coding"][0]["code"]]}}
        for part in observation["component"]
    ]
    kept = {key: value for key, value in observation.items() if key not in ("id", "meta", "identifier", "encounter")}
    return kept | {"component": parts, "effectiveDateTime": day, "issued": f"{day}T09:00:00Z"}
