"""A quiz answer says when it is right: a changed value leaves none stale, and nobody releases one that is."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import content
from app.access.actor import SYSTEM
from app.config import CANONICAL_BASE as BASE
from app.errors import Invalid
from app.feature import Feature
from app.fhir.json import dumps, loads
from app.fhir.resource import Resource
from app.fhir.validation import validate
from app.store import work
from protocols import drafting, lifecycle, publishing, quiz
from protocols.feature import FEATURE
from protocols.parameters import PARAMETER, parameters, with_values
from protocols.right_answers import RIGHT_WHEN, contradictions, following
from protocols.vocabulary import VARIABLE
from tests.golden.golden import contents
from tests.protocols.browser import plain
from tests.protocols.scenes import APPROVER, EDITOR, NEXT, V2, spoken
from tests.protocols.test_acknowledging import with_quiz

Acting = Callable[..., Any]
RULES = {"dark": "%hours = 8", "light": "%hours = 10"}


def resting(hours: str = "8", rules: dict[str, str] = RULES) -> list[Resource]:
    """The set of the migraine: how many hours to rest is a named value, and the quiz asks for it."""
    asked, *parts, library = with_quiz()
    item = asked["item"][0]
    options = [bound(option, rules[option["valueCoding"]["code"]]) for option in item["answerOption"]]
    asked = asked | {"item": [item | {"answerOption": options}]}
    chosen = [
        {"url": "option", "extension": [{"url": "value", "valueString": value}, source(name)]}
        for value, name in (("8", "A"), ("10", "B"))
    ]
    expression = {
        "name": "hours",
        "language": "text/fhirpath",
        "expression": hours,
        "extension": [{"url": PARAMETER, "extension": chosen}],
    }
    held = [{"url": VARIABLE, "valueExpression": expression}]
    plans = [one | {"extension": held} if one["resourceType"] == "PlanDefinition" else one for one in parts]
    return [asked, *plans, library]


def bound(option: Resource, rule: str) -> Resource:
    held = {"url": RIGHT_WHEN, "valueExpression": {"language": "text/fhirpath", "expression": rule}}
    return option | {"extension": [*option["extension"], held]}


def source(name: str) -> Resource:
    return spoken({"url": "source", "valueString": f"Source {name}"}, valueString=f"المصدر {name}")


def right(asked: Resource) -> list[str]:
    return [one.code for one in quiz.questions(asked, "fr")[0].options if one.right]


@pytest.mark.parametrize(
    ("hours", "rules", "expected"),
    [
        ("8", RULES, []),
        ("10", RULES, ["marked right; by this version it is not", "marked wrong; by this version it is right"]),
        ("12", RULES, ["marked right; by this version it is not"]),
        ("8", {"dark": "%hours = 8", "light": "%hour = 10"}, ["cannot be read"]),
        ("8", {"dark": "%hours", "light": "false"}, ["cannot be read"]),
        ("8", {"dark": "%hours = 8", "light": "%hours = 8"}, ["marked wrong; by this version it is right"]),
        ("8 weeks", {"dark": "%hours = 8 weeks", "light": "%hours = 2 months"}, []),
        ("8", {"dark": "%artefacts.repeat(action).where(id = 'step-1').title = 'Repos'", "light": "false"}, []),
        ("8", {"dark": "%artefacts.repeat(action).where(id = 'step-2').exists()", "light": "false"},
         ["marked right; by this version it is not"]),
    ],
)  # fmt: skip
def test_each_mark_is_what_the_rules_of_the_set_give(hours: str, rules: dict[str, str], expected: list[str]) -> None:
    found = contradictions(resting(hours, rules))
    assert len(found) == len(expected)
    for issue, words in zip(found, expected, strict=True):
        assert words in str(issue) and "Où se reposer ?" in str(issue)
        assert str(issue.expression).startswith("Questionnaire.item[0].answerOption[")


def test_the_marks_follow_where_one_answer_is_right_and_stay_where_none_is() -> None:
    asked, *_ = following(resting("10"))
    assert right(asked) == ["light"] and not validate(asked)
    asked, *_ = following(resting("12"))
    assert right(asked) == ["dark"]
    assert following(resting("8")) == resting("8") and following(with_quiz()) == with_quiz()


@pytest.fixture
def rested(flask: Flask) -> None:
    with flask.app_context(), work(SYSTEM) as repo:
        for one in resting():
            repo.update(one)


def test_who_changes_a_value_finds_the_quiz_changed_with_it(rested: None, by: Any, drafted: None, flask: Flask) -> None:
    editor = by("editor")
    assert editor.send(f"/releases/{V2}/values", hours="10").status_code == 303
    with flask.app_context(), work(SYSTEM, reading=True) as repo:
        assert right(repo.canonical(f"{BASE}/Questionnaire/migraine-quiz|1.1.0")) == ["light"]
    assert "Bonne réponse" in html.unescape(editor.text(f"/releases/{V2}/changes"))
    assert editor.send(f"/releases/{V2}/submit").status_code == 303


def test_a_value_that_no_answer_says_keeps_the_version_from_review(rested: None, by: Any, drafted: None) -> None:
    editor = by("editor")
    editor.send(f"/releases/{V2}/values", hours="other", hours__other="12")
    answer = editor.send(f"/releases/{V2}/submit")
    assert answer.status_code == 422
    assert "la réponse « Dans le noir » à « Où se reposer ? » est marquée juste" in plain(html.unescape(answer.text))
    editor.get("/releases?lang=ar")
    answer = html.unescape(editor.send(f"/releases/{V2}/submit").text)
    assert "الجواب «في الظلام»" in answer and "Dans le noir" not in answer


def test_a_stale_answer_is_not_released_whatever_door_it_came_by(acting: Acting) -> None:
    with acting(SYSTEM) as repo:
        for one in resting():
            repo.update(one)
    with acting(EDITOR) as repo:
        drafting.draft(repo, "Library/migraine-protocol-1.0.0")
    with acting(EDITOR) as repo:
        plan = repo.read("PlanDefinition/migraine-treatment-1.1.0")
        drafting.edit(repo, NEXT, with_values(plan, {"hours": "10"}))
    with pytest.raises(Invalid) as refused, acting(EDITOR) as repo:
        publishing.submit(repo, NEXT)
    assert len(refused.value.issues) == 2
    with acting(SYSTEM) as repo:
        repo.update(lifecycle.written(repo.read(NEXT), lifecycle.APPROVED))
    with pytest.raises(Invalid, match="2 things"), acting(APPROVER) as repo:
        publishing.release(repo, NEXT, checks=[FEATURE.check] if FEATURE.check else [])


def test_content_check_names_the_answer_of_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "migraine"
    folder.mkdir()
    for one in resting("10"):
        (folder / f"{one['id']}.json").write_text(json.dumps(one), "utf-8")
    found = content.check([Feature(name="content", content=tmp_path, check=FEATURE.check)])
    assert [path.name for path, issue in found if "by this version" in issue.text] == [
        "migraine-protocol-1.0.0.json"
    ] * 2
    assert all(issue.severity == "error" for _, issue in found if "by this version" in issue.text)


SHIPPED = list(contents().values())
SETS = {
    one["id"]: [two for two in SHIPPED if f"{two['url']}|{two['version']}" in str(one.get("relatedArtifact"))]
    for one in SHIPPED
    if one["resourceType"] == "Library"
}


@pytest.mark.parametrize("artefacts", SETS.values(), ids=SETS)
def test_the_shipped_quizzes_follow_each_value_that_a_source_gives(artefacts: list[Resource]) -> None:
    assert contradictions(artefacts) == []
    for parameter in parameters(artefacts, "fr"):
        for option in parameter.options:
            chosen = [with_values(one, {parameter.name: option.value}) for one in artefacts]
            assert contradictions(following(chosen)) == [], (parameter.name, option.value)


def test_a_threshold_that_changes_makes_the_shipped_quiz_stale() -> None:
    for name, values in (
        ("hypertension-protocol-1.0.0", {"urgentDbp": "110"}),
        ("diabetes-protocol-1.0.0", {"yearly": "24 months"}),
    ):
        changed = [with_values(one, values) for one in SETS[name]]
        assert len(contradictions(changed)) == 2
    rewritten = [
        loads(dumps(one).replace(b"%egfr < 30, false", b"%egfr < 45, false")) for one in SETS["diabetes-protocol-1.0.0"]
    ]
    assert [issue.values["answer"] for issue in contradictions(rewritten)] == ["45 mL/min", "30 mL/min"]


def test_a_changed_value_is_told_in_words(rested: None, by: Any, drafted: None, flask: Flask) -> None:
    """Nobody reads FHIRPath: ``4 weeks`` is said in the language of the page, and a number has its unit."""
    with flask.app_context(), work(SYSTEM) as repo:
        plan = with_values(repo.read("PlanDefinition/migraine-treatment-1.1.0"), {"hours": "6 weeks"})
        repo.update(plan)
    page = html.unescape(by("editor").text(f"/releases/{V2}/changes"))
    assert "6 semaines" in page and "6 weeks" not in page
