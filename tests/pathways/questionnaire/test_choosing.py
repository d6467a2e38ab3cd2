"""A long list of answers: whole or searched without the script, filtered in either language with it."""

from __future__ import annotations

import gzip
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.datastructures import MultiDict

from app.config import ROOT
from pathways.questionnaire import sdc
from pathways.questionnaire.forms import QuestionnaireForm, form_class
from pathways.questionnaire.forms.choosing import LISTED, OFFERED, matching
from tests.pathways.questionnaire.forms import ICD, a_form, ask, ext, today

SCRIPT = (ROOT / "app/web/static/choose.js").read_text("utf-8")
AUTOCOMPLETE = ext(sdc.ITEM_CONTROL, valueCodeableConcept={"coding": [{"code": "autocomplete"}]})
NAMES = [
    ("I10", "Hypertension artérielle", "ارتفاع ضغط الدم"),
    ("I21", "Infarctus du myocarde", "احتشاء عضلة القلب"),
    ("J45", "Asthme", "الرَّبْو"),
    ("N18", "Néphropathie chronique", "مرض كلوي مزمن"),
    ("H54", "Cécité, œil droit", "العمى، عين يمنى"),
    ("E11", "Diabète de type 2", "داء السكري من النوع ٢"),
    ("G40", "Épilepsie", "صرع أُصيب به"),
]
MANY = [*NAMES, *((f"Z{number:03}", f"Maladie {number}", f"مرض {number}") for number in range(LISTED))]


def offering(names: list[tuple[str, str, str]], **about: Any) -> tuple[dict[str, Any], Any]:
    """A form with one list, and its context."""
    french = [(ICD, code, name) for code, name, _ in names]
    arabic = [(ICD, code, name) for code, _, name in names]
    form = a_form(ask("choice", "ill", "Maladie", AUTOCOMPLETE, answerValueSet="urn:all", **about))
    return form, today(value_sets=lambda url: french, other_value_sets=lambda url: arabic)


def made(names: list[tuple[str, str, str]], *pairs: tuple[str, str], **about: Any) -> QuestionnaireForm:
    questionnaire, context = offering(names, **about)
    cls = form_class(questionnaire, "fr", context.value_sets, context.other_value_sets)
    return cls(MultiDict(pairs) if pairs else None, context=context)


def found(typed: str) -> list[str]:
    return [option.key.rpartition("|")[2] for option in matching(made(NAMES)["ill"].options, typed)]


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("nephro", ["N18"]),
        ("NÉPHRO chron", ["N18"]),
        ("chronique néphro", ["N18"]),
        ("oeil", ["H54"]),
        ("epilepsie", ["G40"]),
        ("i10", ["I10"]),
        ("اصيب", ["G40"]),
        ("ربو", ["J45"]),
        ("العمي", ["H54"]),
        ("عضله القلب", ["I21"]),
        ("النوع 2", ["E11"]),
        ("infarctus du foie", []),
    ],
)
def test_words_are_found_in_either_language(typed: str, codes: list[str]) -> None:
    assert found(typed) == codes


def test_a_list_that_fits_the_page_stands_there_whole() -> None:
    field = made(NAMES)["ill"]
    assert not field.searched
    assert field().count("<option") == 1 + len(NAMES) and "hidden" in field().split("<select")[0]


def test_of_more_only_the_chosen_one_and_what_was_found_stand_there() -> None:
    assert made(MANY)["ill"]().count("<option") == 1
    key = f"{ICD}|I21"
    field = made(MANY, ("ill", key), ("ill.find", "nephro"))["ill"]
    assert [option.key for option in field.offered] == [key, f"{ICD}|N18"]
    assert 'name="ill.find"' in field() and 'name="find-options"' in field()
    assert len(made(MANY, ("ill.find", "maladie"))["ill"].offered) == OFFERED


def test_an_answer_of_a_long_list_is_accepted_and_another_is_not() -> None:
    form = made(MANY, ("ill", f"{ICD}|Z150"))
    assert form.validate()
    assert form.respond()["item"][0]["answer"][0]["valueCoding"]["code"] == "Z150"
    assert not made(MANY, ("ill", f"{ICD}|Q99")).validate()


def test_the_script_is_small() -> None:
    assert len(gzip.compress(SCRIPT.encode(), 9)) <= 2 * 1024


def shown(chromium: Any, field: Any) -> Any:
    """The field on a page of its own, the address of the search answered by the server's own search."""
    page = chromium.new_page()

    def answer(route: Any) -> None:
        asked = parse_qs(urlsplit(route.request.url).query)
        listed = [[one.key, one.label] for one in matching(field.options, asked["q"][0])[:OFFERED]]
        route.fulfill(json={"options": listed, "more": False})

    page.route("**/forms/options?**", answer)
    html = f"<meta charset=utf-8><form>{field()}</form><script>{SCRIPT}</script>"
    page.route("http://house/", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto("http://house/")
    return page


def codes(page: Any) -> list[str]:
    values = page.locator("select option").evaluate_all("all => all.map(one => one.value)")
    return [value.rpartition("|")[2] for value in values if value]


@pytest.mark.browser
@pytest.mark.parametrize("names", [NAMES, MANY], ids=["in the page", "fetched"])
@pytest.mark.parametrize(
    ("typed", "wanted"),
    [("nephro", ["N18"]), ("Oeil", ["H54"]), ("أُصِيب", ["G40"]), ("عضلة", ["I21"]), ("نوع ٢", ["E11"]), ("xyz", [])],
)
def test_the_script_filters_as_the_server_does(
    chromium: Any, names: list[tuple[str, str, str]], typed: str, wanted: list[str]
) -> None:
    page = shown(chromium, made(names)["ill"])
    page.locator("input[data-filter]").press_sequentially(typed)
    said = f"document.querySelector('output').textContent.includes('{len(wanted)}')"
    page.wait_for_function(f"{said} && document.querySelectorAll('option').length === {len(wanted) + 1}")
    assert codes(page) == wanted == found(typed)
    page.close()


@pytest.mark.browser
def test_what_was_chosen_stays_while_something_else_is_looked_for(chromium: Any) -> None:
    page = shown(chromium, made(NAMES)["ill"])
    page.select_option("select", f"{ICD}|J45")
    box = page.locator("input[data-filter]")
    for typed, count in (("n", 5), ("nephro", 3), ("infarctus", 3), ("xyz", 2)):
        box.fill(typed)
        page.wait_for_function("typed => document.querySelector('output').textContent !== ''", arg=typed)
        page.wait_for_timeout(200)
        assert page.locator("option").count() == count, (typed, codes(page))
        assert page.input_value("select") == f"{ICD}|J45"
    page.fill("input[data-filter]", "")
    page.wait_for_function("document.querySelectorAll('option').length > 5")
    page.close()


def test_several_may_be_ticked_and_filtered() -> None:
    field = made(NAMES, repeats=True)["ill"]
    assert "data-filter" in field.filter and all("data-find" in option.choice.render_kw for option in field)
