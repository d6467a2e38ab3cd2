"""Extracting, said in one line."""

from typing import Any

from app.fhir.validation import check
from pathways.questionnaire.extract import extract
from pathways.questionnaire.response import respond
from tests.pathways.questionnaire.forms import today


def made(questionnaire: dict[str, Any], answers: dict[str, Any], **around: Any) -> list[dict[str, Any]]:
    context = today(
        encounter={"resourceType": "Encounter", "id": "e1"}, user={"resourceType": "Practitioner", "id": "d1"}
    )
    response = respond(questionnaire, answers, context, form_key="key-1") | {"id": "r1"}
    found = extract(questionnaire, response, context, **around)
    for resource in (response, *found):
        check(resource)
    return found


def codes(resource: dict[str, Any]) -> list[str]:
    return [one["code"] for one in resource["code"]["coding"]]
