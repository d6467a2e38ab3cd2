"""The right answers of a quiz, held against the rules of its set: a changed threshold leaves none of them stale.

An answer option says in FHIRPath when it is right (``right-when``), over the named values of the set (``%urgentSbp``)
and over its artefacts (``%artefacts``). The mark of the option (``ordinalValue``) is what that gives, or the set is
neither submitted nor released.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from app.config import CANONICAL_BASE
from app.errors import InLanguages, Issue
from app.fhir.fhirpath import FhirPathError, evaluate
from app.fhir.resource import Resource, extension, with_extension
from app.fhir.translation import text
from protocols.parameters import parameters
from protocols.quiz import WEIGHT, is_quiz, is_right

RIGHT_WHEN = f"{CANONICAL_BASE}/StructureDefinition/right-when"


def contradictions(artefacts: Sequence[Resource]) -> list[Issue]:
    """One issue for each answer of the quizzes of a set that is marked otherwise than its rules say, with its path."""
    return [issue for quiz in _quizzes(artefacts) for issue in _issues(quiz, _environment(artefacts))]


def following(artefacts: Sequence[Resource]) -> list[Resource]:
    """The artefacts of a set, the answers of its quizzes marked as its rules say.

    A question of which they make no single answer right stays as it is: ``contradictions`` tells.
    """
    quizzes = {id(quiz) for quiz in _quizzes(artefacts)}
    environment = _environment(artefacts) if quizzes else {}
    return [_marked(one, environment) if id(one) in quizzes else one for one in artefacts]


def _quizzes(artefacts: Iterable[Resource]) -> list[Resource]:
    return [one for one in artefacts if one["resourceType"] == "Questionnaire" and is_quiz(one)]


def _environment(artefacts: Sequence[Resource]) -> dict[str, Any]:
    values = {one.name: _value(one.value) for one in parameters(artefacts, "fr")}
    return {**values, "artefacts": list(artefacts)}


def _issues(quiz: Resource, environment: dict[str, Any]) -> Iterator[Issue]:
    for index, item in enumerate(quiz.get("item", ())):
        for number, option in enumerate(item.get("answerOption", ())):
            if (rule := extension(option, RIGHT_WHEN)) is not None:
                answer = _in_languages(option["valueCoding"], "display")
                said = {"quiz": _in_languages(quiz, "title"), "question": _in_languages(item, "text"), "answer": answer}
                place = f"Questionnaire.item[{index}].answerOption[{number}]"
                yield from _judged(_holds(rule, environment), is_right(option), {"expression": place, "values": said})


def _in_languages(owner: Resource, field: str) -> InLanguages:
    return InLanguages(owner.get(field, ""), ar=text(owner, field, "ar"))


def _judged(holds: bool | None, marked: bool, of: dict[str, Any]) -> Iterator[Issue]:
    if holds is None:
        yield Issue("{quiz}: the rule of the answer “{answer}” to “{question}” cannot be read", "invariant", **of)
    elif marked and not holds:
        yield Issue(
            "{quiz}: the answer “{answer}” to “{question}” is marked right; by this version it is not",
            "invariant",
            **of,
        )
    elif holds and not marked:
        yield Issue(
            "{quiz}: the answer “{answer}” to “{question}” is marked wrong; by this version it is right",
            "invariant",
            **of,
        )


def _marked(quiz: Resource, environment: dict[str, Any]) -> Resource:
    return quiz | {"item": [_item(item, environment) for item in quiz.get("item", ())]}


def _item(item: Resource, environment: dict[str, Any]) -> Resource:
    options = item.get("answerOption", ())
    rules = [extension(option, RIGHT_WHEN) for option in options]
    if None in rules:
        return item
    right = [_holds(rule, environment) for rule in rules]
    if sorted(right, key=str) != [False] * (len(right) - 1) + [True]:
        return item
    marked = [
        option if is_right(option) == holds else with_extension(option, WEIGHT, valueDecimal=int(bool(holds)))
        for option, holds in zip(options, right, strict=True)
    ]
    return item | {"answerOption": marked}


def _holds(rule: Resource, environment: dict[str, Any]) -> bool | None:
    """Whether an answer is right (what cannot be compared, weeks with months, is not); None for no readable rule."""
    try:
        found = evaluate(None, rule.get("expression", ""), environment)
    except FhirPathError:
        return None
    return found[0] if found in ([True], [False]) else None if found else False


def _value(constant: str) -> list[Any]:
    try:
        return evaluate(None, constant)
    except FhirPathError:
        return []
