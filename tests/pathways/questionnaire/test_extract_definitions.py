"""Definition-based extraction: answers fill the element that their question names."""

from typing import Any

import pytest

from app.errors import Invalid
from pathways.questionnaire import sdc
from pathways.questionnaire.extract import extract_bundle
from pathways.questionnaire.response import respond
from tests.pathways.questionnaire.extraction import made
from tests.pathways.questionnaire.forms import (
    ICD,
    RESOURCE,
    a_form,
    ask,
    option,
    today,
)

CONDITION = RESOURCE + "Condition"


def value_of(path: str, **fixed: Any) -> dict[str, Any]:
    """definitionExtractValue with a fixed value."""
    parts = [{"url": "definition", "valueUri": f"{CONDITION}#{path}"}, {"url": "fixed-value", **fixed}]
    return {"url": sdc.DEFINITION_EXTRACT_VALUE, "extension": parts}


def starts(type_: str, **parts: str) -> dict[str, Any]:
    """definitionExtract."""
    more = [{"url": name, "valueString": text} for name, text in parts.items()]
    return {
        "url": sdc.DEFINITION_EXTRACT,
        "extension": [{"url": "definition", "valueCanonical": RESOURCE + type_}, *more],
    }


STATUS = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}
ACTIVE = value_of("Condition.clinicalStatus", valueCodeableConcept=STATUS)


def test_each_comorbidity_becomes_a_condition() -> None:
    listed = [option("E11", "Diabète"), option("N18", "IRC")]
    form = a_form(
        ask(
            "choice",
            "c",
            "",
            starts("Condition"),
            ACTIVE,
            repeats=True,
            answerOption=listed,
            definition=f"{CONDITION}#Condition.code",
        )
    )
    first, second = made(form, {"c": listed})
    assert first == {
        "resourceType": "Condition",
        "code": {"coding": [option("E11", "Diabète")["valueCoding"]], "text": "Diabète"},
        "clinicalStatus": STATUS,
        "identifier": [{"system": sdc.FORM_SYSTEM, "value": "key-1:c"}],
        "subject": {"reference": "Patient/amina"},
        "encounter": {"reference": "Encounter/e1"},
        "recorder": {"reference": "Practitioner/d1"},
        "recordedDate": "2026-11-21T10:30:00+01:00",
    }
    assert second["identifier"][0]["value"] == "key-1:c:2"


def test_a_group_fills_one_resource_with_its_answers() -> None:
    form = a_form(
        ask(
            "group",
            "g",
            "",
            starts("Condition"),
            ACTIVE,
            item=[
                ask("choice", "code", definition=f"{CONDITION}#Condition.code", answerOption=[option("I10", "HTA")]),
                ask("date", "since", definition=f"{CONDITION}#Condition.onset[x]"),
                ask("string", "note", definition=f"{CONDITION}#Condition.note.text"),
            ],
        )
    )
    answers = {"code": [option("I10", "HTA")], "since": [{"valueDate": "2020"}], "note": [{"valueString": "x"}]}
    (condition,) = made(form, answers)
    assert (condition["onsetDateTime"], condition["note"]) == ("2020", [{"text": "x"}])
    assert condition["code"]["coding"][0]["code"] == "I10"


@pytest.mark.parametrize(("said", "count"), [(True, 1), (False, 0)])
def test_a_yes_makes_the_condition_and_a_no_makes_none(said: bool, count: int) -> None:
    diabetes = value_of("Condition.code", valueCodeableConcept={"coding": [{"system": ICD, "code": "E11"}]})
    form = a_form(ask("boolean", "diabetic", "", starts("Condition"), diabetes, ACTIVE))
    assert len(made(form, {"diabetic": [{"valueBoolean": said}]})) == count


def test_each_row_of_a_group_is_a_resource() -> None:
    allergy = RESOURCE + "AllergyIntolerance"
    active = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]
    }
    status = {
        "url": sdc.DEFINITION_EXTRACT_VALUE,
        "extension": [
            {"url": "definition", "valueUri": f"{allergy}#AllergyIntolerance.clinicalStatus"},
            {"url": "fixed-value", "valueCodeableConcept": active},
        ],
    }
    form = a_form(
        ask(
            "group",
            "allergy",
            "",
            starts("AllergyIntolerance"),
            status,
            repeats=True,
            item=[
                ask("string", "to", definition=f"{allergy}#AllergyIntolerance.code"),
            ],
        )
    )
    found = made(form, {"allergy": [{"to": [{"valueString": "pénicilline"}]}, {"to": [{"valueString": "iode"}]}]})
    assert [one["code"] for one in found] == [{"text": "pénicilline"}, {"text": "iode"}]
    assert found[0]["patient"] == {"reference": "Patient/amina"}


def test_list_elements_of_a_group_stay_together_and_an_id_makes_an_update() -> None:
    patient = RESOURCE + "Patient"
    form = a_form(
        ask("string", "id", "", definition=f"{patient}#Patient.id"),
        ask(
            "group",
            "name",
            repeats=True,
            definition=f"{patient}#Patient.name",
            item=[
                ask("string", "family", definition=f"{patient}#Patient.name.family"),
                ask("string", "given", definition=f"{patient}#Patient.name.given", repeats=True),
            ],
        ),
        ask("string", "cnie", definition=f"{patient}#Patient.identifier:cnie.value"),
        ask("string", "cnss", definition=f"{patient}#Patient.identifier:cnss.value"),
        extension=[starts("Patient", ifMatch="'W/\"3\"'")],
    )
    name = {"family": [{"valueString": "Alaoui"}], "given": [{"valueString": "Amina"}, {"valueString": "Sara"}]}
    answers = {
        "id": [{"valueString": "amina"}],
        "name": [name, {"family": [{"valueString": "العلوي"}]}],
        "cnie": [{"valueString": "AB1"}],
        "cnss": [{"valueString": "99"}],
    }
    context = today()
    bundle = extract_bundle(form, respond(form, answers, context, form_key="k"), context)
    (entry,) = bundle["entry"]
    assert entry["request"] == {"method": "PUT", "url": "Patient/amina", "ifMatch": 'W/"3"'}
    assert entry["resource"]["name"] == [{"family": "Alaoui", "given": ["Amina", "Sara"]}, {"family": "العلوي"}]
    assert entry["resource"]["identifier"] == [{"value": "AB1"}, {"value": "99"}]


def test_a_path_that_fhir_does_not_know_is_named() -> None:
    form = a_form(ask("string", "a", "", starts("Condition"), definition=f"{CONDITION}#Condition.colour"))
    with pytest.raises(Invalid, match=r"Condition\.colour"):
        made(form, {"a": [{"valueString": "x"}]})


def test_an_expression_computes_a_value() -> None:
    expression = {"language": "text/fhirpath", "expression": "%resource.authored"}
    parts = [
        {"url": "definition", "valueUri": f"{CONDITION}#Condition.onset[x]"},
        {"url": "expression", "valueExpression": expression},
    ]
    extension = {"url": sdc.DEFINITION_EXTRACT_VALUE, "extension": parts}
    form = a_form(ask("string", "a", "", starts("Condition"), extension, definition=f"{CONDITION}#Condition.code"))
    (condition,) = made(form, {"a": [{"valueString": "x"}]})
    assert condition["onsetDateTime"] == "2026-11-21T10:30:00+01:00"
