"""What is asked for stands once until it is answered, and is closed by the result, whoever writes it down."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from app import clock
from app.fhir.resource import Resource, codings, has_coding, reference
from app.jobs.worker import run_pending
from app.store import register_guard
from pathways.enrolment import Enrolment
from pathways.feature import FEATURE
from pathways.results import close_answered
from pathways.steps import DONE, DUE
from pathways.vocabulary import MEASURE, OPEN, is_kind
from tests.pathways.both import (
    an_order,
    decided_for_all,
    diabetic_answers,
    follows_both,
    seen_for_all,
    standings_of,
)
from tests.pathways.clinic import CLINICAL, Clinic, decided, enrolled, measured, seen, sign
from tests.pathways.test_steps import now

LOINC = "http://loinc.org"
POTASSIUM = {"value": Decimal("4.1"), "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}

PERCENT = {"value": Decimal("6.9"), "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}


def record(clinic: Clinic, held: Enrolment, kind: str) -> list[Resource]:
    with clinic.open(clinic.physician) as repo:
        return repo.record_of(held.patient.split("/")[1], [kind])


def open_orders(clinic: Clinic, held: Enrolment) -> list[str]:
    return sorted(
        str(code) for one in record(clinic, held, "ServiceRequest") if one["status"] == "active"
        for _, code in codings(one["code"])[:1]
    )  # fmt: skip


def measures(clinic: Clinic, held: Enrolment, named: str) -> list[Resource]:
    """The Tasks to measure that come from an ActivityDefinition, oldest first."""
    tasks = [one for one in record(clinic, held, "Task") if is_kind(one, MEASURE)]
    return [one for one in tasks if named in one.get("instantiatesCanonical", "")]


def a_result(held: Enrolment, code: Resource, day: str, **more: Any) -> Resource:
    """A result as another system sends it."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [code]},
        "subject": {"reference": held.patient},
        "effectiveDateTime": day,
    } | more


def test_a_test_whose_result_came_with_the_form_is_not_proposed(clinic: Clinic) -> None:
    held = enrolled(clinic)
    hba1c, potassium = [{"valueDecimal": Decimal("5.6")}], [{"valueDecimal": Decimal("4.1")}]
    visit, standing = seen(clinic, held, "visit-1", measured(166, 104, hba1c=hba1c, potassium=potassium))
    proposed = {outcome.id for outcome in standing.next_actions if outcome.kind == "test"}
    left = ("sodium", "creatinine", "total-cholesterol", "fasting-glucose", "urine-protein", "ecg")
    assert proposed == {f"baseline-{one}" for one in left}
    assert now(clinic, held)["baseline-hba1c"].state == DONE
    decided(clinic, visit, standing, "step-1")
    assert open_orders(clinic, held) == ["11524-6", "1558-6", "20454-5", "2093-3", "2160-0", "2951-2"]


def test_what_is_done_once_is_not_proposed_again_while_the_patient_is_followed(clinic: Clinic) -> None:
    held = enrolled(clinic)
    seen(clinic, held, "visit-1", measured(166, 104, hba1c=[{"valueDecimal": Decimal("5.6")}]))
    clinic.later(days=40)
    _, standing = seen(clinic, held, "visit-2", measured(166, 104))
    proposed = {outcome.id for outcome in standing.next_actions}
    assert "baseline-potassium" in proposed and "baseline-hba1c" not in proposed


def test_what_is_awaited_is_not_stored_again_at_each_visit(clinic: Clinic) -> None:
    held = enrolled(clinic)
    visit, standing = seen(clinic, held, "visit-1", measured(166, 104))
    decided(clinic, visit, standing, "step-1")
    asked = open_orders(clinic, held)
    assert len(asked) == 8
    for number in (2, 3):
        clinic.later(days=28)
        visit, standing = seen(clinic, held, f"visit-{number}", measured(150, 94))
        assert not [outcome.id for outcome in standing.next_actions if outcome.kind == "test"]
        decided(clinic, visit, standing, f"step-{number}")
        assert open_orders(clinic, held) == asked
    assert now(clinic, held)["baseline-ecg"].state == DUE


def test_every_test_that_is_asked_for_can_be_answered_in_the_form(clinic: Clinic) -> None:
    held = enrolled(clinic)
    visit, standing = seen(clinic, held, "visit-1", measured(166, 104))
    decided(clinic, visit, standing, "step-1")
    clinic.later(days=28)
    unit = {"unit": "mg/L", "system": "http://unitsofmeasure.org", "code": "mg/L"}
    numbers = {"sodium": "139", "potassium": "4.1", "hba1c": "5.4"}
    quantities = {
        "creatinine": unit | {"value": 9},
        "total-cholesterol": {"value": Decimal("4.9"), "unit": "mmol/L", "system": unit["system"], "code": "mmol/L"},
        "fasting-glucose": {"value": Decimal("5.1"), "unit": "mmol/L", "system": unit["system"], "code": "mmol/L"},
    }
    answers = {name: [{"valueDecimal": Decimal(value)}] for name, value in numbers.items()}
    answers |= {name: [{"valueQuantity": value}] for name, value in quantities.items()}
    answers |= {"urine-protein": [{"valueString": "négatif"}], "ecg": [{"valueString": "rythme sinusal"}]}
    seen(clinic, held, "visit-2", measured(150, 94, **answers))
    assert open_orders(clinic, held) == []


def test_an_ask_for_a_missing_value_stands_once_until_it_is_known(clinic: Clinic) -> None:
    held = enrolled(clinic)
    with clinic.open(clinic.physician) as repo:
        order = an_order(held.patient, "C08CA01", "Amlodipine", "5", "2026-06-01") | {"dosageInstruction": []}
        repo.create({name: value for name, value in order.items() if value})
    for number in (1, 2):
        visit, standing = seen(clinic, held, f"visit-{number}", measured(150, 94))
        assert standing.treatment is None and standing.missing, "the dose taken is not known"
        decided(clinic, visit, standing, f"step-{number}")
        (ask,) = measures(clinic, held, "hypertension-complete-prescription")
        assert ask["status"] in OPEN and ask["basedOn"] == [{"reference": reference(held.plan)}]
        clinic.later(days=28)
    with clinic.open(clinic.physician) as repo:
        (incomplete,) = repo.search(f"MedicationRequest?patient={held.patient}&status=active").resources
        repo.update(incomplete | {"status": "stopped"})
        repo.create(an_order(held.patient, "C08CA01", "Amlodipine", "5", "2026-06-01"))
    visit, standing = seen(clinic, held, "visit-3", measured(150, 94))
    decided(clinic, visit, standing, "step-3")
    (ask,) = measures(clinic, held, "hypertension-complete-prescription")
    assert ask["status"] == "completed"


def test_the_examination_of_the_feet_waits_for_both_its_results(clinic: Clinic) -> None:
    both = follows_both(clinic)
    held = both[1]
    visit = seen_for_all(clinic, both, "visit-1", diabetic_answers(128, 76))
    decided_for_all(clinic, visit, standings_of(clinic, both, visit), "step-1")
    (task,) = measures(clinic, held, "diabetes-foot-examination")
    waits = [pair for one in task["input"] for pair in codings(one["valueCodeableConcept"])]
    assert waits == [(CLINICAL, "foot-sensation"), (CLINICAL, "foot-pulses")]

    clinic.later(days=30)
    seen_for_all(clinic, both, "visit-2", diabetic_answers(126, 76, **{"foot-sensation": [sign("sensation-normal")]}))
    assert measures(clinic, held, "diabetes-foot-examination")[0]["status"] in OPEN, "the pulses are not known yet"
    clinic.later(days=30)
    seen_for_all(clinic, both, "visit-3", diabetic_answers(126, 76, **{"foot-pulses": [sign("pulses-present")]}))
    (task,) = measures(clinic, held, "diabetes-foot-examination")
    assert task["status"] == "completed" and len(task["output"]) == 2


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("Observation", {"effectiveDateTime": "2026-09-08", "valueString": "rythme sinusal"}),
        ("DiagnosticReport", {"effectiveDateTime": "2026-09-08", "conclusion": "rythme sinusal"}),
        ("Procedure", {"status": "completed", "performedDateTime": "2026-09-08"}),
    ],
)
def test_a_result_of_another_system_closes_what_was_asked_for(clinic: Clinic, kind: str, more: Resource) -> None:
    held = enrolled(clinic)
    visit, standing = seen(clinic, held, "visit-1", measured(166, 104))
    decided(clinic, visit, standing, "step-1")
    clinic.later(days=1)
    result = a_result(held, {"system": LOINC, "code": "11524-6"}, "2026-09-08", resourceType=kind)
    if kind == "Procedure":
        del result["effectiveDateTime"]
    with clinic.open(clinic.physician) as repo:
        repo.create(result | more)
    assert now(clinic, held)["baseline-ecg"].state == DONE, "told from the record, before anything is closed"
    with clinic.open(clinic.nurse) as repo:
        close_answered(repo, held.patient)
    assert "11524-6" not in open_orders(clinic, held) and "2951-2" in open_orders(clinic, held)


def test_the_worker_closes_what_the_ehr_has_answered(clinic: Clinic, app: Flask) -> None:
    register_guard(app, "Observation", FEATURE.guards["Observation"])
    held = enrolled(clinic)
    visit, standing = seen(clinic, held, "visit-1", measured(166, 104))
    decided(clinic, visit, standing, "step-1")
    clinic.later(days=1)
    ehr = replace(clinic.physician, scopes=frozenset({"system/*.cruds"}))
    with clinic.open(ehr) as repo:
        for code, value in (("2951-2", "139"), ("2823-3", "4.1")):
            amount = POTASSIUM | {"value": Decimal(value)}
            repo.create(a_result(held, {"system": LOINC, "code": code}, "2026-09-08", valueQuantity=amount))
    assert "2951-2" in open_orders(clinic, held)
    with clock.frozen(clinic.now):
        assert run_pending([FEATURE]) == 1, "a patient is noted once for all results of a transaction"
    assert not {"2951-2", "2823-3"} & set(open_orders(clinic, held)) and "11524-6" in open_orders(clinic, held)


@pytest.mark.parametrize(
    "more",
    [
        {"effectiveDateTime": "2026-09-06"},
        {"effectiveDateTime": "2026-09-20"},
        {"status": "entered-in-error"},
        {"status": "registered"},
        {"code": {"coding": [{"system": LOINC, "code": "2823-3"}]}},
    ],
)
def test_what_is_no_answer_closes_nothing(clinic: Clinic, more: Resource) -> None:
    held = enrolled(clinic)
    visit, standing = seen(clinic, held, "visit-1", measured(166, 104))
    decided(clinic, visit, standing, "step-1")
    clinic.later(days=3)
    with clinic.open(clinic.physician) as repo:
        repo.create(a_result(held, {"system": LOINC, "code": "2951-2"}, "2026-09-09", valueQuantity=POTASSIUM) | more)
        close_answered(repo, held.patient)
    assert "2951-2" in open_orders(clinic, held)


def test_an_order_of_another_system_counts_and_is_left_alone(clinic: Clinic) -> None:
    held = enrolled(clinic)
    weekly = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}}
    order = {
        "resourceType": "ServiceRequest", "status": "active", "intent": "order", "occurrenceTiming": weekly,
        "code": {"coding": [{"system": LOINC, "code": "2823-3"}]}, "subject": {"reference": held.patient},
        "authoredOn": "2026-09-01",
    }  # fmt: skip
    with clinic.open(clinic.physician) as repo:
        repo.create(order)
    visit, standing = seen(clinic, held, "visit-1", measured(166, 104))
    assert "baseline-potassium" not in {outcome.id for outcome in standing.next_actions}, "asked for already"
    decided(clinic, visit, standing, "step-1")
    clinic.later(days=1)
    with clinic.open(clinic.physician) as repo:
        repo.create(a_result(held, {"system": LOINC, "code": "2823-3"}, "2026-09-08", valueQuantity=POTASSIUM))
        close_answered(repo, held.patient)
    assert "2823-3" in open_orders(clinic, held), "every week"
    assert now(clinic, held)["baseline-potassium"].state == DONE


def test_two_pathways_ask_for_one_measurement_once(clinic: Clinic) -> None:
    both = follows_both(clinic)
    visit = seen_for_all(clinic, both, "visit-1", diabetic_answers(166, 104))
    made = decided_for_all(clinic, visit, standings_of(clinic, both, visit), "step-1")
    orders = [one for one in made.tasks if one["resourceType"] == "ServiceRequest"]
    assert sum(has_coding(one["code"], LOINC, "4548-4") for one in orders) == 1
    clinic.later(days=14)
    with clinic.open(clinic.physician) as repo:
        repo.create(a_result(both[0], {"system": LOINC, "code": "4548-4"}, "2026-09-20", valueQuantity=PERCENT))
    visit = seen_for_all(clinic, both, "visit-2", diabetic_answers(150, 94))
    assert "4548-4" not in open_orders(clinic, both[0])
    steps = now(clinic, both[0])
    assert steps["baseline-hba1c"].state == DONE
