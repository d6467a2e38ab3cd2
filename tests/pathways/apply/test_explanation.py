"""Why an action is taken or not: values, dates, sources, in French and Arabic; and what readers outside get."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from app.fhir.resource import extension, extensions
from pathways.apply import Value
from pathways.apply.wording import shown
from tests.pathways.apply.domain import (
    SD,
    a_plan,
    a_reading,
    a_variable,
    an_action,
    in_both,
    pressure_variables,
    resources_of,
    run,
    when,
)

ISOLATES = str.maketrans("", "", "\u2068\u2069")


def explained(**templates: tuple[str, str]) -> dict[str, Any]:
    """The explanation extension of an action: taken, notTaken → (French, Arabic)."""
    parts = [{"url": url, **in_both("valueString", *texts)} for url, texts in templates.items()]
    return {"extension": [{"url": f"{SD}/explanation", "extension": parts}]}


def the_plan() -> dict[str, Any]:
    words = explained(
        taken=("Pression {{%sbp}}/{{%dbp}} mmHg le {{%bpDate}}.", "الضغط {{%sbp}}/{{%dbp}} يوم {{%bpDate}}."),
        notTaken=("{{%sbp}} mmHg : objectif atteint.", "{{%sbp}}: تحقق الهدف."),
    )
    source = {"type": "citation", "label": "HEARTS-E", "citation": "WHO 2018, p. 12", "url": "https://who.int/x"}
    return a_plan(
        an_action("Raise", id="raise", **when("%sbp >= 140"), **words, documentation=[source]),
        variables=pressure_variables(),
    )


def test_the_reason_is_told_in_french_with_its_values_and_dates() -> None:
    outcome = run(the_plan(), a_reading(150, 95, "2026-09-01")).find("raise")
    assert outcome.reason.translate(ISOLATES) == "Pression 150/95 mmHg le 1 septembre 2026."
    assert "\u2068150\u2069" in outcome.reason


def test_the_reason_is_told_in_arabic_with_moroccan_months_and_western_digits() -> None:
    outcome = run(the_plan(), a_reading(150, 95, "2026-09-01"), language="ar").find("raise")
    assert outcome.reason.translate(ISOLATES) == "الضغط 150/95 يوم 1 شتنبر 2026."


def test_what_is_not_taken_is_explained_too() -> None:
    outcome = run(the_plan(), a_reading(120, 70)).find("raise")
    assert outcome.taken == "not-taken"
    assert outcome.reason.translate(ISOLATES) == "120 mmHg : objectif atteint."


def test_what_is_missing_is_named_in_words() -> None:
    assert "Systolique" in run(the_plan()).find("raise").reason
    assert "الانقباضي" in run(the_plan(), language="ar").find("raise").reason


def test_a_value_names_its_unit_its_date_and_the_resource_it_comes_from() -> None:
    (value,) = run(the_plan(), a_reading(150, 95)).find("raise").values
    assert value == Value("sbp", "Systolique", Decimal(150), "mmHg", "2026-09-15", "Observation/bp-2026-09-15")


def test_an_older_reading_is_named_as_itself() -> None:
    query = "Observation?patient={{%patient.id}}&code=http://loinc.org|85354-9&_sort=date"
    first = a_variable("first", "%all.entry.resource.first().component.first().value.value")
    plan = a_plan(an_action("A", **when("%first > 1")), variables=[a_variable("all", query), first])
    applied = run(plan, a_reading(150, 95, "2026-09-15"), a_reading(150, 90, "2025-01-01"))
    assert applied.actions[0].values[0].reference == "Observation/bp-2025-01-01"


def test_a_number_without_unit_takes_the_one_its_variable_declares() -> None:
    target = a_variable("target", "130 + 10", extension=[{"url": f"{SD}/unit", "valueString": "mmHg"}])
    plan = a_plan(an_action("A", **when("%target = 140")), variables=[target])
    assert run(plan).actions[0].values == [Value("target", "target", 140, "mmHg", None, None)]


def test_numbers_are_said_with_the_digits_that_a_reader_needs() -> None:
    said = {"8.35278": "8,35", "7.0": "7", "29.97": "29,97", "0.01234567": "0,0123", "140": "140"}
    assert {text: shown(Decimal(text), "fr") for text in said} == said


def test_values_behind_a_conclusion_are_shown_where_they_are_described() -> None:
    variables = [*pressure_variables(), a_variable("raised", "%sbp >= 140 or %dbp >= 90")]
    plan = a_plan(an_action("A", **when("%raised")), variables=variables)
    names = [value.name for value in run(plan, a_reading(120, 95)).actions[0].values]
    assert names == ["raised", "sbp"]


def test_sources_are_those_of_the_action_else_of_what_contains_it() -> None:
    plan = the_plan()
    assert run(plan).find("raise").sources[0].citation == "WHO 2018, p. 12"
    plan = a_plan(an_action("Group", action=[an_action("Child")], documentation=plan["action"][0]["documentation"]))
    assert run(plan).actions[0].children[0].sources[0].label == "HEARTS-E"


def test_what_awaits_the_ministry_is_marked() -> None:
    mark = {"url": f"{SD}/to-be-confirmed", "valueBoolean": True}
    applied = run(a_plan(an_action("Group", extension=[mark], action=[an_action("Child")]), an_action("Sure")))
    assert [one.to_be_confirmed for one in applied.walk()] == [True, True, False]


def test_a_template_that_cannot_be_filled_says_unknown() -> None:
    words = explained(taken=("Valeur {{%nothing}} et {{1 / 'a'}}.", "قيمة {{%nothing}}."))
    plan = a_plan(an_action("A", **words), variables=[a_variable("nothing", "{}")])
    assert run(plan).actions[0].reason.translate(ISOLATES) == "Valeur inconnu et inconnu."


def test_readers_outside_get_the_reasons_in_both_languages() -> None:
    applied = run(the_plan(), a_reading(150, 95))
    (group,) = resources_of(applied, "RequestGroup")
    (told,) = extensions(group["action"][0], f"{SD}/explanation")
    assert extension(told, "status") == "taken"
    assert extension(told, "reason").startswith("Pression")
    reason = next(part for part in told["extension"] if part["url"] == "reason")
    assert "الضغط" in str(reason["_valueString"])
    value = extension(told, "value")
    assert extension(value, "reference") == {"reference": "Observation/bp-2026-09-15"}
    assert extension(value, "value") == {"value": Decimal(150), "unit": "mmHg"}


def test_what_is_not_taken_stands_on_the_group() -> None:
    (group,) = resources_of(run(the_plan(), a_reading(120, 70)), "RequestGroup")
    told = extension(group, f"{SD}/explanation")
    assert extension(told, "action") == "raise" and extension(told, "status") == "not-taken"


def test_a_plan_that_is_not_written_to_be_explained_gets_no_extensions() -> None:
    plan = a_plan(an_action("A", **when("true")), an_action("B", **when("false")))
    (group,) = resources_of(run(plan), "RequestGroup")
    assert "extension" not in group and "extension" not in group["action"][0]
