"""What a draft would change for patients who are followed: counted by establishment, before it is released."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.access.actor import SYSTEM, automation
from app.config import CANONICAL_BASE
from app.errors import Conflict
from app.fhir.validation import validate
from app.store import outbox
from pathways import impact as counting
from protocols import collection, drafting, impact, impact_reports, publishing
from protocols.parameters import with_values
from tests.pathways.clinic import ZINEB, Clinic, decided, enrolled, measured, seen

FIRST, SECOND = "Library/hypertension-protocol-1.0.0", "Library/hypertension-protocol-1.1.0"
WRITER = automation("writer")


@pytest.fixture(autouse=True)
def told_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handful of patients is counted here: every number is told."""
    monkeypatch.setenv("SMALLEST_COUNT", "1")


def drafted(clinic: Clinic, **values: str) -> None:
    """Version 1.1.0 in preparation, with other named values and with what ``order`` makes of the orders."""
    with clinic.open(WRITER) as repo:
        drafting.draft(repo, FIRST)
    with clinic.open(WRITER) as repo:
        for one in collection.parts(repo, repo.read(SECOND)):
            if (changed := with_values(one, values)) != one:
                drafting.edit(repo, SECOND, changed)


def a_batch(clinic: Clinic) -> int:
    """One batch of each count that was asked for, as the worker does it. How many were done."""
    with clinic.open(automation("jobs")) as repo:
        jobs = [job for job in outbox.due_jobs(repo.unit, 50) if job.topic == impact.TOPIC]
        for job in jobs:
            rest = counting.count_batch(repo, job.payload)
            outbox.job_done(repo.unit, job) if rest is None else outbox.job_goes_on(repo.unit, job, rest)
    return len(jobs)


def counted(clinic: Clinic) -> tuple[impact_reports.Report, dict[str, impact_reports.Figures]]:
    """The reports after all that was asked for is done."""
    with clinic.open(WRITER) as repo:
        impact.begin(repo, SECOND)
    for _ in range(10):
        if not a_batch(clinic):
            break
    with clinic.open(SYSTEM) as repo:
        library = repo.read(SECOND)
        reports = [
            impact_reports.read(one)
            for one in repo.search(impact_reports.query(library, impact_reports.ESTABLISHMENT)).resources
        ]
        whole = impact_reports.of(repo, library)
    assert whole is not None
    return whole, {one.organization or "": one.count for one in reports}


def patients(clinic: Clinic, *pressures: tuple[int, int]) -> None:
    """People seen once; the first one's step is accepted, the others' waits."""
    for number, pressure in enumerate(pressures):
        held = enrolled(clinic, replace(ZINEB, cnie=f"lf 1234{number}", phone="", given=f"Zineb{number}"))
        visit, standing = seen(clinic, held, f"visit-{number}", measured(*pressure))
        if number == 0:
            decided(clinic, visit, standing, f"step-{number}")


def test_those_who_would_get_another_step_are_counted_by_establishment(clinic: Clinic) -> None:
    patients(clinic, (168, 104), (166, 102), (124, 76))
    drafted(clinic, urgentSbp="165")
    whole, places = counted(clinic)
    assert whole.complete and (whole.count.followed, whole.count.others) == (3, 2)
    assert places.keys() == {"Organization/centre"} and places["Organization/centre"].others == 2
    assert sum(whole.count.kinds.values()) == 2
    for kind in whole.count.kinds:
        said = dict(kind.said)
        assert said["fr"] and said["ar"] and said["fr"] != said["ar"]
        assert ("→" in said["fr"]) == ("←" in said["ar"]) and "→" not in said["ar"]


def test_a_change_is_found_where_its_patients_are(clinic: Clinic) -> None:
    """By region, by establishment, and for one change alone those where it concerns somebody."""
    level = f"{CANONICAL_BASE}/CodeSystem/facility-level"
    with clinic.open(SYSTEM) as repo:
        tree = (("north", "region", None), ("larache", "province", "north"), ("centre", "CSR-1", "larache"))
        for id, code, above in tree:
            made = {"resourceType": "Organization", "id": id, "active": True, "name": id}
            made["type"] = [{"coding": [{"system": level, "code": code}]}]
            repo.update(made | ({"partOf": {"reference": f"Organization/{above}"}} if above else {}))
    patients(clinic, (168, 104), (166, 102), (124, 76))
    drafted(clinic, urgentSbp="165")
    whole, _ = counted(clinic)
    with clinic.open(SYSTEM) as repo:
        library = repo.read(SECOND)
        (region,) = map(
            impact_reports.read, repo.search(impact_reports.query(library, impact_reports.REGION)).resources
        )
        assert region.organization == "Organization/north" and region.count == whole.count
        for kind, number in whole.count.kinds.items():
            (place,) = map(
                impact_reports.read,
                repo.search(impact_reports.query(library, impact_reports.ESTABLISHMENT, kind.code)).resources,
            )
            assert place.organization == "Organization/centre" and place.count.kinds[kind] == number
        assert (
            repo.search(impact_reports.query(library, impact_reports.ESTABLISHMENT, "nothing>step-9")).resources == []
        )


def test_a_draft_that_changes_no_rule_changes_nobody(clinic: Clinic) -> None:
    patients(clinic, (168, 104), (150, 95))
    drafted(clinic)
    with clinic.open(WRITER) as repo:
        library = repo.read(SECOND)
        plan = next(one for one in collection.parts(repo, library) if one["resourceType"] == "PlanDefinition")
        drafting.edit(repo, SECOND, plan | {"title": "Autre titre"})
    whole, _ = counted(clinic)
    assert (whole.count.followed, whole.count.others) == (2, 0)


def test_the_batches_add_up(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "BATCH", 1)
    patients(clinic, (168, 104), (166, 102), (124, 76))
    drafted(clinic, urgentSbp="165")
    whole, _ = counted(clinic)
    assert whole.complete and (whole.count.followed, whole.count.others) == (3, 2)
    again, _ = counted(clinic)
    assert again.count == whole.count, "counted anew, not added"


def test_a_count_that_is_begun_anew_while_it_runs_counts_nobody_twice(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "BATCH", 1)
    patients(clinic, (168, 104), (166, 102), (124, 76))
    drafted(clinic, urgentSbp="165")
    with clinic.open(WRITER) as repo:
        impact.begin(repo, SECOND)
    assert a_batch(clinic) == 1
    whole, places = counted(clinic)
    assert (whole.count.followed, whole.count.others) == (3, 2)
    assert places["Organization/centre"].followed == 3


def test_an_edit_makes_the_count_outdated_and_stops_it(clinic: Clinic) -> None:
    patients(clinic, (168, 104))
    drafted(clinic, bpValidity="6 days")
    whole, _ = counted(clinic)
    with clinic.open(WRITER) as repo:
        library = repo.read(SECOND)
        assert whole.words == impact.words_of(repo, library)
        publishing.submit(repo, SECOND)
        assert whole.words == impact.words_of(repo, repo.read(SECOND)), "a review changes no word"
        publishing.send_back(repo, SECOND, comment="à revoir")
        drafting.edit(repo, SECOND, repo.read(SECOND) | {"title": "Autre"})
        assert whole.words != impact.words_of(repo, repo.read(SECOND))
        report = repo.first(f"MeasureReport?identifier={impact_reports.OF}|{library['id']}&reporter:missing=true")
        seen = report["meta"]["versionId"] if report else ""
        counting.count_batch(repo, {"library": SECOND, "words": whole.words, "seen": seen, "next": ""})
        assert impact_reports.of(repo, repo.read(SECOND)) == whole


def test_the_reports_are_fhir_and_hold_no_patient(clinic: Clinic) -> None:
    patients(clinic, (168, 104))
    drafted(clinic, urgentSbp="165")
    counted(clinic)
    with clinic.open(SYSTEM) as repo:
        held: list[Any] = list(repo.search_all("MeasureReport?_count=50"))
    assert len(held) == 2
    for one in held:
        assert validate(one) == [] and "Patient/" not in str(one)


def test_a_version_in_force_is_not_counted(clinic: Clinic) -> None:
    with pytest.raises(Conflict), clinic.open(WRITER) as repo:
        impact.begin(repo, FIRST)
