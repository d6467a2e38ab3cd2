"""Requests of every kind, and dynamic values."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import Invalid
from pathways.apply import apply_activity
from pathways.apply.dynamic import ACTION, set_value
from pathways.apply.kinds import CPG, DO_NOT_PERFORM
from tests.pathways.apply.domain import (
    FHIRPATH,
    a_patient,
    a_plan,
    a_variable,
    an_action,
    an_activity,
    asked,
    resources_of,
    run,
    uses,
)

DRUG = {"coding": [{"system": "http://www.whocc.no/atc", "code": "C08CA01"}], "text": "Amlodipine"}
CODE = {"coding": [{"system": "http://loinc.org", "code": "2160-0"}]}
MG = {"value": 5, "unit": "mg"}
DOSE = {"text": "1 comprimé par jour", "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}}
PEOPLE = {"encounter": "Encounter/e1", "practitioner": "Practitioner/p1", "organization": "Organization/o1"}
TIMING = {"repeat": {"frequency": 1, "period": 3, "periodUnit": "mo"}}


def made(kind: str, **about: Any) -> dict[str, Any]:
    return apply_activity(an_activity("act", kind, **about), asked(**PEOPLE))


def dynamic(path: str, expression: str) -> dict[str, Any]:
    return {"path": path, "expression": {"language": FHIRPATH, "expression": expression}}


@pytest.mark.parametrize(
    ("kind", "about", "expected"),
    [
        (
            "MedicationRequest",
            {"productCodeableConcept": DRUG, "dosage": [DOSE], "quantity": {"value": 28}, "priority": "urgent"},
            {
                "medicationCodeableConcept": DRUG,
                "dosageInstruction": [DOSE],
                "dispenseRequest": {"quantity": {"value": 28}},
                "priority": "urgent",
                "subject": {"reference": "Patient/amina"},
                "requester": {"reference": "Practitioner/p1"},
            },
        ),
        (
            "ServiceRequest",
            {"code": CODE, "bodySite": [{"text": "arm"}], "timingTiming": TIMING, "priority": "routine"},
            {"code": CODE, "bodySite": [{"text": "arm"}], "occurrenceTiming": TIMING, "intent": "proposal"},
        ),
        ("DeviceRequest", {"productCodeableConcept": DRUG}, {"codeCodeableConcept": DRUG}),
        ("DeviceRequest", {"code": CODE}, {"codeCodeableConcept": CODE}),
        (
            "SupplyRequest",
            {"code": CODE, "quantity": {"value": 3}},
            {"itemCodeableConcept": CODE, "quantity": {"value": 3}},
        ),
        (
            "NutritionOrder",
            {},
            {"patient": {"reference": "Patient/amina"}, "orderer": {"reference": "Practitioner/p1"}},
        ),
        ("VisionPrescription", {}, {"dateWritten": "2026-09-15", "prescriber": {"reference": "Practitioner/p1"}}),
        ("EnrollmentRequest", {}, {"candidate": {"reference": "Patient/amina"}, "status": "draft"}),
        (
            "Appointment",
            {"code": CODE, "description": "Visit"},
            {
                "status": "proposed",
                "serviceType": [CODE],
                "participant": [
                    {"actor": {"reference": "Patient/amina"}, "status": "needs-action"},
                    {"actor": {"reference": "Practitioner/p1"}, "status": "needs-action"},
                ],
            },
        ),
        ("CommunicationRequest", {}, {"status": "draft", "encounter": {"reference": "Encounter/e1"}}),
        ("CarePlan", {"intent": "plan"}, {"intent": "plan", "subject": {"reference": "Patient/amina"}}),
        ("Task", {"participant": [{"type": "practitioner", "role": CODE}]}, {"performerType": [CODE], "code": None}),
    ],
)
def test_each_kind_is_made_as_its_resource_type_wants(
    kind: str, about: dict[str, Any], expected: dict[str, Any]
) -> None:
    resource = made(kind, **about)
    assert resource["resourceType"] == kind
    assert {key: resource.get(key) for key in expected} == expected
    if about.get("priority") == "routine":
        assert "priority" not in resource


def test_what_is_not_to_be_done_says_so_on_every_kind() -> None:
    assert made("MedicationRequest", doNotPerform=True)["doNotPerform"] is True
    assert made("Task", doNotPerform=True)["modifierExtension"] == [{"url": DO_NOT_PERFORM, "valueBoolean": True}]
    assert "modifierExtension" not in made("Task", doNotPerform=False)
    vaccine = made("ImmunizationRecommendation", doNotPerform=True, productCodeableConcept=DRUG)
    assert vaccine["recommendation"][0]["forecastStatus"]["coding"][0]["code"] == "contraindicated"


def test_a_task_works_with_what_its_definition_names() -> None:
    form = {"url": CPG + "cpg-collectWith", "valueCanonical": "http://example.org/Questionnaire/q"}
    task = made("Task", extension=[form], code=CODE)
    assert task["input"] == [{"type": CODE, "valueCanonical": "http://example.org/Questionnaire/q"}]


def test_a_kind_that_is_no_resource_is_refused() -> None:
    with pytest.raises(Invalid, match="makes no request"):
        made("Reminder")


def test_an_order_whose_dynamic_value_fails_is_not_made_at_all() -> None:
    broken = dynamic("dosageInstruction[0].text", "1 / 'a'")
    drug = an_activity("drug", "MedicationRequest", dynamicValue=[broken], productCodeableConcept=DRUG)
    with pytest.raises(Invalid, match="drug"):
        apply_activity(drug, asked())
    applied = run(a_plan(an_action("Prescribe", **uses(drug))), definitions=[drug])
    assert applied.actions[0].taken == "failed" and not resources_of(applied, "MedicationRequest")


def test_the_values_of_the_action_come_after_those_of_the_definition() -> None:
    message = an_activity("message", "CommunicationRequest", description="Bonjour",
                          dynamicValue=[dynamic("payload.content", "description")])  # fmt: skip
    plan = a_plan(
        an_action("A", **uses(message)),
        an_action("B", **uses(message), dynamicValue=[dynamic("payload[0].contentString", "description + ' !'")]),
        description="Revenez",
    )
    applied = run(plan, definitions=[message])
    words = [one["payload"][0]["contentString"] for one in resources_of(applied, "CommunicationRequest")]
    assert words == ["Bonjour", "Revenez !"]


def test_variables_reach_dynamic_values() -> None:
    drug = an_activity(
        "drug", "MedicationRequest", dynamicValue=[dynamic("dosageInstruction.text", "%dose.toString()")]
    )
    plan = a_plan(an_action("A", **uses(drug)), variables=[a_variable("dose", "5 + 5")])
    assert resources_of(run(plan, definitions=[drug]), "MedicationRequest")[0]["dosageInstruction"] == [{"text": "10"}]


@pytest.mark.parametrize(
    ("type", "path", "values", "expected"),
    [
        ("Task", "status", ["ready"], {"status": "ready"}),
        ("Task", "%resource.status", ["ready"], {"status": "ready"}),
        ("Task", "Task.status", ["ready"], {"status": "ready"}),
        ("Task", "code", [{"system": "s", "code": "c"}], {"code": {"coding": [{"system": "s", "code": "c"}]}}),
        ("Task", "code", ["words"], {"code": {"text": "words"}}),
        ("Task", "focus", [a_patient()], {"focus": {"reference": "Patient/amina"}}),
        ("Task", "owner", ["Organization/1"], {"owner": {"reference": "Organization/1"}}),
        ("Task", "input[0].type.text", ["t"], {"input": [{"type": {"text": "t"}}]}),
        ("Task", "input.value", [True], {"input": [{"valueBoolean": True}]}),
        ("Task", "input[1].value", [MG], {"input": [{}, {"valueQuantity": MG}]}),
        ("Task", "restriction.period.end", ["2026-01-01"], {"restriction": {"period": {"end": "2026-01-01"}}}),
        ("Task", "extension('u').value", ["x"], {"extension": [{"url": "u", "valueString": "x"}]}),
        ("Task", "note.text", ["n"], {"note": [{"text": "n"}]}),
        ("ServiceRequest", "occurrence", ["2026-01-01"], {"occurrenceDateTime": "2026-01-01"}),
        ("ServiceRequest", "reasonReference", [a_patient(), a_patient(id="b")], {"reasonReference": [
            {"reference": "Patient/amina"}, {"reference": "Patient/b"}]}),
        (None, "%action.title", ["T"], {"title": "T"}),
        (None, "timing", ["2026-01-01"], {"timingDateTime": "2026-01-01"}),
    ],
)  # fmt: skip
def test_a_dynamic_value_fits_its_element(
    type: str | None, path: str, values: list[Any], expected: dict[str, Any]
) -> None:
    start = {"resourceType": type} if type else {}
    found = set_value(start, path, values, None if type else ACTION)
    assert {key: item for key, item in found.items() if key != "resourceType"} == expected
    assert start == ({"resourceType": type} if type else {})


def test_a_choice_stands_once() -> None:
    first = {"resourceType": "ServiceRequest", "occurrenceDateTime": "2026-01-01"}
    found = set_value(first, "occurrencePeriod.start", ["2026-02-01"])
    assert found == {"resourceType": "ServiceRequest", "occurrencePeriod": {"start": "2026-02-01"}}


@pytest.mark.parametrize(
    ("path", "values"),
    [("nowhere", ["x"]), ("input[", ["x"]), ("", ["x"]), ("status", ["a", "b"]), ("input[9999].type", [1])],
)
def test_a_path_that_leads_nowhere_is_refused(path: str, values: list[Any]) -> None:
    with pytest.raises(Invalid):
        set_value({"resourceType": "Task"}, path, values)
