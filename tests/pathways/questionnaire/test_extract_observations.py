"""Observation-based extraction: answers with a code become Observations."""

from decimal import Decimal
from typing import Any

import pytest

from app.fhir.json import dumps, loads
from pathways.questionnaire import sdc
from pathways.questionnaire.extract import extract_bundle
from pathways.questionnaire.response import respond
from tests.pathways.questionnaire.extraction import codes, made
from tests.pathways.questionnaire.forms import (
    KG,
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


def test_a_blood_pressure_is_one_observation_with_two_components() -> None:
    (observation,) = made(a_form(blood_pressure()), {"sys": [{"valueInteger": 132}], "dia": [{"valueInteger": 84}]})
    assert codes(observation) == ["85354-9"]
    assert [
        (codes(part), part["valueQuantity"]["value"], part["valueQuantity"]["code"])
        for part in observation["component"]
    ] == [
        (["8480-6"], 132, "mm[Hg]"),
        (["8462-4"], 84, "mm[Hg]"),
    ]
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
        (
            "choice",
            option("I10", "HTA"),
            {"valueCodeableConcept": {"coding": [option("I10", "HTA")["valueCoding"]], "text": "HTA"}},
        ),
    ],
)
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
    assert observation["valueQuantity"] == {
        "value": Decimal("6.11"),
        "unit": "mmol/L",
        "system": sdc.UCUM,
        "code": "mmol/L",
    }


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
    form = a_form(
        ask("group", "p", "", YES, code=code("panel"), item=[ask("integer", "a", "", member, code=code("1"))])
    )
    context = today()
    response = respond(form, {"a": [{"valueInteger": 1}]}, context, form_key="k")
    entries = extract_bundle(form, response, context)["entry"]
    by_code = {codes(one["resource"])[0]: one for one in entries}
    assert by_code["panel"]["resource"]["hasMember"] == [{"reference": by_code["1"]["fullUrl"]}]


def test_no_answer_makes_nothing() -> None:
    assert made(a_form(blood_pressure(), glucose()), {}) == []


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


def test_a_response_without_an_id_never_stands_for_another_person_s() -> None:
    """What is created only once is told apart by what the response says, whoever sends it twice."""

    def made_once(systolic: int, patient: str) -> str:
        answers = {"sys": [{"valueInteger": systolic}]}
        form = a_form(blood_pressure())
        response = respond(form, answers, today(), subject={"reference": f"Patient/{patient}"})
        (entry,) = extract_bundle(form, response, today())["entry"]
        once: str = entry["request"]["ifNoneExist"]
        return once

    first = made_once(132, "amina")
    assert first == made_once(132, "amina")
    assert len({first, made_once(132, "salma"), made_once(133, "amina")}) == 3
