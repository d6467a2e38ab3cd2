"""Hypertension and diabetes in one patient, through the use cases, on both databases."""

from __future__ import annotations

from decimal import Decimal

from app.fhir import validation
from app.fhir.resource import codings, has_coding, reference
from pathways import enrolment
from pathways.decision import Adaptation
from pathways.together.drugs import taken_twice
from pathways.treatment import current, drugs
from pathways.vocabulary import DECIDE, OPEN, VISIT, is_kind
from tests.pathways.both import (
    DIABETES,
    an_order,
    decided_for_all,
    diabetic_answers,
    follows_both,
    form_of,
    seen_for_all,
    standings_of,
)
from tests.pathways.clinic import Clinic, doses, sign


def links(items: list[dict]) -> list[str]:
    return [link for item in items for link in (item["linkId"], *links(item.get("item", [])))]


def codes(items: list[dict]) -> list[str]:
    own = [code["code"] for item in items for code in item.get("code", [])]
    return own + [code for item in items for code in codes(item.get("item", []))]


def test_the_form_asks_each_measurement_once(clinic: Clinic) -> None:
    held = follows_both(clinic)
    with clinic.open(clinic.physician) as repo:
        together = form_of(repo, held)
    asked = codes(together.form["item"])
    assert len(together.sources) == 2
    for code in ("85354-9", "29463-7", "8302-2", "4548-4", "2160-0", "danger-sign", "diabetes-symptom"):
        assert asked.count(code) == 1, code
    assert links(together.form["item"]).count("weight") == 1


def test_one_visit_two_responses_one_pressure(clinic: Clinic) -> None:
    held = follows_both(clinic)
    weight = [{"valueDecimal": Decimal("81.5")}]
    visit = seen_for_all(clinic, held, "visit-1", diabetic_answers(138, 85, weight=weight))
    again = seen_for_all(clinic, held, "visit-1", diabetic_answers(138, 85, weight=weight))
    assert again.encounter["id"] == visit.encounter["id"]
    with clinic.open(clinic.physician) as repo:
        record = repo.record_of(held[0].patient.split("/")[1])
        for one in record:
            assert not validation.validate(one), (one["resourceType"], validation.validate(one))
    of = lambda kind: [one for one in record if one["resourceType"] == kind]  # noqa: E731
    assert len(of("Encounter")) == 1
    assert [one["reference"] for one in of("Encounter")[0]["episodeOfCare"]] == [reference(one.episode) for one in held]
    assert sorted(one["questionnaire"].partition("|")[0].rpartition("/")[2] for one in of("QuestionnaireResponse")) == [
        "diabetes-first-assessment",
        "hypertension-first-assessment",
    ]
    (pressure,) = [one for one in of("Observation") if has_coding(one["code"], "http://loinc.org", "85354-9")]
    assert {one["reference"] for one in pressure["derivedFrom"]} == {
        reference(one) for one in of("QuestionnaireResponse")
    }
    assert not [task for task in of("Task") if is_kind(task, VISIT) and task["status"] in OPEN]
    (waiting,) = [task for task in of("Task") if is_kind(task, DECIDE)]
    assert [one["reference"] for one in waiting["basedOn"]] == [reference(one.plan) for one in held]


def test_the_stricter_target_holds_in_the_other_pathway_with_its_source(clinic: Clinic) -> None:
    alone = follows_both(clinic)[:1]
    seen_for_all(clinic, alone, "visit-1", diabetic_answers(128, 85))
    hypertension = standings_of(clinic, alone).each[0]
    assert hypertension.stage is not None and hypertension.stage.id == "screening"

    with clinic.open(clinic.physician) as repo:
        both = enrolment.enrolments(repo, alone[0].patient)
    standings = standings_of(clinic, both)
    (found,) = standings.disagreeing
    assert (found.applies.code, found.applies.limit.value) == ("http://loinc.org|8462-4", Decimal(80))
    assert [other.limit.value for other in found.others] == [Decimal(90)]
    assert "HEARTS-D 2020" in found.applies.citation("fr") and "HEARTS-D" in found.applies.citation("ar")
    hypertension = standings.each[0]
    assert hypertension.stage is not None and hypertension.stage.id == "confirmation"
    assert hypertension.fingerprint != standings_of(clinic, alone).each[0].fingerprint


def test_the_target_of_diabetes_is_not_that_of_somebody_without_it(clinic: Clinic) -> None:
    held = follows_both(clinic, known=False)
    seen_for_all(clinic, held, "visit-1", diabetic_answers(128, 85))
    assert standings_of(clinic, held).disagreeing == ()


FASTING = {"value": Decimal("9.2"), "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
TREATABLE = {
    "fasting-glucose": [{"valueQuantity": FASTING}],
    "metformin-contraindications": [sign("no-metformin-contraindication")],
    "creatinine": [{"valueQuantity": FASTING | {"value": 9, "unit": "mg/L", "code": "mg/L"}}],
}


def test_one_decision_two_steps_one_next_visit(clinic: Clinic) -> None:
    held = follows_both(clinic)
    answers = diabetic_answers(166, 104, hba1c=[{"valueDecimal": Decimal("8.1")}], **TREATABLE)
    visit = seen_for_all(clinic, held, "visit-1", answers)
    standings = standings_of(clinic, held, visit)
    assert [outcome.id for _, outcome in standings.treatments] == ["step-1", "step-1"]
    assert all(outcome.reason for _, outcome in standings.treatments)

    made = decided_for_all(clinic, visit, standings, "step-1")
    again = decided_for_all(clinic, visit, standings, "step-1")
    assert again.task["id"] == made.task["id"]
    assert doses(clinic, held[0]) == ["Amlodipine 5", "Metformine 500"]
    (task,) = [one for one in made.tasks if is_kind(one, VISIT)]
    assert [one["reference"] for one in task["basedOn"]] == [reference(one.plan) for one in held]
    assert task["restriction"]["period"]["end"] == "2026-10-05"  # hypertension in four weeks, diabetes in three months
    ordered = [code for one in made.tasks if one["resourceType"] == "ServiceRequest" for code in codings(one["code"])]
    assert len(ordered) == len(set(ordered))
    assert made.task["output"][-1]["valueString"] and made.task["businessStatus"]["text"] == "accepted"
    with clinic.open(clinic.physician) as repo:
        for one in repo.record_of(held[0].patient.split("/")[1]):
            assert not validation.validate(one), (one["resourceType"], validation.validate(one))

    clinic.later(days=28)
    visit = seen_for_all(clinic, held, "visit-2", diabetic_answers(158, 98))
    standings = standings_of(clinic, held, visit)
    instead = Adaptation("patient-choice", keep_treatment=True, pathway=DIABETES)
    decided_for_all(clinic, visit, standings, "step-2", adaptation=instead)
    assert doses(clinic, held[0]) == ["Amlodipine 10", "Metformine 500"]


def test_a_missing_hba1c_is_asked_for(clinic: Clinic) -> None:
    held = follows_both(clinic)
    with clinic.open(clinic.physician) as repo:
        repo.create(an_order(held[0].patient, "A10BA02", "Metformine", "1000", "2026-04-01"))
    visit = seen_for_all(clinic, held, "visit-1", diabetic_answers(128, 76))
    diabetes = standings_of(clinic, held, visit).each[1]
    assert diabetes.treatment is None
    asked = [one for outcome in diabetes.next_actions for one in diabetes.proposed(outcome)]
    assert any(has_coding(one.get("code"), "http://loinc.org", "4548-4") for one in asked)
    assert any("HbA1c" in (outcome.reason + outcome.title) for outcome in diabetes.missing)


def test_a_drug_from_elsewhere_that_would_be_taken_twice_is_told(clinic: Clinic) -> None:
    held = follows_both(clinic)
    with clinic.open(clinic.physician) as repo:
        repo.create(an_order(held[0].patient, "C09AA02", "Enalapril", "20", "2026-04-01"))
        repo.create(an_order(held[0].patient, "C08CA01", "Amlodipine", "10", "2026-07-01"))
        active = current(repo, held[0].patient)
    proposed = an_order(held[0].patient, "C09CA07", "Telmisartan", "40", "2026-09-07")
    (twice,) = taken_twice([*active, proposed])
    assert [drugs(one)[0][1] for one in twice.orders] == ["C09AA02", "C09CA07"] and not twice.same


def test_the_visit_goes_on_for_the_pathway_that_is_left(clinic: Clinic) -> None:
    held = follows_both(clinic)
    visit = seen_for_all(clinic, held, "visit-1", diabetic_answers(166, 104, **TREATABLE))
    decided_for_all(clinic, visit, standings_of(clinic, held, visit), "step-1")
    with clinic.open(clinic.physician) as repo:
        enrolment.end(repo, held[0], reason="not-confirmed")
        (left,) = enrolment.enrolments(repo, held[0].patient)
        waiting = list(repo.search_all(f"Task?patient={held[0].patient}&status=requested&code=visit"))
    assert left.pathway["url"] == DIABETES
    assert [[one["reference"] for one in task["basedOn"]] for task in waiting] == [[reference(held[1].plan)]]
