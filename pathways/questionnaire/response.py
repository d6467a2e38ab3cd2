"""Answers ↔ QuestionnaireResponse (https://hl7.org/fhir/R4/questionnaireresponse.html).

The answers of a form are plain: ``linkId → [answer, …]``; groups that do not repeat leave no trace, a group that
repeats is ``linkId → [answers of the first, answers of the second, …]``. Answers of nested questions stand beside their
parent's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.clock import CASABLANCA
from app.fhir.resource import Resource, canonical
from app.fhir.translation import text as text_of
from pathways.questionnaire import items, sdc
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.expressions import Expressions

Answers = dict[str, list[Any]]
"""linkId → answers (dicts with one value[x]) of a question, or → Answers of each occurrence of a repeating group."""


def respond(
    questionnaire: Mapping[str, Any],
    answers: Answers,
    context: FormContext,
    *,
    form_key: str | None = None,
    status: str = "completed",
    **about: Any,
) -> Resource:
    """The QuestionnaireResponse of a filled form: calculated answers added, questions that are not asked left out.

    ``form_key`` makes the identifier by which a form sent twice is stored once. ``about``: subject, encounter, author,
    source … as elements; subject and encounter are otherwise those of the context.
    """
    made: Resource = {"resourceType": "QuestionnaireResponse"}
    if form_key:
        made["identifier"] = {"system": sdc.FORM_SYSTEM, "value": form_key}
    if questionnaire.get("url"):
        made["questionnaire"] = canonical(questionnaire)
    made |= {"status": status, "authored": _moment(context)} | _surroundings(context) | about
    made["item"] = list(_response_items(items.children(questionnaire), answers, context.language))
    if not made["item"]:
        del made["item"]
    return Expressions(questionnaire, context).completed(made)


def _moment(context: FormContext) -> str:
    return context.now.astimezone(CASABLANCA).isoformat(timespec="seconds")


def _surroundings(context: FormContext) -> Resource:
    found = {"subject": context.patient, "encounter": context.encounter, "author": context.user}
    return {
        name: {"reference": f"{resource['resourceType']}/{resource['id']}"}
        for name, resource in found.items()
        if resource and "id" in resource
    }


def _response_items(definitions: Sequence[Resource], answers: Answers, language: str) -> Iterator[Resource]:
    for definition in definitions:
        yield from _items_of(definition, answers, language)


def _items_of(definition: Resource, answers: Answers, language: str) -> Iterator[Resource]:
    link_id = definition["linkId"]
    text = text_of(definition, "text", language)
    head: Resource = {"linkId": link_id} | ({"text": text} if text else {})
    below = items.children(definition)
    if items.is_group(definition):
        for own in answers.get(link_id, []) if items.repeats(definition) else [answers]:
            if nested := list(_response_items(below, own, language)):
                yield head | {"item": nested}
    elif items.is_question(definition) and (given := answers.get(link_id)):
        nested = list(_response_items(below, answers, language))
        first = {**given[0], "item": nested} if nested else given[0]
        yield head | {"answer": [first, *given[1:]]}


def answers_of(questionnaire: Mapping[str, Any], response: Mapping[str, Any]) -> Answers:
    """The answers of a stored response, to fill or show the form again."""
    found: Answers = {}
    _gather(items.children(questionnaire), items.children(response), found)
    return found


def _gather(definitions: Sequence[Resource], given: Sequence[Resource], found: Answers) -> None:
    for definition in definitions:
        link_id, below = definition["linkId"], items.children(definition)
        occurrences = [item for item in given if item["linkId"] == link_id]
        if items.is_group(definition) and items.repeats(definition):
            for occurrence in occurrences:
                own: Answers = {}
                _gather(below, items.children(occurrence), own)
                found.setdefault(link_id, []).append(own)
            continue
        for occurrence in occurrences:
            for answer in occurrence.get("answer", ()):
                found.setdefault(link_id, []).append({key: part for key, part in answer.items() if key != "item"})
                _gather(below, items.children(answer), found)
            _gather(below, items.children(occurrence), found)
