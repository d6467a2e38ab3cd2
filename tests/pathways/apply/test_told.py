"""What goes wrong with ``$apply`` is told to an EHR in the language of its user."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.access.actor import SYSTEM
from app.store import work
from tests.pathways.apply.domain import a_patient, a_plan, an_action, an_activity

Ask = Callable[..., TestResponse]
PLAN = a_plan(an_action("Garder", id="keep"))


@pytest.fixture
def ask(ehr: FlaskClient) -> Ask:
    """``$apply`` of an ActivityDefinition or PlanDefinition by an EHR."""
    with work(SYSTEM) as repo:
        repo.update(a_patient())

    def send(definition: dict[str, Any], accept: str = "fr", *parameters: dict[str, Any]) -> TestResponse:
        kind = definition["resourceType"]
        given = [{"name": kind[0].lower() + kind[1:], "resource": definition}, *parameters]
        if all(one["name"] != "subject" for one in parameters):
            given.append({"name": "subject", "valueString": "Patient/amina"})
        body = {"resourceType": "Parameters", "parameter": given}
        headers = {"Content-Type": "application/fhir+json", "Accept-Language": accept}
        return ehr.post(f"/fhir/{kind}/$apply", data=json.dumps(body), headers=headers)

    return send


def told(answer: TestResponse, status: int = 422) -> str:
    assert answer.status_code == status, answer.text
    (issue,) = answer.get_json()["issue"]
    return str(issue["details"]["text"])


def dynamic(path: str, expression: str = "'x'") -> dict[str, Any]:
    value = {"path": path, "expression": {"language": "text/fhirpath", "expression": expression}}
    return an_activity("former", dynamicValue=[value])


def for_practitioners() -> dict[str, Any]:
    return an_activity("former", subjectCodeableConcept={"coding": [{"code": "Practitioner"}]}, title="Former")


def without_kind() -> dict[str, Any]:
    return {name: value for name, value in an_activity("former").items() if name != "kind"}


WRONG = {
    "kind": (without_kind, "ne produit aucune demande FHIR R4", "أي طلب من FHIR R4"),
    "subject": (
        for_practitioners,
        "« Former » est prévu pour Practitioner, mais le sujet est Patient",
        "لكن الموضوع هو",
    ),
    "element": (lambda: dynamic("colour"), "Task n’a pas d’élément « colour »", "ليس في Task عنصر «colour»"),
    "path": (lambda: dynamic("1+1"), "ne peut pas être lu à partir de « 1+1 »", "لا يمكن قراءة المسار «1+1»"),
    "far": (lambda: dynamic("input[5000].value"), "désigne l’élément 5000 : trop loin", "يشير إلى العنصر 5000"),
    "many": (lambda: dynamic("description", "'x' | 'y'"), "mais il y en a 2", "لكن القيم 2"),
    "reason": (lambda: dynamic("description", "1 +"), "ne peut pas être établi : ", "لا يمكن إنشاء"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_an_activity_that_cannot_be_made(ask: Ask, wrong: str) -> None:
    make, french, arabic = WRONG[wrong]
    assert french in told(ask(make(), "fr"))
    assert arabic in told(ask(make(), "ar"))
    english = told(ask(make(), "en"))
    assert english.isascii() and "{" not in english


def test_a_subject_that_is_not_there(ask: Ask) -> None:
    nobody = {"name": "subject", "valueString": "Patient/nobody"}
    assert told(ask(PLAN, "fr", nobody), 404) == "Patient/nobody n’existe pas"
    assert told(ask(PLAN, "en", nobody), 404) == "there is no Patient/nobody"


@pytest.mark.parametrize(
    "user",
    [
        {"valueCodeableConcept": {"coding": [{"system": "urn:ietf:bcp:47", "code": "ar-MA"}]}},
        {"valueString": "ar"},
    ],
)
def test_the_user_s_language_stands_before_the_system_s(ask: Ask, user: dict[str, Any]) -> None:
    answer = ask(for_practitioners(), "fr", {"name": "userLanguage", **user})
    assert "لكن الموضوع هو Patient" in told(answer)


def test_a_language_that_is_not_spoken_here_leaves_the_system_s(ask: Ask) -> None:
    answer = ask(for_practitioners(), "fr", {"name": "userLanguage", "valueString": "de"})
    assert "mais le sujet est Patient" in told(answer)
