"""Parameters of our operations that are numbers, booleans or elements where there can be none are refused, not 500."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.access.actor import SYSTEM
from app.store import work
from tests.pathways.apply.domain import a_patient, a_plan, an_action, an_activity

PATIENT = {"name": "subject", "valueString": "Patient/amina"}
PLAN = {"name": "planDefinition", "resource": a_plan(an_action("Garder", id="keep"))}
ACTIVITY = {"name": "activityDefinition", "resource": an_activity("measure")}
FORM = {"name": "url", "valueUri": "https://example.org/Questionnaire/form"}
ANSWERS = {
    "name": "questionnaire-response",
    "resource": {"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": FORM["valueUri"]},
}
PEOPLE = ["subject", "encounter", "practitioner", "organization", "userLanguage"]
CALLS: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "/PlanDefinition/$apply": ([PLAN, PATIENT], [*PEOPLE, "planDefinition", "parameters", "data", "useServerData"]),
    "/ActivityDefinition/$apply": ([ACTIVITY, PATIENT], [*PEOPLE, "activityDefinition", "useServerData"]),
    "/Questionnaire/$populate": (
        [FORM, PATIENT],
        ["subject", "canonical", "questionnaire", "context", "launchContext"],
    ),
    "/QuestionnaireResponse/$extract": ([ANSWERS], ["questionnaire-response", "questionnaire"]),
}
VALUES: list[dict[str, Any]] = [
    {"valueInteger": 5},
    {"valueDecimal": 1.5},
    {"valueBoolean": True},
    {"valueString": "x"},
    {"valueCoding": {"display": "x"}},
    {"valueCodeableConcept": {"text": "x"}},
    {"valueReference": {"display": "x"}},
    {"valueQuantity": {"value": 1}},
    {"resource": {"resourceType": "Basic", "code": {"text": "x"}}},
    {"part": [{"name": "content", "valueString": "x"}]},
]


@pytest.fixture(autouse=True)
def _amina(ehr: FlaskClient) -> None:
    with work(SYSTEM) as repo:
        repo.update(a_patient())


@pytest.mark.parametrize("call", CALLS)
def test_no_parameter_is_a_failure_of_the_server(ehr: FlaskClient, call: str) -> None:
    given, names = CALLS[call]
    for name in names:
        others = [one for one in given if one["name"] != name]
        for value in VALUES:
            body = {"resourceType": "Parameters", "parameter": [*others, {"name": name, **value}]}
            answer = ehr.post(f"/fhir{call}", data=json.dumps(body), content_type="application/fhir+json")
            assert answer.status_code < 500, (name, value, answer.text)


def test_a_number_is_no_subject(ehr: FlaskClient) -> None:
    body = {"resourceType": "Parameters", "parameter": [PLAN, {"name": "subject", "valueInteger": 5}]}
    answer = ehr.post("/fhir/PlanDefinition/$apply", data=json.dumps(body), content_type="application/fhir+json")
    assert answer.status_code == 400
    assert answer.get_json()["issue"][0]["expression"] == ["Parameters.parameter('subject')"]
