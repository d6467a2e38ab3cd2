"""$populate and $extract over the real store, and the guard of stored responses."""

from decimal import Decimal
from typing import Any

import pytest

from app.errors import Invalid, Malformed
from app.fhir.repository import Repository
from app.rest.operations import OperationRequest
from pathways.questionnaire import sdc
from pathways.questionnaire.operations import (
    guard_response,
    judged,
    questionnaire_populate,
    questionnaireresponse_extract,
    value_sets_of,
)
from tests.pathways.questionnaire.forms import AMINA, a_form, ask, blood_pressure, code, ext, fhirpath

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

LAST = ext(sdc.OBSERVATION_LINK_PERIOD, valueDuration={"value": 100, "code": "a"})
FORM = a_form(
    blood_pressure(),
    ask("date", "born", "Né(e) le", fhirpath(sdc.INITIAL_EXPRESSION, "%patient.birthDate")),
    ask("decimal", "w", "Poids", LAST, code=code("29463-7")),
)
WEIGHT = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": code("29463-7")},
    "subject": {"reference": "Patient/amina"},
    "effectiveDateTime": "2026-10-01",
    "valueQuantity": {"value": Decimal("81.50"), "code": "kg", "system": sdc.UCUM, "unit": "kg"},
}


def a_response(systolic: int, diastolic: int, **about: Any) -> dict[str, Any]:
    answers = [
        {"linkId": name, "answer": [{"valueInteger": value}]} for name, value in (("sys", systolic), ("dia", diastolic))
    ]
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": FORM["url"],
        "status": "completed",
        "subject": {"reference": "Patient/amina"},
        "authored": "2026-11-21T09:30:00Z",
        "item": [{"linkId": "bp", "item": answers}],
        **about,
    }


@pytest.fixture
def kept(repo: Repository) -> Repository:
    """The form, Amina and her weight are stored."""
    for resource in (FORM, AMINA, WEIGHT):
        repo.create(resource)
    return repo


def test_populate_knows_the_patient_and_her_last_weight(kept: Repository) -> None:
    request = OperationRequest(
        type="Questionnaire",
        parameters=(
            {"name": "canonical", "valueUri": FORM["url"]},
            {"name": "subject", "valueReference": {"reference": "Patient/amina"}},
        ),
        language="fr",
    )
    (parameter,) = questionnaire_populate(kept, request)["parameter"]
    response = parameter["resource"]
    assert (response["status"], response["subject"]) == ("in-progress", {"reference": "Patient/amina"})
    assert [(item["linkId"], item["answer"]) for item in response["item"]] == [
        ("born", [{"valueDate": "1960-05-04"}]),
        ("w", [{"valueDecimal": Decimal("81.50")}]),
    ]


def test_populate_takes_the_form_in_the_call_and_the_patient_as_context(kept: Repository) -> None:
    context = {
        "name": "context",
        "part": [{"name": "name", "valueString": "patient"}, {"name": "content", "resource": AMINA}],
    }
    request = OperationRequest(parameters=({"name": "questionnaire", "resource": FORM}, context), language="ar")
    response = questionnaire_populate(kept, request)["parameter"][0]["resource"]
    assert response["item"][0]["answer"] == [{"valueDate": "1960-05-04"}]


def test_populate_without_a_form_is_refused(kept: Repository) -> None:
    with pytest.raises(Malformed, match="needs a Questionnaire"):
        questionnaire_populate(kept, OperationRequest())


def test_extract_answers_a_transaction_that_is_not_carried_out(kept: Repository) -> None:
    request = OperationRequest(resource=a_response(132, 84), language="fr")
    bundle = questionnaireresponse_extract(kept, request)
    (entry,) = bundle["entry"]
    assert (bundle["type"], entry["request"]["method"]) == ("transaction", "POST")
    assert [part["valueQuantity"]["value"] for part in entry["resource"]["component"]] == [132, 84]
    assert kept.count("Observation?code=85354-9") == 0


def test_extract_of_a_stored_response_names_it_as_its_source(kept: Repository) -> None:
    stored = kept.create(a_response(132, 84))
    request = OperationRequest(type="QuestionnaireResponse", id=stored["id"], language="fr")
    (entry,) = questionnaireresponse_extract(kept, request)["entry"]
    assert entry["resource"]["derivedFrom"] == [{"reference": f"QuestionnaireResponse/{stored['id']}"}]


def test_extract_refuses_answers_that_break_the_rules(kept: Repository) -> None:
    with pytest.raises(Invalid) as refused:
        questionnaireresponse_extract(kept, OperationRequest(resource=a_response(1400, 84), language="fr"))
    (issue,) = refused.value.issues
    assert issue.text == "La systolique doit être entre 50 et 300 mmHg : vous avez saisi 1400"
    assert issue.expression == "QuestionnaireResponse.item[0].item[0].answer[0].value"


def test_the_guard_refuses_what_the_form_would_refuse(kept: Repository) -> None:
    guard_response(kept, None, a_response(132, 84))
    guard_response(kept, None, a_response(1400, 84, status="in-progress"))
    guard_response(kept, None, a_response(1400, 84, questionnaire="https://elsewhere/form"))
    guard_response(kept, a_response(132, 84), None)
    with pytest.raises(Invalid):
        guard_response(kept, None, a_response(1400, 84))


def test_a_response_is_judged_as_an_outcome(kept: Repository) -> None:
    outcome = judged(kept, a_response(20, 84), "ar")
    assert [issue["severity"] for issue in outcome["issue"]] == ["error"]


def test_value_sets_are_listed_in_the_language_of_the_page(kept: Repository) -> None:
    concept = {"code": "a", "display": "Douleur", "designation": [{"language": "ar", "value": "ألم"}]}
    include = {"system": "https://x/cs", "concept": [concept]}
    kept.create(
        {"resourceType": "ValueSet", "url": "https://x/vs", "status": "active", "compose": {"include": [include]}}
    )
    assert list(value_sets_of(kept, "ar")("https://x/vs")) == [("https://x/cs", "a", "ألم")]
    assert list(value_sets_of(kept, "fr")("https://x/unknown")) == []


CALCULATING = a_form(
    ask("decimal", "w", code=code("29463-7")),
    ask("decimal", "h", code=code("8302-2")),
    ask(
        "decimal",
        "bmi",
        "Indice",
        fhirpath(sdc.CALCULATED_EXPRESSION, "(%w / (%h / 100).power(2)).round(1)"),
        ext(sdc.MAX_DECIMAL_PLACES, valueInteger=1),
        code=code("39156-5"),
        readOnly=True,
    ),
    ask("decimal", "half", "", fhirpath(sdc.CALCULATED_EXPRESSION, "%w / 2"), code=code("98979-8")),
    url="https://maslak.ma/fhir/Questionnaire/calculating",
    extension=[
        ext(sdc.OBSERVATION_EXTRACT, valueBoolean=True),
        *(
            ext(
                sdc.VARIABLE,
                valueExpression={
                    "name": name,
                    "language": "text/fhirpath",
                    "expression": f"%resource.item.where(linkId = '{name}').answer.value",
                },
            )
            for name in ("w", "h")
        ),
    ],
)


def calculating(**given: str) -> dict[str, Any]:
    answers = [{"linkId": name, "answer": [{"valueDecimal": Decimal(value)}]} for name, value in given.items()]
    return a_response(1, 1, questionnaire=CALCULATING["url"], item=answers)


def test_a_calculated_value_that_nobody_may_change_is_refused_when_it_is_wrong(repo: Repository) -> None:
    for resource in (CALCULATING, AMINA):
        repo.create(resource)
    guard_response(repo, None, calculating(w="82", h="165", bmi="30.1"))
    guard_response(repo, None, calculating(w="82", h="165", bmi="30"))
    guard_response(repo, None, calculating(w="82", h="165"))
    guard_response(repo, None, calculating(w="82", h="165", half="50"))
    with pytest.raises(Invalid) as refused:
        guard_response(repo, None, calculating(w="82", h="165", bmi="27"))
    assert [issue.expression for issue in refused.value.issues if issue.severity == "error"] == [
        "QuestionnaireResponse.item[2]"
    ]
    with pytest.raises(Invalid):
        guard_response(repo, None, calculating(w="82", bmi="30.1"))


def test_extract_calculates_what_another_system_left_out_and_keeps_what_it_knows_better(repo: Repository) -> None:
    for resource in (CALCULATING, AMINA):
        repo.create(resource)

    def extracted(**given: str) -> dict[str, Decimal]:
        request = OperationRequest(resource=calculating(**given), language="fr")
        made = [entry["resource"] for entry in questionnaireresponse_extract(repo, request)["entry"]]
        return {one["code"]["coding"][0]["code"]: one["valueQuantity"]["value"] for one in made}

    assert extracted(w="82", h="165") == {
        "29463-7": 82,
        "8302-2": 165,
        "39156-5": Decimal("30.1"),
        "98979-8": 41,
    }
    assert extracted(w="82", half="50")["98979-8"] == 50
