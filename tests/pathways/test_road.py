"""The whole road through the use cases, on both databases: registered, enrolled, seen, treated, referred, back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from app.clock import CASABLANCA
from app.errors import Conflict, Duplicate, Forbidden, Invalid, PreconditionFailed
from app.fhir import validation
from app.fhir.resource import has_coding, reference
from pathways import enrolment, worklist
from pathways.decision import Adaptation, proposed_change
from pathways.referral import moves
from pathways.referral.answering import Letter, answer
from pathways.referral.receiving import play, waiting_for
from pathways.registration import register
from pathways.together.standings import alone
from pathways.visit import record_visit
from pathways.vocabulary import RETURN, is_kind
from tests.pathways.clinic import (
    HYPERTENSION,
    ZINEB,
    Clinic,
    decided,
    doses,
    enrolled,
    measured,
    refer,
    seen,
    stage,
    standing_of,
)


def test_registration_to_return(clinic: Clinic) -> None:
    held = enrolled(clinic)
    assert stage(standing_of(clinic, held)) == "screening"

    visit, standing = seen(clinic, held, "visit-1", measured(166, 104), clinic.nurse)
    assert standing.treatment is not None and standing.treatment.id == "step-1"
    made = decided(clinic, visit, standing, "step-1")
    assert [is_kind(task, "visit") for task in made.tasks if task["resourceType"] == "Task"] == [True]
    assert doses(clinic, held) == ["Amlodipine 5"]
    assert stage(standing_of(clinic, held)) == "titration"

    clinic.later(days=29)
    visit, standing = seen(clinic, held, "visit-2", measured(158, 98))
    assert stage(standing) == "titration"
    decided(clinic, visit, standing, "step-2", adaptation=Adaptation("patient-choice", keep_treatment=True))
    assert doses(clinic, held) == ["Amlodipine 5"]

    clinic.later(days=28)
    visit, standing = seen(clinic, held, "visit-3", measured(204, 122))
    assert standing.referral is not None and standing.referral.kind == "referral-urgent"
    decided(clinic, visit, standing, "step-3")
    task = refer(clinic, held, visit)
    assert stage(standing_of(clinic, held)) == "hospital-referral"

    clinic.later(hours=2)
    ref = reference(task)
    with clinic.open(clinic.hospital) as repo:
        assert [one["id"] for one in waiting_for(repo, ["Organization/chp"])[0]] == [task["id"]]
        play(repo, ref, moves.ACCEPT, form_key="accept", seen_version=int(task["meta"]["versionId"]))
    assert stage(standing_of(clinic, held)) == "hospital-assessment"
    with clinic.open(clinic.hospital) as repo:
        play(repo, ref, moves.SCHEDULE, form_key="schedule", day=repo.today + timedelta(days=1))
    clinic.later(days=1)
    with clinic.open(clinic.hospital) as repo:
        play(repo, ref, moves.NOTE, form_key="note")
        back = repo.today + timedelta(days=14)
        answer(repo, ref, Letter("Examen normal", "Même traitement", back), form_key="letter")
    assert stage(standing_of(clinic, held)) == "return"
    with clinic.open(clinic.nurse) as repo:
        waiting = worklist.listed(repo, ["Organization/centre"], worklist.BACK)
        assert [(entry.patient["id"], entry.due) for entry in waiting.entries] == [(held.patient.split("/")[1], back)]

    clinic.later(days=14)
    visit, standing = seen(clinic, held, "visit-4", measured(132, 84))
    assert stage(standing) == "follow-up"
    with clinic.open(clinic.nurse) as repo:
        assert not worklist.listed(repo, ["Organization/centre"], worklist.BACK).entries
        for one in repo.record_of(held.patient.split("/")[1]):
            assert not validation.validate(one), (one["resourceType"], validation.validate(one))


def test_an_accepted_diagnosis_is_on_record(clinic: Clinic) -> None:
    held = enrolled(clinic)
    visit, standing = seen(clinic, held, "visit-1", measured(166, 104))
    decided(clinic, visit, standing, "step-1")
    with clinic.open(clinic.physician) as repo:
        codes = [one["code"] for one in repo.search(f"Condition?patient={held.patient}").resources]
    assert [has_coding(code, "http://hl7.org/fhir/sid/icd-10", "I10") for code in codes] == [True]


def test_a_form_sent_twice_is_stored_once(clinic: Clinic) -> None:
    held = enrolled(clinic)
    again = enrolled(clinic)
    assert again.episode["id"] == held.episode["id"] and again.plan["id"] == held.plan["id"]
    visit, standing = seen(clinic, held, "visit-1", measured(166, 104))
    twice, _ = seen(clinic, held, "visit-1", measured(166, 104))
    assert twice.encounter["id"] == visit.encounter["id"]
    made = decided(clinic, visit, standing, "step-1")
    assert decided(clinic, visit, standing, "step-1").task["id"] == made.task["id"]
    task = refer(clinic, held, visit)
    assert refer(clinic, held, visit)["id"] == task["id"]
    with clinic.open(clinic.hospital) as repo:
        play(repo, reference(task), moves.ACCEPT, form_key="accept")
        play(repo, reference(task), moves.ACCEPT, form_key="accept")
        letter = Letter("Examen normal", "Même traitement", repo.today + timedelta(days=7))
        answer(repo, reference(task), letter, form_key="letter")
        answer(repo, reference(task), letter, form_key="letter")
    with clinic.open(clinic.physician) as repo:
        record = repo.record_of(held.patient.split("/")[1])
    for kind, count in {"Encounter": 1, "QuestionnaireResponse": 1, "MedicationRequest": 1, "Composition": 1}.items():
        assert len([one for one in record if one["resourceType"] == kind]) == count, kind
    assert len([one for one in record if one["resourceType"] == "Task" and is_kind(one, RETURN)]) == 1


def test_refusals_at_enrolment(clinic: Clinic) -> None:
    held = enrolled(clinic)
    with pytest.raises(Duplicate), clinic.open(clinic.nurse) as repo:
        enrolment.enrol(repo, HYPERTENSION, held.patient, form_key="another form")
    with pytest.raises(Duplicate), clinic.open(clinic.nurse) as repo:
        register(repo, replace(ZINEB, given="Autre", phone=""), form_key="another person")


def test_the_dead_are_left_in_peace(clinic: Clinic) -> None:
    held = enrolled(clinic)
    with clinic.open(clinic.physician) as repo:
        repo.update(repo.read(held.patient) | {"deceasedDateTime": "2026-09-07"})
    with pytest.raises(Conflict, match="2026-09-07"):
        seen(clinic, held, "visit-1", measured(150, 90))
    with pytest.raises(Conflict), clinic.open(clinic.nurse) as repo:
        enrolment.enrol(repo, HYPERTENSION, held.patient, form_key="another form")
    with clinic.open(clinic.nurse) as repo:
        assert not worklist.listed(repo, ["Organization/centre"], worklist.TODAY).entries


def test_a_page_left_open_is_refused(clinic: Clinic) -> None:
    held = enrolled(clinic)
    visit, standing = seen(clinic, held, "visit-1", measured(166, 104))
    with pytest.raises(Conflict, match="changed since"):
        decided(clinic, visit, standing, "step", seen="an older proposal")
    decided(clinic, visit, standing, "step")
    with pytest.raises(Conflict, match="already"):
        decided(clinic, visit, standing, "step of somebody else")
    task = refer(clinic, held, visit)
    with clinic.open(clinic.hospital) as repo:
        play(repo, reference(task), moves.ACCEPT, form_key="accept")
    with pytest.raises(PreconditionFailed), clinic.open(clinic.hospital) as repo:
        play(repo, reference(task), moves.DECLINE, form_key="decline", reason="Complet", seen_version=1)
    with pytest.raises(Conflict, match="accepted"), clinic.open(clinic.hospital) as repo:
        play(repo, reference(task), moves.ACCEPT, form_key="accept once more")


def test_a_nurse_does_not_change_the_treatment(clinic: Clinic) -> None:
    held = enrolled(clinic)
    visit, standing = seen(clinic, held, "visit-1", measured(166, 104), clinic.nurse)
    with clinic.open(clinic.nurse) as repo:
        change = proposed_change(repo, alone(standing))
        assert change is not None and len(change.start) == 1
    with pytest.raises(Forbidden):
        decided(clinic, visit, standing, "step", actor=clinic.nurse)
    assert doses(clinic, held) == []


def test_a_visit_of_tomorrow_is_refused(clinic: Clinic) -> None:
    held = enrolled(clinic)
    with clinic.open(clinic.physician) as repo:
        response = {"resourceType": "QuestionnaireResponse", "status": "completed"}
        with pytest.raises(Invalid, match="future"):
            record_visit(repo, [held], [response], lambda *_: [], form_key="v", day=repo.today + timedelta(days=1))
        with pytest.raises(Invalid, match="birth"):
            record_visit(repo, [held], [response], lambda *_: [], form_key="v", day=repo.today.replace(year=1950))


def test_another_day_can_be_given_where_the_protocol_gives_none(clinic: Clinic) -> None:
    held = enrolled(clinic)
    visit, standing = seen(clinic, held, "visit-1", measured(204, 122))
    assert standing.follow_up is None
    day = clinic.now.date() + timedelta(days=3)
    made = decided(clinic, visit, standing, "step", adaptation=Adaptation("other", "revient jeudi", next_visit=day))
    assert [task["restriction"]["period"]["end"] for task in made.tasks if is_kind(task, "visit")] == [day.isoformat()]


def test_a_test_is_ordered_once_and_done_when_its_result_is_there(clinic: Clinic) -> None:
    held = enrolled(clinic)
    visit, standing = seen(clinic, held, "visit-1", measured(150, 95))
    decided(clinic, visit, standing, "step-1")
    for number, days in ((2, 14), (3, 28)):
        clinic.later(days=days)
        visit, standing = seen(clinic, held, f"visit-{number}", measured(152, 96))
        decided(clinic, visit, standing, f"step-{number}")
    orders = lambda repo: list(repo.search_all(f"ServiceRequest?patient={held.patient}"))  # noqa: E731
    with clinic.open(clinic.physician) as repo:
        names = [one["code"]["text"] for one in orders(repo)]
    assert names and len(names) == len(set(names))

    clinic.later(days=28)
    creatinine = {"value": 9, "unit": "mg/L", "system": "http://unitsofmeasure.org", "code": "mg/L"}
    seen(clinic, held, "visit-4", measured(138, 84, creatinine=[{"valueQuantity": creatinine}]))
    with clinic.open(clinic.physician) as repo:
        status = {one["code"]["text"]: one["status"] for one in orders(repo)}
    assert status["Créatinine"] == "completed" and status["Potassium sanguin"] == "active"


def test_a_declined_patient_is_given_back_to_the_health_centre(clinic: Clinic) -> None:
    held = enrolled(clinic)
    visit, standing = seen(clinic, held, "v1", measured(204, 122))
    decided(clinic, visit, standing, "d1")
    task = refer(clinic, held, visit)
    assert has_coding(task["reasonCode"], "http://hl7.org/fhir/sid/icd-10", "I10")
    with clinic.open(clinic.hospital) as repo:
        play(repo, reference(task), moves.DECLINE, form_key="no", reason="No bed")
        play(repo, reference(task), moves.DECLINE, form_key="no", reason="No bed")
    with clinic.open(clinic.physician) as repo:
        back = worklist.listed(repo, ["Organization/centre"], worklist.BACK)
    assert [entry.task["focus"]["reference"] for entry in back.entries] == [reference(task)]
    assert back.entries[0].due == (clinic.now + timedelta(days=2)).date()


def test_a_visit_just_after_midnight_is_of_the_moroccan_day(clinic: Clinic) -> None:
    clinic.now = datetime(2026, 9, 8, 0, 5, tzinfo=CASABLANCA)  # still the day before in UTC
    held = enrolled(clinic)
    visit, standing = seen(clinic, held, "v1", measured(168, 102))
    assert visit.encounter["period"]["start"].startswith("2026-09-08T00:05")
    assert standing.on.isoformat() == "2026-09-08"
    assert standing.treatment is not None
    assert standing.missing == []
