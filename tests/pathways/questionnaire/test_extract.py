"""From answers to resources, in each of the three ways."""

from decimal import Decimal
from typing import Any

import pytest

from app.errors import Invalid
from app.fhir.json import dumps, loads
from pathways.questionnaire import sdc
from pathways.questionnaire.extract import extract, extract_bundle
from pathways.questionnaire.response import respond
from tests.pathways.questionnaire.forms import (
    ICD,
    KG,
    RESOURCE,
    a_form,
    ask,
    blood_pressure,
    code,
    ext,
    glucose,
    option,
    today,
)

YES = ext(sdc.OBSERVATION_EXTRACT, valueBoolean=True)
CONDITION = RESOURCE + "Condition"


def made(questionnaire: dict[str, Any], answers: dict[str, Any], **around: Any) -> list[dict[str, Any]]:
    context = today(encounter={"resourceType": "Encounter", "id": "e1"}, user={"resourceType": "Practitioner", "id": "d1"})
    response = respond(questionnaire, answers, context, form_key="key-1") | {"id": "r1"}
    return extract(questionnaire, response, context, **around)


def codes(resource: dict[str, Any]) -> list[str]:
    return [one["code"] for one in resource["code"]["coding"]]


def test_a_blood_pressure_is_one_observation_with_two_components() -> None:
    (observation,) = made(a_form(blood_pressure()), {"sys": [{"valueInteger": 132}], "dia": [{"valueInteger": 84}]})
    assert codes(observation) == ["85354-9"]
    assert [(codes(part), part["valueQuantity"]["value"], part["valueQuantity"]["code"]) for part in observation["component"]] == [
        (["8480-6"], 132, "mm[Hg]"),
        (["8462-4"], 84, "mm[Hg]"),
    ]  # fmt: skip
    assert "value" not in str(observation.keys())


def test_an_observation_says_whose_it_is_when_by_whom_and_from_where() -> None:
    category = ext(sdc.EXTRACT_CATEGORY, valueCodeableConcept={"coding": [{"code": "vital-signs"}]})
    form = a_form(ask("decimal", "w", "Poids", YES, category, ext(sdc.UNIT, valueCoding=KG), code=code("29463-7")))
    (observation,) = made(form, {"w": [{"valueDecimal": Decimal("82.50")}]})
    assert observation == {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"code": "vital-signs"}]}],
        "code": {"coding": code("29463-7"), "text": "Poids"},
        "valueQuantity": {"value": Decimal("82.50"), "unit": "kg", "system": sdc.UCUM, "code": "kg"},
        "effectiveDateTime": "2026-11-21T10:30:00+01:00",
        "issued": "2026-11-21T09:30:00.000Z",
        "derivedFrom": [{"reference": "QuestionnaireResponse/r1"}],
        "identifier": [{"system": sdc.FORM_SYSTEM, "value": "key-1:w"}],
        "subject": {"reference": "Patient/amina"},
        "encounter": {"reference": "Encounter/e1"},
        "performer": [{"reference": "Practitioner/d1"}],
    }
    assert b'"value":82.50' in dumps(observation)


def test_the_day_of_the_visit_may_be_given() -> None:
    form = a_form(ask("boolean", "a", "", YES, code=code("1")))
    (observation,) = made(form, {"a": [{"valueBoolean": True}]}, effective="2026-11-20")
    assert observation["effectiveDateTime"] == "2026-11-20"


@pytest.mark.parametrize(
    ("type_", "answer", "expected"),
    [
        ("boolean", {"valueBoolean": False}, {"valueBoolean": False}),
        ("integer", {"valueInteger": 3}, {"valueInteger": 3}),
        ("decimal", {"valueDecimal": Decimal("1.0")}, {"valueQuantity": {"value": Decimal("1.0")}}),
        ("string", {"valueString": "x"}, {"valueString": "x"}),
        ("date", {"valueDate": "2026-01-02"}, {"valueDateTime": "2026-01-02"}),
        ("time", {"valueTime": "09:30:00"}, {"valueTime": "09:30:00"}),
        ("choice", option("I10", "HTA"), {"valueCodeableConcept": {"coding": [option("I10", "HTA")["valueCoding"]], "text": "HTA"}}),
    ],
)  # fmt: skip
def test_each_type_finds_its_value(type_: str, answer: dict[str, Any], expected: dict[str, Any]) -> None:
    (observation,) = made(a_form(ask(type_, "a", "", YES, code=code("1"))), {"a": [answer]})
    assert {key: value for key, value in observation.items() if key.startswith("value")} == expected


def test_each_danger_sign_is_an_observation_of_its_own() -> None:
    signs = [option("chest-pain", "Douleur", "s"), option("dyspnoea", "Dyspnée", "s")]
    form = a_form(ask("choice", "danger", "", YES, repeats=True, answerOption=signs, code=code("danger-sign", "c")))
    found = made(form, {"danger": signs})
    assert [one["valueCodeableConcept"]["coding"][0]["code"] for one in found] == ["chest-pain", "dyspnoea"]
    assert [one["identifier"][0]["value"] for one in found] == ["key-1:danger", "key-1:danger:2"]


def test_what_was_typed_in_another_unit_is_kept_in_the_preferred_one() -> None:
    quantity = {"value": Decimal("1.10"), "unit": "g/L", "system": sdc.UCUM, "code": "g/L"}
    (observation,) = made(a_form(glucose()), {"glucose": [{"valueQuantity": quantity}]})
    assert observation["valueQuantity"] == {"value": Decimal("6.11"), "unit": "mmol/L", "system": sdc.UCUM, "code": "mmol/L"}  # fmt: skip


def test_true_on_the_form_extracts_what_has_a_code_and_false_takes_out() -> None:
    no = ext(sdc.OBSERVATION_EXTRACT, valueBoolean=False)
    form = a_form(
        ask("integer", "a", code=code("1")),
        ask("integer", "b", "", no, code=code("2")),
        ask("integer", "c"),
        ask("group", "g", "", no, item=[ask("integer", "d", code=code("4"))]),
        extension=[YES],
    )
    answers = {key: [{"valueInteger": 1}] for key in "abcd"}
    assert [codes(one) for one in made(form, answers)] == [["1"]]


def test_only_the_marked_codes_of_an_item_are_propagated() -> None:
    marked = {"system": "s", "code": "weight", "extension": [YES]}
    form = a_form(ask("integer", "a", code=[marked, {"system": "s", "code": "other"}]))
    (observation,) = made(form, {"a": [{"valueInteger": 1}]})
    assert observation["code"]["coding"] == [{"system": "s", "code": "weight"}]


def test_members_are_observations_that_the_panel_refers_to() -> None:
    member = ext(sdc.OBSERVATION_EXTRACT, valueCode="member")
    form = a_form(ask("group", "p", "", YES, code=code("panel"), item=[ask("integer", "a", "", member, code=code("1"))]))
    context = today()
    response = respond(form, {"a": [{"valueInteger": 1}]}, context, form_key="k")
    entries = extract_bundle(form, response, context)["entry"]
    by_code = {codes(one["resource"])[0]: one for one in entries}
    assert by_code["panel"]["resource"]["hasMember"] == [{"reference": by_code["1"]["fullUrl"]}]


def test_no_answer_makes_nothing() -> None:
    assert made(a_form(blood_pressure(), glucose()), {}) == []


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


ACTIVE = value_of("Condition.clinicalStatus", valueCodeableConcept={"coding": [{"code": "active"}]})


def test_each_comorbidity_becomes_a_condition() -> None:
    listed = [option("E11", "Diabète"), option("N18", "IRC")]
    form = a_form(
        ask("choice", "c", "", starts("Condition"), ACTIVE, repeats=True, answerOption=listed,
            definition=f"{CONDITION}#Condition.code")
    )  # fmt: skip
    first, second = made(form, {"c": listed})
    assert first == {
        "resourceType": "Condition",
        "code": {"coding": [option("E11", "Diabète")["valueCoding"]], "text": "Diabète"},
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "identifier": [{"system": sdc.FORM_SYSTEM, "value": "key-1:c"}],
        "subject": {"reference": "Patient/amina"},
        "encounter": {"reference": "Encounter/e1"},
        "recorder": {"reference": "Practitioner/d1"},
        "recordedDate": "2026-11-21T10:30:00+01:00",
    }
    assert second["identifier"][0]["value"] == "key-1:c:2"


def test_a_group_fills_one_resource_with_its_answers() -> None:
    form = a_form(
        ask("group", "g", "", starts("Condition"), ACTIVE, item=[
            ask("choice", "code", definition=f"{CONDITION}#Condition.code", answerOption=[option("I10", "HTA")]),
            ask("date", "since", definition=f"{CONDITION}#Condition.onset[x]"),
            ask("string", "note", definition=f"{CONDITION}#Condition.note.text"),
        ])
    )  # fmt: skip
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
    form = a_form(
        ask("group", "allergy", "", starts("AllergyIntolerance"), repeats=True, item=[
            ask("string", "to", definition=f"{allergy}#AllergyIntolerance.code"),
        ])
    )  # fmt: skip
    found = made(form, {"allergy": [{"to": [{"valueString": "pénicilline"}]}, {"to": [{"valueString": "iode"}]}]})
    assert [one["code"] for one in found] == [{"text": "pénicilline"}, {"text": "iode"}]
    assert found[0]["patient"] == {"reference": "Patient/amina"}


def test_list_elements_of_a_group_stay_together_and_an_id_makes_an_update() -> None:
    patient = RESOURCE + "Patient"
    form = a_form(
        ask("string", "id", "", definition=f"{patient}#Patient.id"),
        ask("group", "name", repeats=True, definition=f"{patient}#Patient.name", item=[
            ask("string", "family", definition=f"{patient}#Patient.name.family"),
            ask("string", "given", definition=f"{patient}#Patient.name.given", repeats=True),
        ]),
        ask("string", "cnie", definition=f"{patient}#Patient.identifier:cnie.value"),
        ask("string", "cnss", definition=f"{patient}#Patient.identifier:cnss.value"),
        extension=[starts("Patient", ifMatch="'W/\"3\"'")],
    )  # fmt: skip
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
    with pytest.raises(Invalid, match="Condition.colour"):
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


def put(expression: str) -> dict[str, Any]:
    return {"extension": [ext(sdc.TEMPLATE_VALUE, valueString=expression)]}


def test_a_template_is_filled_and_loses_what_has_no_answer() -> None:
    at = ext(sdc.TEMPLATE_CONTEXT, valueString="item.where(linkId = 'drug')")
    template = {
        "resourceType": "MedicationStatement",
        "id": "t",
        "status": "active",
        "medicationCodeableConcept": {"extension": [at], "_text": put("answer.value")},
        "subject": {"_reference": put("%resource.subject.reference")},
        "note": [{"extension": [ext(sdc.TEMPLATE_CONTEXT, valueString="item.where(linkId = 'note')")], "_text": put("answer.value")}],
    }  # fmt: skip
    extract_it = {"url": sdc.TEMPLATE_EXTRACT, "extension": [{"url": "template", "valueReference": {"reference": "#t"}}]}
    form = a_form(ask("string", "drug"), ask("string", "note"), contained=[template], extension=[extract_it])
    (statement,) = made(form, {"drug": [{"valueString": "amlodipine"}]})
    assert statement["medicationCodeableConcept"] == {"text": "amlodipine"}
    assert statement["subject"] == {"reference": "Patient/amina"}
    assert "note" not in statement and "id" not in statement
    (statement,) = made(form, {"drug": [{"valueString": "x"}], "note": [{"valueString": "le soir"}]})
    assert statement["note"] == [{"text": "le soir"}]


def test_a_template_on_a_repeating_question_gives_one_resource_an_answer() -> None:
    template = {
        "resourceType": "Condition",
        "id": "t",
        "code": {"coding": [put("answer.value")]},
        "_recordedDate": put("%resource.authored"),
        "subject": {"reference": "Patient/amina"},
    }
    extract_it = {"url": sdc.TEMPLATE_EXTRACT, "extension": [{"url": "template", "valueReference": {"reference": "#t"}}]}
    listed = [option("E11", "Diabète"), option("N18", "IRC")]
    form = a_form(ask("choice", "c", "", extract_it, repeats=True, answerOption=listed), contained=[template])
    found = made(form, {"c": listed})
    assert [codes(one) for one in found] == [["E11"], ["N18"]]
    assert found[0]["recordedDate"] == "2026-11-21T10:30:00+01:00"


def test_a_template_bundle_shares_an_allocated_address() -> None:
    entry = {"_fullUrl": put("%obs"), "resource": {"resourceType": "Observation", "status": "final", "_valueInteger": put("%resource.item.answer.value")}}  # fmt: skip
    listing = {"resource": {"resourceType": "List", "status": "current", "mode": "working", "entry": [{"item": {"_reference": put("%obs")}}]}}  # fmt: skip
    bundle = {"resourceType": "Bundle", "id": "b", "type": "transaction", "entry": [entry, listing]}
    form = a_form(ask("integer", "a"), contained=[bundle], extension=[
        ext(sdc.ALLOCATE_ID, valueString="obs"), ext(sdc.TEMPLATE_EXTRACT_BUNDLE, valueReference={"reference": "#b"}),
    ])  # fmt: skip
    context = today()
    made = extract_bundle(form, respond(form, {"a": [{"valueInteger": 7}]}, context, form_key="k"), context)["entry"]
    assert made[0]["resource"]["valueInteger"] == 7
    assert made[1]["resource"]["entry"] == [{"item": {"reference": made[0]["fullUrl"]}}]


def test_a_form_sent_twice_gives_the_same_conditional_creates() -> None:
    form = a_form(blood_pressure())
    context = today()
    response = respond(form, {"sys": [{"valueInteger": 132}]}, context, form_key="k")
    once, twice = (extract_bundle(form, loads(dumps(response)), context) for _ in range(2))
    assert once == twice
    assert once["entry"][0]["request"] == {
        "method": "POST",
        "url": "Observation",
        "ifNoneExist": f"identifier={sdc.FORM_SYSTEM}|k:bp",
    }
