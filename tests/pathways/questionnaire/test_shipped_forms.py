"""The Questionnaires that are shipped, filled in as in a consultation: page, response, resources."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from app.fhir.json import loads
from app.fhir.validation import check
from pathways.questionnaire import items
from pathways.questionnaire.extract import extract
from pathways.questionnaire.forms import QuestionnaireForm, form_class
from pathways.questionnaire.options import options
from tests.pathways.questionnaire.forms import today

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = sorted(
    [*ROOT.glob("protocols/content/*/questionnaire-*.json"), *ROOT.glob("pathways/content/*/questionnaire-*.json")]
)
READ_WHOLE = 30
"""Most answers that somebody goes through one by one."""
pytestmark = pytest.mark.skipif(not SHIPPED, reason="no Questionnaire is shipped yet")


@cache
def value_sets(language: str) -> dict[str, list[tuple[str, str, str]]]:
    """Address → codes of the shipped value sets that list their codes."""
    found = {}
    for path in ROOT.glob("p*/content/*/valueset-*.json"):
        value_set = loads(path.read_bytes())
        holder = {"contained": [value_set | {"id": "vs"}]}
        listed = options(holder, {"answerValueSet": "#vs"}, today(language))
        found[value_set["url"]] = [(*option.key.split("|"), option.label) for option in listed]
    return found


def filled(path: Path, language: str = "fr", **typed: Any) -> QuestionnaireForm:
    """The form with something plausible in every question, and what the test says."""
    questionnaire = loads(path.read_bytes())
    sets = value_sets(language)
    context = today(language, value_sets=lambda url: sets.get(url, []))
    form = form_class(questionnaire, language, context.value_sets)(context=context)
    pairs: list[tuple[str, str]] = []
    for field in form:
        item = getattr(field, "item", {})
        if items.is_choice(item):
            pairs += [(field.name, value) for value in [field.choices[0][0]] if value]
        elif item.get("type") in ("integer", "decimal"):
            low, high = (items.limit(item, which) for which in ("min", "max"))
            pairs.append((field.name, str(int(((low or 0) + (high or 100)) // 2))))
    typed = {name: value for name, value in {"weight": "70", "height": "170"}.items() if name in form} | typed
    pairs = [pair for pair in pairs if pair[0] not in typed] + list(typed.items())
    return form_class(questionnaire, language, context.value_sets)(MultiDict(pairs), context=context)


def pressures(path: Path, systolic: int, diastolic: int) -> dict[str, str]:
    """What is typed into every systolic and diastolic of the form."""
    found = {}
    for item in items.walk(loads(path.read_bytes())):
        for one in item.get("code", ()):
            if one["code"] in ("8480-6", "8462-4"):
                found[item["linkId"]] = str(systolic if one["code"] == "8480-6" else diastolic)
    return found


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_list_too_long_to_be_read_as_a_whole_has_a_filter(path: Path) -> None:
    questionnaire = loads(path.read_bytes())
    context = today("fr", value_sets=lambda url: value_sets("fr").get(url, []))
    for item in items.walk(questionnaire):
        long = items.is_choice(item) and len(options(questionnaire, item, context)) > READ_WHOLE
        assert not long or "autocomplete" in items.controls(item), item["linkId"]


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_plausible_visit_is_accepted_and_gives_valid_resources(path: Path, language: str) -> None:
    form = filled(path, language, **pressures(path, 148, 92))
    assert form.validate(), (form.errors, form.form_errors)
    response = form.respond(form_key="key-1") | {"id": "r1"}
    check(response)
    found = extract(form.source.questionnaire, response, form.context)
    assert found or "Extract" not in path.read_text("utf-8")
    for resource in found:
        check(resource)


@pytest.mark.parametrize("path", [one for one in SHIPPED if pressures(one, 1, 1)], ids=lambda path: path.stem)
def test_the_pressure_is_one_observation_with_both_components(path: Path) -> None:
    form = filled(path, **pressures(path, 148, 92))
    found = extract(form.source.questionnaire, form.respond(form_key="k"), form.context)
    readings = [one for one in found if one.get("code", {}).get("coding", [{}])[0].get("code") == "85354-9"]
    assert readings
    for reading in readings:
        values = {part["code"]["coding"][0]["code"]: part["valueQuantity"]["value"] for part in reading["component"]}
        assert values == {"8480-6": 148, "8462-4": 92}


@pytest.mark.parametrize("path", [one for one in SHIPPED if pressures(one, 1, 1)], ids=lambda path: path.stem)
@pytest.mark.parametrize(("systolic", "diastolic"), [(1400, 90), (120, 130), (20, 10)])
def test_an_impossible_pressure_is_refused_at_a_field_that_says_why(path: Path, systolic: int, diastolic: int) -> None:
    form = filled(path, **pressures(path, systolic, diastolic))
    assert not form.validate()
    assert not form.form_errors
    wrong = {field.item["code"][0]["code"] for field in form if field.errors}
    assert wrong <= {"8480-6", "8462-4"}


CALCULATED_FROM = ("weight", "height", "bp-systolic", "creatinine", "total-cholesterol", "egfr", "cvd-risk")
ODD = st.sampled_from(
    ["", "0", "-5", "0,0001", "999999999999999999", "1e9", "12", "٦٠", "abc", "1.234,5", "-0", "٫", "10000000000"]
)


@pytest.mark.parametrize("path", [one for one in SHIPPED if "cvd-risk" in one.read_text()], ids=lambda path: path.stem)
@given(typed=st.fixed_dictionaries(dict.fromkeys(CALCULATED_FROM, ODD)))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_typed_the_page_calculates_or_says_what_is_wrong(path: Path, typed: dict[str, str]) -> None:
    form = filled(path, **typed)
    form.validate()
    assert form.parts
    for name in ("bmi", "egfr", "cvd-risk"):
        shown = form[name].calculation
        assert shown.value == "" or any(digit in shown.value for digit in "0123456789")
