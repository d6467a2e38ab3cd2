"""The page's script computes what the server computes, in the part of FHIRPath that it has words for."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from app.config import ROOT
from app.fhir.json import loads
from pathways.questionnaire import items, sdc
from pathways.questionnaire.expressions import Expressions
from pathways.questionnaire.forms import form_class
from pathways.questionnaire.forms.live import Live
from pathways.questionnaire.numbers import parse_number
from pathways.questionnaire.response import respond
from tests.pathways.questionnaire.forms import a_form, ask, code, ext, fhirpath, today

SCRIPT = (ROOT / "app/web/static/forms.js").read_text("utf-8")
SHELL = (ROOT / "app/web/static/maslak.js").read_text("utf-8")
UNITS = [ext(sdc.UNIT_OPTION, valueCoding={"system": sdc.UCUM, "code": one}) for one in ("g/L", "mmol/L")]
CODING = [{"valueCoding": {"system": "s", "code": one, "display": one}} for one in ("x", "y")]


def variable(name: str, expression: str) -> dict[str, Any]:
    return ext(sdc.VARIABLE, valueExpression={"name": name, "language": "text/fhirpath", "expression": expression})


FORM = a_form(
    ask("integer", "n"), ask("decimal", "d"), ask("boolean", "yes"), ask("string", "text"),
    ask("quantity", "q", "", *UNITS), ask("choice", "one", answerOption=CODING),
    ask("choice", "many", answerOption=CODING, repeats=True),
    ask("group", "row", item=[ask("integer", "in-row")], repeats=True),
    extension=[
        variable("all", "%resource.descendants().where(linkId.exists())"),
        variable("n", "%all.where(linkId = 'n').answer.value"),
    ],
)  # fmt: skip


def a(link_id: str) -> str:
    return f"%resource.item.where(linkId = '{link_id}').answer.value"


INSIDE = [
    "%n + 1", "%n - 2.5", "%n * %n", "%n / 3", "%n div 3", "%n mod 3", "-%n", "%n > 3 and " + a("d") + " < 10",
    "%n > 3 or " + a("d") + " < 10", "%n > 3 xor " + a("d") + " < 10", "%n > 3 implies " + a("d") + " < 10",
    "(%n > 3).not()", "%n = " + a("d"), "%n != " + a("d"), "%n in (1 | 2 | 3)", "%n.exists()", "%n.empty()",
    "iif(%n > 3, 'more', 'less')", "iif(" + a("yes") + ", 1, {})", a("yes"), a("yes") + " = true",
    "(%n / 7).round(2)", a("d") + ".sqrt()", a("d") + ".ln()", "(" + a("d") + " / 100).exp()", a("d") + ".abs()",
    a("d") + ".floor()", a("d") + ".ceiling()", a("d") + ".truncate()", "%n.power(2)", "(2).power(%n / 10)",
    a("q") + ".value", "iif(" + a("q") + ".code = 'g/L', " + a("q") + ".value * 5.55, " + a("q") + ".value)",
    a("one") + ".code = 'x'", a("one") + ".system", a("many") + ".code contains 'y'", a("many") + ".count()",
    a("many") + ".where(code = 'y').exists()", a("many") + ".exists(code = 'x')", a("many") + ".all(code = 'x')",
    a("many") + ".select(code).first()", a("text") + " & '!'", "%n + today().toString().length()",
    "iif(%patient.gender = 'female', %n * 2, %n * 3)", "(%n | " + a("d") + ").count()",
    "%resource.descendants().where(linkId = 'in-row').answer.value.sum()",
]  # fmt: skip


def random_answers(chance: Random) -> dict[str, Any]:
    """Some answers; each question stays unanswered in a third of the cases."""
    value = str(chance.choice([0, 1, 2.5, 3, 7.25, 120]))
    number = {"valueDecimal": Decimal(value)}
    made = {
        "n": [{"valueInteger": chance.randint(-3, 12)}],
        "d": [number],
        "yes": [{"valueBoolean": chance.random() < 0.5}],
        "text": [{"valueString": "Fès"}],
        "q": [{"valueQuantity": {"value": Decimal("1.3"), "code": chance.choice(["g/L", "mmol/L"])}}],
        "one": [dict(chance.choice(CODING))],
        "many": [dict(one) for one in CODING[chance.randint(0, 1) :]],
    }  # fmt: skip
    return {name: given for name, given in made.items() if chance.random() < 0.67}


def page_of(questionnaire: dict[str, Any], answers: dict[str, Any], words: Live) -> str:
    """A page with the fields of a form, filled, and nothing for the script to show."""
    form = form_class(questionnaire, "fr")(context=today(), answers=answers)
    live = json.dumps({"c": [], "v": words.variables, "q": words.questions, "w": {}})
    boxes = []
    for field in form:
        if hasattr(field, "link_id"):
            many = field.type in ("ChoiceField", "ChoicesField")
            boxes += [str(one) for one in field] if many and not field.as_select else [str(field())]
    scripts = f"<script>{SCRIPT}</script><script data-words='{{}}'>{SHELL}</script>"
    return f"<form data-live='{live}'>{''.join(boxes)}</form>{scripts}"


def plain(values: list[Any]) -> list[Any]:
    return [float(one) if isinstance(one, (int, Decimal)) and not isinstance(one, bool) else one for one in values]


@pytest.mark.browser
def test_the_script_agrees_with_the_server(chromium: Any) -> None:
    page = chromium.new_page()
    chance = Random(7)
    compared = 0
    for _round in range(12):
        answers = random_answers(chance)
        expressions = Expressions(FORM, today())
        words = Live(expressions)
        asked = {text: words.of(text) for text in INSIDE}
        assert [text for text, one in asked.items() if one is None] == []
        page.set_content(page_of(FORM, answers, words))
        response = respond(FORM, answers, today())
        for text, one in asked.items():
            expected = plain(expressions.evaluate(text, response, [response]))
            got = plain(page.evaluate("one => window.maslak.run(one)", one))
            assert got == pytest.approx(expected) if expected else got == [], (text, expected, got, answers)
            compared += 1
    page.close()
    assert compared == 12 * len(INSIDE)


TYPED = [
    "132", "0,40", "٧٫٥", "۷,۵", "٧،٥", "1.234,5", "1,234.5", "1 400", "-2,5", "\u22122,5", "+3", " 82 ",
    "\u200f١٣٢\u200f", "\u061c\u202b۱۲٫۵\u202c", "\ufeff1\u2009400\u00a0", "abc", "12abc", "1,2,3", "1e5", "NaN", "--2",
    "٫", "0x10", "1.2.3,4",
]  # fmt: skip


@pytest.mark.browser
def test_numbers_are_read_in_the_page_as_on_the_server(chromium: Any) -> None:
    page = chromium.new_page()
    page.set_content(page_of(FORM, {}, Live(Expressions(FORM, today()))))
    for text in TYPED:
        read = page.evaluate("text => { const n = maslak.number(text); return Number.isNaN(n) ? null : n }", text)
        own = parse_number(text)
        assert read == (None if own is None else float(own)), text
    page.close()


@pytest.mark.browser
def test_a_question_appears_when_its_expression_becomes_true(chromium: Any) -> None:
    """Both scripts of the page; what the hidden question held counts for nothing."""
    above = fhirpath(sdc.ENABLE_WHEN_EXPRESSION, f"{a('n')} > 3 and {a('yes')}")
    after = fhirpath(sdc.ENABLE_WHEN_EXPRESSION, f"{a('why')}.exists()")
    asked = a_form(
        ask("integer", "n"), ask("boolean", "yes"), ask("string", "why", "", above), ask("string", "x", "", after)
    )
    form = form_class(asked, "fr")(context=today())
    rows = "".join(
        f"<div class='question' data-when='{json.dumps(field.when)}'><span class=answer>{field()}</span></div>"
        if field.when else "".join(str(one) for one in field) if field.link_id == "yes" else str(field())
        for field in form
    )  # fmt: skip
    page = chromium.new_page()
    faults: list[Any] = []
    page.on("pageerror", lambda fault: faults.append(fault))
    live = json.dumps(form.live)
    scripts = f"<script>{SCRIPT}</script><script data-words='{{}}'>{SHELL}</script>"
    html = f"<meta charset=utf-8><form data-live='{live}'>{rows}</form>{scripts}"
    page.route("http://house/", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto("http://house/")
    assert not page.is_visible("[name=why]") and not page.is_visible("[name=x]")
    page.fill("[name=n]", "4")
    page.check("[name=yes][value=true]")
    assert page.is_visible("[name=why]") and not page.is_visible("[name=x]")
    page.fill("[name=why]", "parce que")
    assert page.is_visible("[name=x]")
    page.fill("[name=n]", "2")
    assert not page.is_visible("[name=why]") and not page.is_visible("[name=x]")
    assert not faults
    page.close()


@pytest.mark.parametrize(
    "outside",
    [
        "%resource.descendants().where(linkId = 'in-row').answer.value.aggregate($this + $index, 0)",
        "%n.toString().replace('1', '2')",
        a("text") + ".matches('F.*')",
        "%context.answer.value",
        "item.count()",
        "%nobody + 1",
        "%n +",
    ],
)
def test_what_the_script_has_no_words_for_is_left_to_the_server(outside: str) -> None:
    assert Live(Expressions(FORM, today())).of(outside) is None


def test_what_no_answer_changes_is_computed_here() -> None:
    words = Live(Expressions(FORM, today()))
    assert words.of("%patient.gender = 'female' and %patient.birthDate <= today() - 15 years") is True
    assert words.of("iif(%patient.gender = 'male', %n, %n * 2)") == ["*", ["v", 0], 2]
    assert words.of("%resource.authored.toDate() = today()") is True
    assert words.of("('a' | 'b')") == ["l", "a", "b"]


def test_variables_that_name_each_other_in_a_circle_are_left_to_the_server() -> None:
    circle = [
        ext(sdc.VARIABLE, valueExpression={"name": one, "language": "text/fhirpath", "expression": f"%{other} + 1"})
        for one, other in (("p", "q"), ("q", "p"))
    ]
    assert Live(Expressions(FORM | {"extension": circle}, today())).of("%p") is None


def test_a_condition_in_fhirpath_hides_and_shows_in_the_page() -> None:
    above = fhirpath(sdc.ENABLE_WHEN_EXPRESSION, f"{a('n')} > 3")
    form = form_class(a_form(ask("integer", "n"), ask("string", "why", "", above)), "fr")(context=today())
    assert form["why"].when == {"live": [">", ["a", 0], 3]}
    assert form.live is not None and form.live["q"] == [["n", "n"]]


def test_a_condition_that_the_script_cannot_tell_is_always_shown() -> None:
    odd = fhirpath(sdc.ENABLE_WHEN_EXPRESSION, f"{a('n')}.toString().length() > 1")
    form = form_class(a_form(ask("integer", "n"), ask("string", "why", "", odd)), "fr")(context=today())
    assert form["why"].when is None and form.live is None


def test_the_amount_is_converted_while_typing() -> None:
    glucose = ask("quantity", "g", "", *UNITS, code=code("1558-6"))
    form = form_class(a_form(glucose), "fr")(context=today())
    assert form["g"].conversions == {
        "g/L": [5.55, 0.0, 2, "mmol/L"],
        "mmol/L": [pytest.approx(1 / 5.55), 0.0, 2, "g/L"],
    }
    assert "data-to=" in form["g"]() and '<output class="converted"' in form["g"]()


def test_a_local_code_names_its_substance() -> None:
    substance = ext(sdc.SUBSTANCE, valueCode="glucose")
    own = ask("quantity", "g", "", *UNITS, substance, code=code("capillary", "https://maslak.ma/fhir/CodeSystem/x"))
    form = form_class(a_form(own), "fr")(context=today())
    assert form["g"].conversions["g/L"][3] == "mmol/L"
    unknown = {**own, "extension": [one for one in own["extension"] if one != substance]}
    assert form_class(a_form(unknown, version="2.0.0"), "fr")(context=today())["g"].conversions == {}


def test_mass_is_shown_in_moles_before_another_mass() -> None:
    listed = [
        ext(sdc.UNIT_OPTION, valueCoding={"system": sdc.UCUM, "code": one}) for one in ("mg/L", "mg/dL", "umol/L")
    ]
    creatinine = ask("quantity", "c", "", *listed, code=code("2160-0"))
    found = form_class(a_form(creatinine, version="3.0.0"), "fr")(context=today())["c"].conversions
    assert {unit: other[3] for unit, other in found.items()} == {"mg/L": "umol/L", "mg/dL": "umol/L", "umol/L": "mg/L"}
    assert found["mg/L"][0] == pytest.approx(8.84)


CALCULATING = [
    path
    for path in sorted(ROOT.glob("protocols/content/*/questionnaire-*.json"))
    if any(items.is_calculated(item) for item in items.walk(loads(path.read_bytes())))
]


@pytest.mark.parametrize("path", CALCULATING, ids=lambda one: one.stem)
@pytest.mark.parametrize("language", ["fr", "ar"])
def test_every_calculation_that_is_shipped_runs_in_the_page(path: Path, language: str) -> None:
    questionnaire = loads(path.read_bytes())
    form = form_class(questionnaire, language)(context=today(language))
    assert len(CALCULATING) >= 4
    shipped = {f"{one['linkId']}-result" for one in items.walk(questionnaire) if items.is_calculated(one)}
    assert form.live is not None and {one["id"] for one in form.live["c"]} == shipped
    assert len(json.dumps(form.live)) < 8 * 1024


def test_the_script_is_small() -> None:
    assert len(gzip.compress(SCRIPT.encode(), 9)) <= 3 * 1024
    assert "eval(" not in SCRIPT and "Function(" not in SCRIPT
