"""The WTForms form of a Questionnaire: as a person fills it in."""

from typing import Any

import pytest
from hypothesis import given, settings
from werkzeug.datastructures import MultiDict

from app.fhir.json import dumps, loads
from pathways.questionnaire import sdc
from pathways.questionnaire.answers import option_key, typed
from pathways.questionnaire.forms import QuestionnaireForm, form_class
from pathways.questionnaire.response import Answers, answers_of, respond
from tests.pathways.questionnaire.forms import (
    a_form,
    ask,
    below_systolic,
    between,
    blood_pressure,
    ext,
    fhirpath,
    option,
    today,
)
from tests.pathways.questionnaire.test_response import EVERYTHING, answered


def sent(
    questionnaire: dict[str, Any], *pairs: tuple[str, str], language: str = "fr", **more: Any
) -> QuestionnaireForm:
    """The form as the browser posts it."""
    return form_class(questionnaire, language)(MultiDict(pairs), context=today(language), **more)


def as_browser(answers: Answers, prefix: str = "") -> list[tuple[str, str]]:
    """What the browser would post for these answers of EVERYTHING."""
    pairs: list[tuple[str, str]] = []
    for link_id, given_ in answers.items():
        name = prefix + link_id
        if link_id == "drugs":
            for index, row in enumerate(given_):
                pairs += as_browser(row, f"drugs-{index}-")
        elif link_id == "times":
            pairs.append((name, "\n".join(typed(answer) for answer in given_)))
        elif link_id == "job" and "valueString" in given_[0]:
            pairs.append((name + ".other", given_[0]["valueString"]))
        else:
            pairs += [(name, option_key(answer) if "valueCoding" in answer else typed(answer)) for answer in given_]
        if link_id == "glucose":
            pairs.append(("glucose.unit", given_[0]["valueQuantity"]["code"]))
    return pairs


@given(answered())
@settings(max_examples=100, deadline=None)
def test_form_to_response_to_form_and_back(answers: Answers) -> None:
    if "packs" in answers and "smokes" not in answers:
        answers = {key: value for key, value in answers.items() if key != "packs"}
    form = sent(EVERYTHING, *as_browser(answers))
    assert not [field.errors for field in form if field.errors]
    stored = loads(dumps(form.respond(form_key="k")))
    again = form_class(EVERYTHING, "fr")(context=today(), answers=answers_of(EVERYTHING, stored))
    assert again.collected() == form.collected()
    if "since" not in answers:
        assert answers_of(EVERYTHING, stored) == units_named(answers)


def units_named(answers: Answers) -> Answers:
    """The same, quantities with the unit's name as the form gives it."""
    made = dict(answers)
    if "glucose" in made:
        quantity = made["glucose"][0]["valueQuantity"]
        made["glucose"] = [{"valueQuantity": quantity | {"unit": quantity["code"]}}]
    return made


def test_a_wrong_answer_is_named_and_everything_typed_is_still_there() -> None:
    form = sent(a_form(blood_pressure(), ask("string", "note")), ("sys", "1400"), ("dia", "abc"), ("note", "fatigue"))
    assert not form.validate()
    assert form.errors == {
        "sys": ["La systolique doit être entre 50 et 300 mmHg : vous avez saisi 1400"],
        "dia": ["La diastolique doit être un nombre : vous avez saisi abc"],
    }
    assert 'value="1400"' in form["sys"]() and 'value="abc"' in form["dia"]() and "fatigue" in form["note"]()


def test_the_same_in_arabic_with_arabic_digits() -> None:
    form = sent(a_form(blood_pressure()), ("sys", "١٤٠٠"), ("dia", "٨٠"), language="ar")
    assert not form.validate()
    assert form["sys"].label.text == "الانقباضي"
    told = (
        "\u2068الضغط الانقباضي\u2069: القيمة المقبولة بين \u206850\u2069 و\u2068300 mmHg\u2069، "
        "وقد أدخلتم \u20681400\u2069"
    )
    assert form.errors["sys"] == [told]
    assert form["dia"].data == [{"valueInteger": 80}]


def test_a_diastolic_above_the_systolic_stands_at_the_diastolic() -> None:
    form = sent(a_form(blood_pressure(), extension=[below_systolic()]), ("sys", "90"), ("dia", "95"))
    assert not form.validate()
    assert form.errors == {"dia": ["La diastolique doit être inférieure à la systolique"]}


def test_a_required_question_is_asked_only_when_it_is_enabled() -> None:
    wait = {"question": "smokes", "operator": "=", "answerBoolean": True}
    form = a_form(
        ask("boolean", "smokes", "Fume"), ask("integer", "packs", "Paquets", required=True, enableWhen=[wait])
    )
    assert sent(form, ("smokes", "false")).validate()
    missing = sent(form, ("smokes", "true"))
    assert not missing.validate()
    assert missing.errors == {"packs": ["«\u00a0Paquets\u00a0» : une réponse est nécessaire"]}
    hidden = sent(form, ("smokes", "false"), ("packs", "3"))
    assert hidden.validate() and "packs" not in answers_of(form, hidden.respond())


@pytest.mark.parametrize(
    ("operator", "answer", "question", "expected"),
    [
        ("=", {"answerBoolean": True}, ask("boolean", "a"), {"field": "a", "is": ["true"]}),
        ("exists", {"answerBoolean": False}, ask("string", "a"), {"field": "a", "answered": False}),
        (">=", {"answerInteger": 140}, ask("integer", "a"), {"field": "a", "from": 140.0}),
        (
            "!=",
            {"answerCoding": {"system": "s", "code": "c"}},
            ask("choice", "a"),
            {"field": "a", "not": ["s|c"], "answered": True},
        ),
        (">", {"answerDate": "2026-01-01"}, ask("date", "a"), None),
    ],
)
def test_the_page_is_told_when_a_question_is_asked(
    operator: str, answer: dict[str, Any], question: dict[str, Any], expected: Any
) -> None:
    wait = {"question": "a", "operator": operator, **answer}
    form = form_class(a_form(question, ask("string", "b", enableWhen=[wait])), "fr")(context=today())
    assert form["b"].when == expected


def test_a_question_in_a_group_waits_for_both_conditions() -> None:
    wait = {"question": "a", "operator": "=", "answerBoolean": True}
    inner = {"question": "b", "operator": "=", "answerBoolean": True}
    form = a_form(
        ask("boolean", "a"),
        ask("group", "g", enableWhen=[wait], item=[ask("boolean", "b"), ask("string", "c", enableWhen=[inner])]),
    )
    made = form_class(form, "fr")(context=today())
    assert made["b"].when == {"field": "a", "is": ["true"]}
    assert made["c"].when == {"all": [{"field": "a", "is": ["true"]}, {"field": "b", "is": ["true"]}]}


@pytest.mark.parametrize(("gender", "asked"), [("female", True), ("male", False)])
def test_what_is_never_asked_of_this_patient_is_not_on_the_page(gender: str, asked: bool) -> None:
    women = fhirpath(sdc.ENABLE_WHEN_EXPRESSION, "%patient.gender = 'female'")
    group = ask("group", "women", "", women, item=[ask("boolean", "pregnant", required=True)])
    form = form_class(a_form(ask("string", "a"), group), "fr")(
        MultiDict([("pregnant", "true")]), context=today(patient={"resourceType": "Patient", "gender": gender})
    )
    assert (len(form.parts) == 2, "pregnant" in form) == (asked, asked)
    assert form.validate()
    assert ("pregnant" in answers_of(form.source.questionnaire, form.respond())) is asked


def test_a_choice_that_was_never_offered_is_refused() -> None:
    form = a_form(ask("choice", "a", "Motif", answerOption=[option("I10", "HTA")]))
    forged = sent(form, ("a", "x|y"))
    assert not forged.validate()
    assert forged.errors == {"a": ["«\u00a0Motif\u00a0» : choisissez une réponse de la liste"]}


def test_hidden_and_read_only_answers_cannot_be_changed_from_the_page() -> None:
    hidden = ask("string", "h", "", ext(sdc.HIDDEN, valueBoolean=True))
    form = a_form(hidden, ask("string", "r", readOnly=True), ask("string", "a"))
    given_ = {"h": [{"valueString": "kept"}], "r": [{"valueString": "fixed"}]}
    posted = sent(form, ("h", "forged"), ("r", "forged"), ("a", "x"), answers=given_)
    assert answers_of(form, posted.respond()) == given_ | {"a": [{"valueString": "x"}]}


def test_a_calculated_field_shows_what_the_server_computed() -> None:
    twice = fhirpath(sdc.CALCULATED_EXPRESSION, "%resource.item.where(linkId='a').answer.value * 2")
    form = sent(a_form(ask("integer", "a"), ask("integer", "b", "", twice, readOnly=True)), ("a", "4"), ("b", "99"))
    assert form.validate()
    assert 'value="8"' in form["b"]() and "readonly" in form["b"]()


def test_rows_of_a_repeating_group_have_their_own_errors() -> None:
    rows = ask(
        "group", "drugs", repeats=True, item=[ask("string", "name"), ask("integer", "dose", "Dose", *between(1, 9))]
    )
    form = sent(
        a_form(rows), ("drugs-0-name", ""), ("drugs-1-name", "a"), ("drugs-1-dose", "3"), ("drugs-2-dose", "50")
    )
    assert not form.validate()
    entries = form["drugs"].entries
    assert [entry.form["dose"].errors for entry in entries][:2] == [[], []] or not entries[1].form["dose"].errors
    assert entries[2].form["dose"].errors == ["«\u00a0Dose\u00a0» doit être entre 1 et 9 : vous avez saisi 50"]


def test_conditions_in_a_row_name_the_fields_of_that_row() -> None:
    wait = {"question": "name", "operator": "exists", "answerBoolean": True}
    rows = ask("group", "drugs", repeats=True, item=[ask("string", "name"), ask("string", "dose", enableWhen=[wait])])
    form = form_class(a_form(rows), "fr")(context=today())
    assert form["drugs"].entries[0].form["dose"].when == {"field": "drugs-0-name", "answered": True}


def test_the_parts_of_the_page_follow_the_questionnaire() -> None:
    form = a_form(
        ask("display", "intro", "Asseoir le patient"),
        blood_pressure(),
        ask("group", "drugs", "Traitement", repeats=True, item=[ask("string", "name")]),
        ask("string", "h", "", ext(sdc.HIDDEN, valueBoolean=True)),
    )
    parts = form_class(form, "fr")(context=today()).parts
    assert [(part.kind, part.title) for part in parts] == [
        ("text", "Asseoir le patient"),
        ("group", "Pression artérielle"),
        ("rows", "Traitement"),
    ]
    assert [part.field.name for part in parts[1].parts] == ["sys", "dia"]
    assert [part.field.name for part in parts[2].rows[0]] == ["drugs-0-name"]


def test_the_class_is_made_once_a_version_and_language() -> None:
    form = a_form(ask("string", "a"))
    assert form_class(form, "fr") is form_class(dict(form), "fr")
    assert form_class(form, "fr") is not form_class(form, "ar")
    assert form_class(form | {"item": [ask("string", "b")]}, "fr") is not form_class(form, "fr")


def test_the_answers_of_a_form_and_of_an_ehr_are_judged_alike() -> None:
    from pathways.questionnaire.validate import validate

    questionnaire = a_form(blood_pressure(), extension=[below_systolic()])
    answers: Answers = {"sys": [{"valueInteger": 40}], "dia": [{"valueInteger": 95}]}
    posted = sent(questionnaire, ("sys", "40"), ("dia", "95"))
    posted.validate()
    told = [text for errors in posted.errors.values() for text in errors]
    assert told == [issue.text for issue in validate(questionnaire, respond(questionnaire, answers, today()), today())]
