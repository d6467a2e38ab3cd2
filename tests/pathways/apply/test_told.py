"""What goes wrong with ``$apply`` is told to an EHR in the language of its user."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.access.actor import SYSTEM
from app.fhir.translation import translated
from app.store import work
from pathways.apply import telling
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


def failing() -> dict[str, Any]:
    """A plan of which each action fails in a way of its own."""

    def action(french: str, arabic: str, name: str, when: str) -> dict[str, Any]:
        condition = {"kind": "applicability", "expression": {"language": "text/fhirpath", "expression": when}}
        return translated(an_action(french, id=name, condition=[condition]), "title", {"ar": arabic})

    asked = [
        action("Sans nom", "بلا اسم", "unnamed", "%nobody > 3"),
        action("Texte", "نص", "text", "'x'"),
        action("Fonction", "دالة", "function", "%patient.frobnicate()"),
    ]
    return a_plan(*asked)


MESSAGES = {
    "fr": (
        "action « Sans nom » : La variable %nobody n’existe pas.",
        "action « Texte » : la condition ne répond ni vrai ni faux",
        "action « Fonction » : ",
    ),
    "ar": (
        "الإجراء «بلا اسم»: لا وجود للمتغير %nobody.",
        "الإجراء «نص»: الشرط لا يجيب لا بصحيح ولا بخطأ",
        "الإجراء «دالة»: ",
    ),
}


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_what_fails_within_the_answer_is_told_in_the_user_s_language(ask: Ask, language: str) -> None:
    answer = ask(failing(), "en", {"name": "userLanguage", "valueString": language})
    assert answer.status_code == 200, answer.text
    outcome = answer.get_json()["entry"][0]["resource"]["contained"][0]
    told = [issue["details"]["text"] for issue in outcome["issue"]]
    for text, expected in zip(told, MESSAGES[language], strict=True):
        assert text.startswith(expected)
    assert all("_text" not in issue["details"] for issue in outcome["issue"])
    assert all(issue["expression"] and issue["diagnostics"] for issue in outcome["issue"])


def test_without_a_user_s_language_the_answer_holds_all_of_them(ask: Ask) -> None:
    answer = ask(failing(), "en").get_json()
    first = answer["entry"][0]["resource"]["contained"][0]["issue"][0]["details"]
    assert first["text"].startswith("action 'Sans nom': There is no variable %nobody.")
    assert {MESSAGES[language][0].split(":")[0] for language in MESSAGES} == {
        one["extension"][1]["valueString"].split(":")[0] for one in first["_text"]["extension"]
    }


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_every_sentence_of_the_engine_is_translated(language: str) -> None:
    for sentence in telling._SENTENCES:
        names = dict.fromkeys(re.findall(r"{(\w+)}", sentence), "x1")
        said = telling.spoken(sentence.format(**names), language)
        assert said != sentence.format(**names) and "{" not in said
        assert said.count("x1") == sentence.format(**names).count("x1")
