"""Answers to response and back, calculated answers, decimals."""

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.fhir.json import dumps, loads
from pathways.questionnaire import sdc
from pathways.questionnaire.response import Answers, answers_of, respond
from tests.pathways.questionnaire.forms import KG, a_form, ask, blood_pressure, ext, fhirpath, glucose, option, today

LISTED = [option("I10", "HTA"), option("E11", "Diabète")]
EVERYTHING = a_form(
    blood_pressure(),
    ask("decimal", "weight", "Poids", ext(sdc.UNIT, valueCoding=KG)),
    glucose(),
    ask("boolean", "smokes", item=[ask("integer", "packs")]),
    ask("date", "since"),
    ask("text", "note"),
    ask("choice", "history", repeats=True, answerOption=LISTED),
    ask("open-choice", "job", answerOption=LISTED),
    ask(
        "group",
        "drugs",
        repeats=True,
        item=[
            ask("string", "name"),
            ask("group", "detail", item=[ask("string", "dose"), ask("string", "times", repeats=True)]),
        ],
    ),
)

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1).filter(
    lambda text: text.strip() == text
)
PLAIN = {
    "sys": st.integers(50, 300).map(lambda value: {"valueInteger": value}),
    "dia": st.integers(30, 200).map(lambda value: {"valueInteger": value}),
    "weight": st.decimals(2, 300, places=2).map(lambda value: {"valueDecimal": value}),
    "glucose": st.tuples(st.decimals(0, 5, places=2), st.sampled_from(["g/L", "mmol/L"])).map(
        lambda one: {"valueQuantity": {"value": one[0], "unit": one[1], "system": sdc.UCUM, "code": one[1]}}
    ),
    "since": st.dates(min_value=__import__("datetime").date(1970, 1, 1)).map(
        lambda day: {"valueDate": day.isoformat()}
    ),
    "note": WORDS.map(lambda text: {"valueString": text}),
    "job": st.one_of(st.sampled_from(LISTED), WORDS.map(lambda text: {"valueString": text})),
}


@st.composite
def answered(draw: st.DrawFn) -> Answers:
    """Some of the questions of the form, answered."""
    found: Answers = {key: [draw(one)] for key, one in PLAIN.items() if draw(st.booleans())}
    if draw(st.booleans()):
        found["smokes"] = [{"valueBoolean": draw(st.booleans())}]
        if draw(st.booleans()):
            found["packs"] = [{"valueInteger": draw(st.integers(0, 60))}]
    if chosen := draw(st.lists(st.sampled_from(LISTED), unique_by=str)):
        found["history"] = chosen
    row = st.fixed_dictionaries(
        {"name": WORDS.map(lambda text: [{"valueString": text}])},
        optional={
            "dose": WORDS.map(lambda text: [{"valueString": text}]),
            "times": st.lists(WORDS.map(lambda text: {"valueString": text}), min_size=1, max_size=3),
        },
    )
    if rows := draw(st.lists(row, max_size=3)):
        found["drugs"] = rows
    return found


@given(answered())
@settings(max_examples=150, deadline=None)
def test_answers_come_back_from_the_stored_response(answers: Answers) -> None:
    stored = loads(dumps(respond(EVERYTHING, answers, today(), form_key="k")))
    assert answers_of(EVERYTHING, stored) == answers


def test_a_decimal_keeps_its_digits_to_the_stored_bytes() -> None:
    response = respond(EVERYTHING, {"weight": [{"valueDecimal": Decimal("82.50")}]}, today())
    assert b'{"valueDecimal":82.50}' in dumps(response)


def test_a_response_says_whose_form_by_whom_and_when() -> None:
    response = respond(
        a_form(ask("string", "a", "Nom", ar="الاسم")), {"a": [{"valueString": "x"}]}, today("ar"), form_key="k"
    )
    assert response == {
        "resourceType": "QuestionnaireResponse",
        "identifier": {"system": sdc.FORM_SYSTEM, "value": "k"},
        "questionnaire": "https://maslak.ma/fhir/Questionnaire/test|1.0.0",
        "status": "completed",
        "authored": "2026-11-21T10:30:00+01:00",
        "subject": {"reference": "Patient/amina"},
        "item": [{"linkId": "a", "text": "الاسم", "answer": [{"valueString": "x"}]}],
    }


def calculated(link_id: str, expression: str, type_: str = "decimal") -> dict[str, Any]:
    return ask(type_, link_id, "", fhirpath(sdc.CALCULATED_EXPRESSION, expression), readOnly=True)


BMI = (
    "(%resource.item.where(linkId='w').answer.value"
    " / (%resource.item.where(linkId='h').answer.value / 100).power(2)).round(1)"
)


def test_the_body_mass_index_is_calculated() -> None:
    form = a_form(ask("decimal", "w"), ask("decimal", "h"), ask("group", "g", item=[calculated("bmi", BMI)]))
    answers = {"w": [{"valueDecimal": Decimal("82.5")}], "h": [{"valueDecimal": Decimal("170")}]}
    assert answers_of(form, respond(form, answers, today()))["bmi"] == [{"valueDecimal": Decimal("28.5")}]
    assert "bmi" not in answers_of(form, respond(form, {"w": answers["w"]}, today()))


def test_what_the_page_sent_for_a_calculated_answer_is_not_believed() -> None:
    form = a_form(
        ask("integer", "a"), calculated("twice", "%resource.item.where(linkId='a').answer.value * 2", "integer")
    )
    response = respond(form, {"a": [{"valueInteger": 4}], "twice": [{"valueInteger": 99}]}, today())
    assert answers_of(form, response)["twice"] == [{"valueInteger": 8}]


def test_a_calculation_may_build_on_another_and_open_a_question() -> None:
    twice = "%resource.item.where(linkId='a').answer.value * 2"
    more = "%resource.item.where(linkId='twice').answer.value + 1"
    wait = {"question": "more", "operator": ">", "answerInteger": 8}
    form = a_form(
        calculated("more", more, "integer"),
        ask("integer", "a"),
        calculated("twice", twice, "integer"),
        ask("string", "why", enableWhen=[wait]),
    )
    why = {"why": [{"valueString": "x"}]}
    assert set(answers_of(form, respond(form, {"a": [{"valueInteger": 4}]} | why, today()))) == {
        "a",
        "twice",
        "more",
        "why",
    }
    assert set(answers_of(form, respond(form, {"a": [{"valueInteger": 3}]} | why, today()))) == {"a", "twice", "more"}


def test_an_item_variable_sees_its_own_row() -> None:
    variable = {"name": "n", "language": "text/fhirpath", "expression": "item.where(linkId='n').answer.value"}
    row = ask(
        "group",
        "row",
        "",
        {"url": sdc.VARIABLE, "valueExpression": variable},
        repeats=True,
        item=[ask("integer", "n"), calculated("square", "%n * %n", "integer")],
    )
    found = answers_of(
        a_form(row),
        respond(a_form(row), {"row": [{"n": [{"valueInteger": 3}]}, {"n": [{"valueInteger": 5}]}]}, today()),
    )
    assert [one["square"] for one in found["row"]] == [[{"valueInteger": 9}], [{"valueInteger": 25}]]
