"""The official rules that matter most here, each broken once, and what keeps them."""

from __future__ import annotations

from typing import Any

import pytest

from app.fhir.validation import validate

CODE = {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]}
PATIENT = {"reference": "Patient/1"}
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def observation(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": CODE, **more}


def questionnaire(*items: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Questionnaire", "status": "draft", "item": list(items)}


def condition(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Condition", "subject": PATIENT, **more}


def bundle(kind: str, *entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries), **more}


WHEN = {"question": "2", "operator": "exists"}
REASON = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}]}
BROKEN = [
    ("obs-6", observation(valueString="x", dataAbsentReason=REASON), "Observation"),
    ("obs-7", observation(valueString="x", component=[{"code": CODE, "valueString": "y"}]), "Observation"),
    ("obs-3", observation(referenceRange=[{"age": {"low": {"value": 1}}}]), "Observation.referenceRange[0]"),
    ("qty-3", observation(valueQuantity={"value": 1, "code": "mm[Hg]"}), "Observation.value.ofType(Quantity)"),
    ("per-1", observation(effectivePeriod={"start": "2024-02-01", "end": "2024-01-01"}),
     "Observation.effective.ofType(Period)"),
    ("rng-2", observation(valueRange={"low": {"value": 5}, "high": {"value": 1}}), "Observation.value.ofType(Range)"),
    ("pat-1", {"resourceType": "Patient", "contact": [{"gender": "male"}]}, "Patient.contact[0]"),
    ("cpt-2", {"resourceType": "Patient", "telecom": [{"value": "0612345678"}]}, "Patient.telecom[0]"),
    ("att-1", {"resourceType": "Patient", "photo": [{"data": "aGVsbG8="}]}, "Patient.photo[0]"),
    ("org-1", {"resourceType": "Organization", "active": True}, "Organization"),
    ("con-4", condition(abatementDateTime="2024", clinicalStatus={"coding": [{"system": CLINICAL, "code": "active"}]}),
     "Condition"),
    ("con-5", condition(clinicalStatus={"coding": [{"system": CLINICAL, "code": "active"}]},
                        verificationStatus={"coding": [{"system": VERIFICATION, "code": "entered-in-error"}]}),
     "Condition"),
    ("que-1", questionnaire({"linkId": "1", "type": "group"}), "Questionnaire.item[0]"),
    ("que-2", questionnaire({"linkId": "1", "type": "string"}, {"linkId": "1", "type": "string"}), "Questionnaire"),
    ("que-6", questionnaire({"linkId": "1", "type": "display", "required": True}), "Questionnaire.item[0]"),
    ("que-7", questionnaire({"linkId": "1", "type": "string", "enableWhen": [WHEN | {"answerString": "x"}]}),
     "Questionnaire.item[0].enableWhen[0]"),
    ("que-7", questionnaire({"linkId": "1", "type": "group", "item": [
        {"linkId": "2", "type": "string", "enableWhen": [WHEN | {"answerInteger": 1}]}]}),
     "Questionnaire.item[0].item[0].enableWhen[0]"),
    ("qrs-1", {"resourceType": "QuestionnaireResponse", "status": "completed", "item": [
        {"linkId": "1", "answer": [{"valueString": "x"}], "item": [{"linkId": "2"}]}]},
     "QuestionnaireResponse.item[0]"),
    ("bdl-1", bundle("batch", {"request": {"method": "GET", "url": "Patient"}}, total=3), "Bundle"),
    ("bdl-3", bundle("transaction", {"resource": {"resourceType": "Patient"}}), "Bundle"),
    ("bdl-7", bundle("collection", *[{"fullUrl": "http://a.ma/1", "resource": {"resourceType": "Patient"}}] * 2),
     "Bundle"),
    ("bdl-9", bundle("document", {"resource": {"resourceType": "Composition"}}), "Bundle"),
    ("vsd-1", {"resourceType": "ValueSet", "status": "draft", "compose": {"include": [{"version": "1"}]}},
     "ValueSet.compose.include[0]"),
    ("exp-1", {"resourceType": "PlanDefinition", "status": "draft", "action": [
        {"condition": [{"kind": "start", "expression": {"language": "text/fhirpath"}}]}]},
     "PlanDefinition.action[0].condition[0].expression"),
    ("inv-1", {"resourceType": "Task", "status": "draft", "intent": "order", "authoredOn": "2024-02-01",
               "lastModified": "2024-01-01"}, "Task"),
    ("tim-1", {"resourceType": "MedicationRequest", "status": "draft", "intent": "order", "subject": PATIENT,
               "medicationCodeableConcept": {"text": "x"},
               "dosageInstruction": [{"timing": {"repeat": {"duration": 1}}}]},
     "MedicationRequest.dosageInstruction[0].timing.repeat"),
]  # fmt: skip

KEPT = [
    observation(valueString="x", component=[{"code": {"text": "other"}, "valueString": "y"}]),
    observation(effectivePeriod={"start": "2024-01-01", "end": "2024-01-01T10:00:00Z"}),
    questionnaire({"linkId": "1", "type": "string", "enableWhen": [
        WHEN | {"answerBoolean": True}]}),
    condition(abatementDateTime="2024", clinicalStatus={"coding": [{"system": CLINICAL, "code": "resolved"}]}),
    bundle("transaction", {"resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient"}}),
    {"resourceType": "Task", "status": "draft", "intent": "order", "authoredOn": "2024", "lastModified": "2024"},
]  # fmt: skip


@pytest.mark.parametrize(("key", "resource", "path"), BROKEN, ids=[f"{case[0]} {case[2]}" for case in BROKEN])
def test_a_broken_rule_is_named_at_its_element(key: str, resource: dict[str, Any], path: str) -> None:
    found = [(issue.expression, issue.code) for issue in validate(resource) if f"({key})" in issue.text]
    assert found == [(path, "invariant")]


@pytest.mark.parametrize("resource", KEPT)
def test_a_rule_that_is_kept_or_cannot_be_decided_refuses_nothing(resource: dict[str, Any]) -> None:
    assert validate(resource) == []
