"""Repeating groups in the page: each row calculates for itself, the form over all of them, the server says the same."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from playwright.sync_api import Page

from app.config import ROOT
from pathways.questionnaire import sdc
from pathways.questionnaire.expressions import Expressions
from pathways.questionnaire.forms import form_class
from pathways.questionnaire.forms.calculating import show_calculations
from pathways.questionnaire.forms.collecting import fields_of
from pathways.questionnaire.forms.live import Live
from pathways.questionnaire.response import answers_of, respond
from pathways.questionnaire.validate import validate
from tests.pathways.questionnaire.forms import KG, MMHG, a_form, ask, ext, fhirpath, today

SCRIPTS = [(ROOT / "app/web/static" / name).read_text("utf-8") for name in ("forms.js", "maslak.js")]
YES = {"answerBoolean": True}


def variable(name: str, expression: str) -> dict[str, Any]:
    return ext(sdc.VARIABLE, valueExpression={"name": name, "language": "text/fhirpath", "expression": expression})


def calculated(expression: str, *more: dict[str, Any]) -> list[dict[str, Any]]:
    return [fhirpath(sdc.CALCULATED_EXPRESSION, expression), *more]


def said(kind: str, text: str, when: str | None = None) -> dict[str, Any]:
    """A sentence beside a calculated value."""
    part: dict[str, Any] = {"url": kind, "extension": [{"url": "text", "valueString": text}]}
    if when:
        part["extension"].append(
            {"url": "when", "valueExpression": {"language": "text/fhirpath", "expression": when}}
        )  # fmt: skip
    return ext(sdc.CALCULATION, extension=[part])


PLACES = ext(sdc.MAX_DECIMAL_PLACES, valueInteger=1)
PRESSURE = ext(sdc.UNIT, valueCoding=MMHG)
ALL = "%resource.item.where(linkId = 'readings').item"
READINGS = ask(
    "group", "readings", "Mesures à domicile",
    variable("sys", "item.where(linkId = 'sys').answer.value"),
    variable("dia", "%context.item.where(linkId = 'dia').answer.value"),
    repeats=True,
    item=[
        ask("integer", "sys", "Systolique", PRESSURE),
        ask("integer", "dia", "Diastolique", PRESSURE),
        ask("boolean", "moving", "Après un effort"),
        ask("decimal", "map", "Moyenne de la mesure",
            *calculated("(%dia + (%sys - %dia) / 3).round(1)", PLACES, PRESSURE,
                        said("from", "{{%sys}} et {{%dia}}")), readOnly=True),
        ask("decimal", "far", "Écart", *calculated("(%sys - %mean).abs()", PLACES), readOnly=True),
        ask("string", "why", "Si haut?", enableWhen=[{"question": "sys", "operator": ">", "answerInteger": 160}]),
        ask("string", "rest", "Repos", fhirpath(sdc.ENABLE_WHEN_EXPRESSION, "%sys - %dia > 80")),
    ],
)  # fmt: skip
HOME = a_form(
    ask("integer", "age"),
    READINGS,
    ask("decimal", "mean", "Moyenne", *calculated("%mean", PLACES, PRESSURE), readOnly=True),
    ask("integer", "count", "Nombre", *calculated("%resource.item.where(linkId = 'readings').count()"), readOnly=True),
    ask("decimal", "of-maps", "", *calculated(f"{ALL}.where(linkId = 'map').answer.value.avg()", PLACES),
        readOnly=True),
    ask("integer", "high", "", *calculated(
        "%resource.item.where(linkId = 'readings').where(item.where(linkId = 'sys').answer.value >= 135).count()"),
        readOnly=True),
    ask("decimal", "calm", "", *calculated(
        "%resource.item.where(linkId = 'readings').where(item.where(linkId = 'moving').answer.value = false)"
        ".item.where(linkId = 'sys').answer.value.avg()", PLACES), readOnly=True),
    ask("decimal", "pulse", "", *calculated(
        "%resource.item.where(linkId = 'readings').select(item.where(linkId = 'sys').answer.value"
        " - item.where(linkId = 'dia').answer.value).max()"), readOnly=True),
    ask("decimal", "first", "", *calculated(
        "%resource.item.where(linkId = 'readings').first().item.where(linkId = 'sys').answer.value"), readOnly=True),
    ask("decimal", "total", "", *calculated(f"{ALL}.where(linkId = 'sys').answer.value.aggregate($this + $total, 0)"),
        readOnly=True),
    ask("string", "any-high", "", enableWhen=[{"question": "sys", "operator": ">=", "answerInteger": 180}]),
    extension=[variable("mean", f"{ALL}.where(linkId = 'sys').answer.value.avg()")],
)  # fmt: skip


def a_row(chance: Random) -> dict[str, Any]:
    """One reading; each part is left out now and then, and sometimes all of it."""
    made = {
        "sys": [{"valueInteger": chance.randint(100, 200)}],
        "dia": [{"valueInteger": chance.randint(60, 110)}],
        "moving": [{"valueBoolean": chance.random() < 0.5}],
    }
    return {name: given for name, given in made.items() if chance.random() < 0.75}


def page_of(form: Any) -> str:
    """The form as the scripts find it, every calculated value empty."""
    rows = []
    for _at, field in fields_of(form):
        when = f" data-when='{json.dumps(field.when)}'" if field.when else ""
        inside = f"<output class=result id='{field.id}-result'><b><bdi></bdi></b><small></small></output>"
        if field.calculation is None:
            inside = "".join(str(one) for one in field) if field.type == "ChoiceField" else str(field())
        rows.append(f"<div class=question{when}><span class=answer>{inside}</span></div>")
    live = json.dumps(form.live).replace("'", "&#39;")
    scripts = f"<script>{SCRIPTS[0]}</script><script data-words='{{}}'>{SCRIPTS[1]}</script>"
    return f"<meta charset=utf-8><form data-live='{live}'>{''.join(rows)}</form>{scripts}"


def opened(chromium: Any, form: Any) -> Page:
    page: Page = chromium.new_page()
    page.route("http://house/", lambda route: route.fulfill(body=page_of(form), content_type="text/html"))
    page.goto("http://house/")
    page.wait_for_load_state()
    return page


@pytest.mark.browser
def test_every_row_and_all_of_them_are_calculated_as_on_the_server(chromium: Any) -> None:
    chance = Random(11)
    compared = 0
    for _round in range(8):
        rows = [a_row(chance) for _each in range(4)]
        form = form_class(HOME, "fr")(context=today(), answers={"readings": rows})
        response = form.respond()
        show_calculations(form, response, Expressions(HOME, today()))
        page = opened(chromium, form)
        for _at, field in fields_of(form):
            if field.calculation is not None:
                shown = page.locator(f"[id='{field.id}-result']")
                assert shown.locator("bdi").inner_text() == field.calculation.value, (field.id, rows, response)
                note = re.sub("[\u2066-\u2069]", "", shown.locator("small").inner_text())
                assert note == re.sub("[\u2066-\u2069]", "", field.calculation.note)
                compared += 1
            elif field.when:
                assert page.locator(f"[name='{field.name}']").is_visible() is shown_by_the_server(field, rows)
                compared += 1
        assert [one for one in validate(HOME, response, today()) if one.severity == "error"] == []
        page.close()
    assert compared > 8 * 4 * 4


def shown_by_the_server(field: Any, rows: list[dict[str, Any]]) -> bool:
    """Whether the server keeps an answer to the question in this row."""
    row = int(re.sub(r"\D", "", field.name) or 0)
    said_here = {**rows[row], field.link_id: [{"valueString": "x"}]}
    answers: dict[str, Any] = {"readings": [*rows[:row], said_here, *rows[row + 1 :]]}
    if field.link_id == "any-high":
        answers = {"readings": rows, "any-high": [{"valueString": "x"}]}
    kept = answers_of(HOME, respond(HOME, answers, today()))
    places = [kept] if field.link_id == "any-high" else kept.get("readings", [])
    return any(field.link_id in one for one in places)


@pytest.mark.browser
def test_a_row_is_calculated_while_it_is_typed_in_any_digits(chromium: Any) -> None:
    form = form_class(HOME, "ar")(context=today("ar"), answers={"readings": [{}, {}]})
    show_calculations(form, form.respond(), Expressions(HOME, today("ar")))
    page = opened(chromium, form)
    for name, typed in {"0-sys": "١٥٠", "0-dia": "٩٠", "1-sys": "\u200f۱۳۰\u200f", "1-dia": "80"}.items():
        page.fill(f"[name='readings-{name}']", typed)
    page.wait_for_function("document.getElementById('readings-1-map-result').innerText.includes('mmHg')")
    texts = {one: page.locator(f"[id='{one}-result'] bdi").inner_text() for one in ("readings-0-map", "readings-1-map")}
    assert texts == {"readings-0-map": "110,0 mmHg", "readings-1-map": "96,7 mmHg"}
    assert page.locator("[id='count-result'] bdi").inner_text() == "2"
    assert page.is_visible("[name='readings-0-why']") is False
    page.fill("[name='readings-0-sys']", "١٦١")
    assert page.is_visible("[name='readings-0-why']") and not page.is_visible("[name='readings-1-why']")
    page.close()


def test_a_calculation_sees_another_of_its_row() -> None:
    """Through a variable of the group, which speaks of the row with what was calculated in it."""
    group = ask(
        "group", "row", "", variable("w", "item.where(linkId = 'weight').answer.value"),
        variable("double", "item.where(linkId = 'double').answer.value"), repeats=True,
        item=[
            ask("decimal", "weight"),
            ask("decimal", "double", "", *calculated("%w * 2"), readOnly=True),
            ask("decimal", "more", "", *calculated("%double + 1"), readOnly=True),
        ],
    )  # fmt: skip
    rows = [{"weight": [{"valueDecimal": Decimal(one)}]} for one in ("3", "4.5")]
    made = answers_of(a_form(group), respond(a_form(group), {"row": [{}, *rows]}, today()))["row"]
    assert [one["more"][0]["valueDecimal"] for one in made] == [7, 10]


def test_an_answer_that_is_not_asked_in_its_row_counts_for_nothing_there() -> None:
    group = ask(
        "group", "row", "", variable("n", "item.where(linkId = 'n').answer.value"), repeats=True,
        item=[
            ask("boolean", "yes"),
            ask("integer", "n", enableWhen=[{"question": "yes", "operator": "=", **YES}]),
            ask("integer", "twice", "", *calculated("%n * 2"), readOnly=True),
            ask("string", "why", "", fhirpath(sdc.ENABLE_WHEN_EXPRESSION, "%n > 3")),
        ],
    )  # fmt: skip
    row = {"n": [{"valueInteger": 5}], "why": [{"valueString": "x"}]}
    given = {"row": [{**row, "yes": [{"valueBoolean": yes}]} for yes in (True, False)]}
    made = answers_of(a_form(group), respond(a_form(group), given, today()))["row"]
    assert [set(one) for one in made] == [{"yes", "n", "twice", "why"}, {"yes"}]


def test_an_unanswered_row_does_not_look_at_another_one() -> None:
    group = ask("group", "row", repeats=True, item=[
        ask("boolean", "pain"),
        ask("string", "where", enableWhen=[{"question": "pain", "operator": "=", **YES}]),
    ])  # fmt: skip
    first = {"pain": [{"valueBoolean": True}], "where": [{"valueString": "poitrine"}]}
    made = answers_of(
        a_form(group), respond(a_form(group), {"row": [first, {"where": [{"valueString": "bras"}]}]}, today())
    )
    assert made == {"row": [first]} or made == {"row": [first, {}]}
    sent = respond(a_form(group), {"row": [first]}, today())
    sent["item"].append({"linkId": "row", "item": [{"linkId": "where", "answer": [{"valueString": "bras"}]}]})
    assert [one.expression for one in validate(a_form(group), sent, today())] == [
        "QuestionnaireResponse.item[1].item[0]"
    ]


def test_a_mean_is_kept_to_the_places_of_its_question() -> None:
    """A third has no end: it is neither refused for its decimals nor shown with all of them."""
    rows = [{"sys": [{"valueInteger": one}], "dia": [{"valueInteger": 80}]} for one in (120, 121, 121)]
    response = respond(HOME, {"readings": rows}, today())
    made = answers_of(HOME, response)
    assert made["mean"] == [{"valueDecimal": Decimal("120.7")}]
    assert made["total"] == [{"valueDecimal": 362}]
    assert [one for one in validate(HOME, response, today()) if one.severity == "error"] == []
    bare = a_form(ask("integer", "n"), ask("decimal", "third", "", *calculated(
        "%resource.item.where(linkId = 'n').answer.value / 3"), readOnly=True))  # fmt: skip
    third = answers_of(bare, respond(bare, {"n": [{"valueInteger": 100}]}, today()))["third"]
    assert third == [{"valueDecimal": Decimal("33.3333333333")}]


NESTED = a_form(
    ask("group", "day", "", variable("d", "item.where(linkId = 'dose').answer.value"), repeats=True, item=[
        ask("decimal", "dose"),
        ask("group", "meal", "", variable("g", "item.where(linkId = 'glucose').answer.value"), repeats=True, item=[
            ask("decimal", "glucose"),
            ask("decimal", "ratio", "", *calculated("%g * %d"), readOnly=True),
            ask("string", "why", enableWhen=[{"question": "dose", "operator": ">", "answerDecimal": Decimal(10)}]),
        ]),
        ask("decimal", "of-day", "", *calculated("%context.item.exists() and false"), readOnly=True),
        ask("decimal", "mean-of-day", "", *calculated("%meals.avg()"), readOnly=True),
    ]),
    ask("decimal", "all", "", *calculated(
        "%resource.item.where(linkId = 'day').item.where(linkId = 'meal').item.where(linkId = 'ratio')"
        ".answer.value.sum()"), readOnly=True),
    ask("quantity", "weight", "", ext(sdc.UNIT, valueCoding=KG)),
    version="4.0.0",
)  # fmt: skip
NESTED["item"][0]["extension"].append(
    variable("meals", "item.where(linkId = 'meal').item.where(linkId = 'glucose').answer.value")
)
del NESTED["item"][0]["item"][2]


@pytest.mark.browser
def test_rows_within_rows_keep_to_their_own(chromium: Any) -> None:
    def number(value: str) -> list[dict[str, Any]]:
        return [{"valueDecimal": Decimal(value)}]

    days = [
        {"dose": number("8"), "meal": [{"glucose": number("1.2")}, {"glucose": number("1.4")}]},
        {"dose": number("12"), "meal": [{"glucose": number("2")}]},
    ]
    form = form_class(NESTED, "fr")(context=today(), answers={"day": days})
    show_calculations(form, form.respond(), Expressions(NESTED, today()))
    page = opened(chromium, form)
    expected = {
        "day-0-meal-0-ratio": "9,6", "day-0-meal-1-ratio": "11,2", "day-1-meal-0-ratio": "24",
        "day-0-mean-of-day": "1,3", "day-1-mean-of-day": "2", "all": "44,8",
    }  # fmt: skip
    fields = {field.id: field.calculation.value for _rows, field in fields_of(form) if field.calculation}
    assert {name: float(value.replace(",", ".")) for name, value in fields.items()} == {
        name: float(value.replace(",", ".")) for name, value in expected.items()
    }
    for name, value in expected.items():
        assert page.locator(f"[id='{name}-result'] bdi").inner_text() == value
    visible = {one: page.is_visible(f"[name='{one}']") for one in ("day-0-meal-0-why", "day-1-meal-0-why")}
    assert visible == {"day-0-meal-0-why": False, "day-1-meal-0-why": True}
    page.close()


def test_a_row_of_another_row_is_left_to_the_server() -> None:
    """While the path goes over all rows, a variable of the expression's own row would speak of another one."""
    other = "%resource.item.where(linkId = 'readings').where(item.where(linkId = 'sys').answer.value > %sys).count()"
    live = Live(Expressions(HOME, today()))
    assert live.of(other, live.read.paths["far"]) is None
    assert live.of(other.replace("%sys", "%mean"), live.read.paths["far"]) is not None
