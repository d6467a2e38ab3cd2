"""Who has read a version: confirmed once by each professional, with the quiz of that very version."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from app.access import accounts
from app.access.actor import SYSTEM, Actor
from app.config import CANONICAL_BASE as BASE
from app.errors import Conflict, Forbidden, Invalid
from app.fhir.translation import translated
from app.fhir.validation import validate
from app.store import work
from protocols import acknowledging, drafting, publishing, quiz
from tests.protocols.browser import PASSWORD, Browser
from tests.protocols.scenes import APPROVER, EDITOR, NEXT, NURSE, SET, V1, V2, a_set, spoken

Acting = Callable[..., Any]
READER = Actor(
    "account:reader",
    "Salma Tazi",
    frozenset({"physician"}),
    frozenset({"protocol:read", "protocol:acknowledge"}),
    practitioner="Practitioner/salma",
    organization="Organization/centre",
)
OTHER = replace(READER, key="account:other", name="Omar", practitioner="Practitioner/omar")
RIGHT, WRONG = {"where": "dark"}, {"where": "light"}


def a_quiz(version: str = "1.0.0") -> dict[str, Any]:
    """One question: where to rest."""

    def option(code: str, fr: str, ar: str, weight: int) -> dict[str, Any]:
        coding = translated({"code": code, "display": fr}, "display", {"ar": ar})
        return {"extension": [{"url": quiz.WEIGHT, "valueDecimal": weight}], "valueCoding": coding}

    item = {
        "linkId": "where",
        "text": "Où se reposer ?",
        "type": "choice",
        "answerOption": [option("dark", "Dans le noir", "في الظلام", 1), option("light", "Au soleil", "في الشمس", 0)],
    }
    made = {
        "resourceType": "Questionnaire",
        "id": f"migraine-quiz-{version}",
        "url": f"{BASE}/Questionnaire/migraine-quiz",
        "version": version,
        "status": "active",
        "language": "fr",
        "title": "Migraine : une question",
        "code": [{"system": quiz.FORM_KIND, "code": quiz.QUIZ}],
        "item": [spoken(item, text="أين يكون الراحة؟")],
    }
    return spoken(made, title="الشقيقة: سؤال")


def with_quiz() -> list[dict[str, Any]]:
    *parts, library = a_set()
    pin = {"type": "composed-of", "resource": f"{BASE}/Questionnaire/migraine-quiz|1.0.0"}
    return [a_quiz(), *parts, library | {"relatedArtifact": [*library["relatedArtifact"], pin]}]


@pytest.fixture
def reading(acting: Acting) -> Acting:
    """The set in force has a quiz, and two people may read it."""
    with acting(SYSTEM) as repo:
        for one in with_quiz():
            repo.update(one)
        for person in ("salma", "omar"):
            repo.update({"resourceType": "Practitioner", "id": person, "active": True})
        repo.update({"resourceType": "Organization", "id": "centre", "active": True, "name": "Centre"})
    return acting


def released(acting: Acting) -> None:
    with acting(EDITOR) as repo:
        drafting.draft(repo, SET)
    with acting(EDITOR) as repo:
        publishing.submit(repo, NEXT)
    with acting(APPROVER) as repo:
        publishing.approve(repo, NEXT)
    with acting(APPROVER) as repo:
        publishing.release(repo, NEXT)


def unread(acting: Acting, actor: Actor) -> list[str]:
    with acting(actor) as repo:
        return [one["id"] for one in acknowledging.unread(repo)]


def test_a_new_version_is_unread_until_it_is_confirmed(reading: Acting) -> None:
    assert unread(reading, READER) == [], "the first version is no news"
    released(reading)
    assert unread(reading, READER) == [V2] and unread(reading, NURSE) == []
    with reading(READER) as repo:
        acknowledging.acknowledge(repo, NEXT, RIGHT)
    assert unread(reading, READER) == [] and unread(reading, OTHER) == [V2]


def test_the_confirmation_is_bound_to_the_version_and_given_once(reading: Acting) -> None:
    released(reading)
    with reading(READER) as repo:
        first = acknowledging.acknowledge(repo, NEXT, WRONG)
    with reading(READER) as repo:
        assert acknowledging.acknowledge(repo, NEXT, RIGHT) == first, "answers are not corrected afterwards"
    with reading(SYSTEM) as repo:
        library = repo.read(NEXT)
        (held,) = repo.search(acknowledging.readers(library, None)).resources
        assert held["instantiatesUri"] == [f"{library['url']}|1.1.0"] and validate(held) == []
        one = acknowledging.read(held)
        assert (one.name, one.place, one.right, one.asked) == ("Salma Tazi", "Organization/centre", 0, 1)
        response = repo.read(one.response)
        assert response["questionnaire"] == f"{BASE}/Questionnaire/migraine-quiz|1.1.0" and validate(response) == []
        assert quiz.given(response) == WRONG
        assert repo.search(acknowledging.readers(repo.read(SET), None)).resources == []


@pytest.mark.parametrize("answers", [{}, {"where": ""}, {"where": "moon"}, {"who": "dark"}])
def test_every_question_is_answered(reading: Acting, answers: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused, reading(READER) as repo:
        acknowledging.acknowledge(repo, SET, answers)
    assert [issue.expression for issue in refused.value.issues] == ["where"]


def test_only_who_treats_patients_confirms_and_only_what_is_in_force(reading: Acting) -> None:
    for actor in (EDITOR, NURSE, replace(READER, practitioner=None)):
        with pytest.raises(Forbidden), reading(actor) as repo:
            acknowledging.acknowledge(repo, SET, RIGHT)
    with reading(EDITOR) as repo:
        drafting.draft(repo, SET)
    with pytest.raises(Conflict), reading(READER) as repo:
        acknowledging.acknowledge(repo, NEXT, RIGHT)


def test_the_readers_come_page_by_page(reading: Acting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acknowledging, "PAGE", 1)
    for actor in (READER, OTHER):
        with reading(actor) as repo:
            acknowledging.acknowledge(repo, SET, RIGHT)
    with reading(SYSTEM) as repo:
        library = repo.read(SET)
        first = repo.search(acknowledging.readers(library, None))
        second = repo.search(acknowledging.readers(library, first.cursor))
    assert len(first.resources) == len(second.resources) == 1 and second.cursor is None
    assert {acknowledging.read(one).name for one in (*first.resources, *second.resources)} == {"Salma Tazi", "Omar"}


@pytest.fixture
def salma(flask: Flask) -> Browser:
    """A physician, in an application whose set has a quiz."""
    with flask.app_context(), work(SYSTEM) as repo:
        for one in with_quiz():
            repo.update(one)
        repo.update({"resourceType": "Organization", "id": "centre", "active": True, "name": "Centre"})
        repo.update({"resourceType": "Practitioner", "id": "salma", "active": True})
        made = accounts.create(
            username="salma",
            name="Salma Tazi",
            roles=["physician"],
            organization="Organization/centre",
            password=PASSWORD,
        )
        made.practitioner = "Practitioner/salma"
    return Browser(flask, "salma")


def test_a_physician_reads_answers_and_confirms_in_the_browser(salma: Browser, by: Any) -> None:
    path = f"/protocols/{V1}/read"
    assert path in salma.text(f"/protocols/{V1}")
    assert "Où se reposer ?" in salma.text(path)
    answer = salma.send(path, where="light")
    assert answer.status_code == 422 and "Confirmez que vous l’avez lue" in html.unescape(answer.text)
    answer = salma.send(path, **{"has-read": "y"})
    assert answer.status_code == 422 and "Choisissez une réponse" in html.unescape(answer.text)
    assert salma.send(path, **{"where": "light", "has-read": "y"}).status_code == 303
    page = html.unescape(salma.text(path))
    assert "0 sur 1" in page and "Au soleil" in page and "Dans le noir" in page and 'name="has-read"' not in page
    readers = html.unescape(by("editor").text(f"/releases/{V1}/readers"))
    assert "Salma Tazi" in readers and "0/1" in readers and "faux" in readers
    assert salma.get(f"/releases/{V1}/readers").status_code == 403
    assert by("editor").get(path).status_code == 403
