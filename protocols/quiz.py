"""The short quiz of a version: a Questionnaire of its set, so that it is drafted, reviewed and released with it.

It carries the code ``form-kind|quiz``; each answer option weighs 1 where it is right, 0 where it is not
(http://hl7.org/fhir/StructureDefinition/ordinalValue).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.config import CANONICAL_BASE
from app.errors import Invalid, Issue
from app.fhir.repository import Repository
from app.fhir.resource import Resource, extension
from app.fhir.translation import text
from protocols.collection import pins

FORM_KIND, QUIZ = f"{CANONICAL_BASE}/CodeSystem/form-kind", "quiz"
WEIGHT = "http://hl7.org/fhir/StructureDefinition/ordinalValue"


@dataclass(frozen=True, slots=True)
class Option:
    """One possible answer."""

    code: str
    said: str
    right: bool


@dataclass(frozen=True, slots=True)
class Question:
    """One question in a language."""

    link: str
    said: str
    options: tuple[Option, ...]

    def answer(self, code: str) -> Option | None:
        """The option with a code."""
        return next((one for one in self.options if one.code == code), None)

    @property
    def right(self) -> str:
        """The words of the right answer."""
        return next((one.said for one in self.options if one.right), "")


def of_set(repo: Repository, library: Resource) -> Resource | None:
    """The quiz of a version, if it has one."""
    for pin in pins(library):
        if "/Questionnaire/" in pin and is_quiz(found := repo.canonical(pin)):
            return found
    return None


def is_quiz(questionnaire: Mapping[str, object]) -> bool:
    """Whether a Questionnaire is one."""
    codes = questionnaire.get("code")
    return isinstance(codes, list) and any((c.get("system"), c.get("code")) == (FORM_KIND, QUIZ) for c in codes)


def questions(quiz: Resource | None, lang: str) -> list[Question]:
    """The questions of a quiz; none without one."""
    return [
        Question(
            item["linkId"],
            text(item, "text", lang) or "",
            tuple(_option(option, lang) for option in item.get("answerOption", ())),
        )
        for item in (quiz or {}).get("item", ())
        if item["type"] == "choice"
    ]


def answered(asked: list[Question], given: Mapping[str, str]) -> list[Resource]:
    """The items of a response. Raises Invalid with an issue for each question without one of its answers."""
    issues = [
        Issue("choose an answer", "required", one.link) for one in asked if one.answer(given.get(one.link, "")) is None
    ]
    if issues:
        raise Invalid("the quiz is not complete", issues=issues)
    return [
        {"linkId": one.link, "text": one.said, "answer": [{"valueCoding": {"code": given[one.link]}}]} for one in asked
    ]


def given(response: Resource) -> dict[str, str]:
    """linkId → code of the answer, of a stored response."""
    return {item["linkId"]: item["answer"][0]["valueCoding"]["code"] for item in response.get("item", ())}


def score(asked: list[Question], answers: Mapping[str, str]) -> int:
    """How many are right."""
    return sum(bool((found := one.answer(answers.get(one.link, ""))) and found.right) for one in asked)


def is_right(option: Resource) -> bool:
    """Whether an answer option is marked right."""
    return bool(extension(option, WEIGHT))


def _option(option: Resource, lang: str) -> Option:
    coding = option["valueCoding"]
    return Option(coding["code"], text(coding, "display", lang) or coding["code"], is_right(option))
