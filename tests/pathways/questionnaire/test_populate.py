"""What a form starts with, and what was found last time."""

from decimal import Decimal
from typing import Any

from app.fhir.bundle import found, searchset
from pathways.questionnaire import sdc
from pathways.questionnaire.answers import value_of
from pathways.questionnaire.populate import initial_answers, populate, previous_values
from pathways.questionnaire.validate import validate
from tests.pathways.questionnaire.forms import (
    KG,
    a_form,
    ask,
    blood_pressure,
    code,
    ext,
    fhirpath,
    glucose,
    option,
    today,
)


def observation(loinc: str, day: str, **value: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": code(loinc)},
        "effectiveDateTime": day,
        **value,
    }


def amount(value: str, unit: str) -> dict[str, Any]:
    return {"valueQuantity": {"value": Decimal(value), "unit": unit, "system": sdc.UCUM, "code": unit}}


def pressure(day: str, systolic: str, diastolic: str, **more: Any) -> dict[str, Any]:
    parts = [
        {"code": {"coding": code("8480-6")}, **amount(systolic, "mm[Hg]")},
        {"code": {"coding": code("8462-4")}, **amount(diastolic, "mm[Hg]")},
    ]
    return observation("85354-9", day, component=parts) | more


def test_fixed_initial_values_and_selected_options() -> None:
    chosen = option("I10", "HTA") | {"initialSelected": True}
    form = a_form(
        ask("integer", "a", initial=[{"valueInteger": 2}]),
        ask("choice", "b", answerOption=[chosen, option("E11", "Diabète")]),
        ask("string", "c"),
    )
    assert initial_answers(form, today()) == {"a": [{"valueInteger": 2}], "b": [option("I10", "HTA")]}


def test_expressions_read_the_patient_and_variables() -> None:
    form = a_form(
        ask("date", "born", "", fhirpath(sdc.INITIAL_EXPRESSION, "%patient.birthDate")),
        ask("string", "sex", "", fhirpath(sdc.INITIAL_EXPRESSION, "%label")),
        ask("date", "day", "", fhirpath(sdc.INITIAL_EXPRESSION, "today()")),
        ask("integer", "none", "", fhirpath(sdc.INITIAL_EXPRESSION, "%patient.multipleBirth")),
        extension=[
            {
                "url": sdc.VARIABLE,
                "valueExpression": {
                    "name": "label",
                    "language": "text/fhirpath",
                    "expression": "iif(%patient.gender = 'female', 'F', 'M')",
                },
            }
        ],
    )
    assert initial_answers(form, today()) == {
        "born": [{"valueDate": "1960-05-04"}],
        "sex": [{"valueString": "F"}],
        "day": [{"valueDate": "2026-11-21"}],
    }


def test_a_query_variable_is_asked_with_the_patient_in_it() -> None:
    asked = []

    def query(text: str) -> dict[str, Any]:
        asked.append(text)
        return searchset([found(observation("29463-7", "2026-10-01", **amount("81.5", "kg")))])

    variable = {
        "url": sdc.VARIABLE,
        "valueExpression": {
            "name": "weights",
            "language": "application/x-fhir-query",
            "expression": "Observation?patient={{%patient.id}}&code=29463-7&_count=1",
        },
    }
    initial = fhirpath(sdc.INITIAL_EXPRESSION, "%weights.entry.resource.value")
    form = a_form(ask("quantity", "w", "", initial, ext(sdc.UNIT, valueCoding=KG)), extension=[variable])
    assert initial_answers(form, today(query=query))["w"][0]["valueQuantity"]["value"] == Decimal("81.5")
    assert asked == ["Observation?patient=amina&code=29463-7&_count=1"]


def test_a_repeating_group_starts_with_a_row_for_each_thing_found() -> None:
    drugs = [
        {"resourceType": "MedicationStatement", "medicationCodeableConcept": {"text": name}} for name in ("a", "b")
    ]
    source = {
        "url": sdc.POPULATION_CONTEXT,
        "valueExpression": {
            "name": "drug",
            "language": "application/x-fhir-query",
            "expression": "MedicationStatement?patient={{%patient.id}}",
        },
    }
    name = ask("string", "name", "", fhirpath(sdc.INITIAL_EXPRESSION, "%drug.medication.text"))
    form = a_form(ask("group", "drugs", "", source, repeats=True, item=[name]))
    context = today(query=lambda _text: searchset([found(one) for one in drugs]))
    response = populate(form, context)
    assert response["status"] == "in-progress"
    assert [row["item"][0]["answer"][0]["valueString"] for row in response["item"]] == ["a", "b"]


def source(name: str, expression: str) -> dict[str, Any]:
    return {
        "url": sdc.POPULATION_CONTEXT,
        "valueExpression": {"name": name, "language": "text/fhirpath", "expression": expression},
    }


FAMILY = {
    "resourceType": "Patient",
    "id": "amina",
    "contact": [
        {"name": {"text": "Driss"}, "telecom": [{"value": "061"}, {"value": "062"}]},
        {"name": {"text": "Fatna"}},
        {"telecom": [{"value": "063"}]},
    ],
}


def test_repeats_in_repeats_start_with_what_belongs_to_each_row() -> None:
    number = ask("string", "number", "", fhirpath(sdc.INITIAL_EXPRESSION, "%phone.value"))
    phones = ask("group", "phones", "", source("phone", "%person.telecom"), repeats=True, item=[number])
    name = ask("string", "name", "", fhirpath(sdc.INITIAL_EXPRESSION, "%person.name.text"))
    people = ask("group", "people", "", source("person", "%patient.contact"), repeats=True, item=[name, phones])
    response = populate(a_form(people), today(patient=FAMILY))
    assert [
        [(one["linkId"], [value_of(answer) for answer in (one.get("answer") or one["item"][0]["answer"])])
         for one in row["item"]]
        for row in response["item"]
    ] == [
        [("name", ["Driss"]), ("phones", ["061"]), ("phones", ["062"])],
        [("name", ["Fatna"])],
        [("phones", ["063"])],
    ]  # fmt: skip


def test_what_is_calculated_stands_in_a_populated_form_what_is_not_asked_does_not() -> None:
    start = fhirpath(sdc.INITIAL_EXPRESSION, "21")
    twice = fhirpath(sdc.CALCULATED_EXPRESSION, "%resource.item.where(linkId = 'a').answer.value * 2")
    never = fhirpath(sdc.ENABLE_WHEN_EXPRESSION, "%patient.gender = 'male'")
    form = a_form(
        ask("integer", "a", "", start),
        ask("integer", "twice", "", twice, readOnly=True),
        ask("integer", "own", "", twice),
        ask("integer", "men", "", start, never),
    )
    response = populate(form, today())
    assert {one["linkId"]: one["answer"][0]["valueInteger"] for one in response["item"]} == {
        "a": 21, "twice": 42, "own": 42,
    }  # fmt: skip
    assert validate(form, response, today()) == []


def test_several_values_fill_a_question_that_repeats_and_one_fills_another() -> None:
    names = fhirpath(sdc.INITIAL_EXPRESSION, "%patient.contact.telecom.value")
    form = a_form(ask("string", "all", "", names, repeats=True), ask("string", "one", "", names))
    response = populate(form, today(patient=FAMILY))
    assert [len(one["answer"]) for one in response["item"]] == [3, 1]


def test_a_linked_observation_answers_while_it_is_fresh() -> None:
    period = ext(sdc.OBSERVATION_LINK_PERIOD, valueDuration={"value": 3, "code": "mo"})
    form = a_form(ask("decimal", "w", "", period, ext(sdc.UNIT, valueCoding=KG), code=code("29463-7")))
    fresh, stale = (observation("29463-7", day, **amount("81500", "g")) for day in ("2026-10-01", "2026-01-01"))
    assert initial_answers(form, today(), [stale, fresh]) == {"w": [{"valueDecimal": Decimal("81.5")}]}
    assert initial_answers(form, today(), [stale]) == {}


def test_the_previous_values_stand_beside_their_questions() -> None:
    record = [
        pressure("2026-09-01T10:00:00Z", "160", "100"),
        pressure("2026-10-01T10:00:00Z", "148", "92"),
        pressure("2026-11-01T10:00:00Z", "900", "92", status="entered-in-error"),
        observation("1558-6", "2026-08-05", **amount("1.26", "g/L")),
    ]
    assert previous_values(a_form(blood_pressure(), glucose(), ask("string", "z")), record) == {
        "sys": ("148", "2026-10-01"),
        "dia": ("92", "2026-10-01"),
        "glucose": ("6,99", "2026-08-05"),
    }
