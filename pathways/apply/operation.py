"""PlanDefinition/$apply and ActivityDefinition/$apply (https://hl7.org/fhir/R4/plandefinition-operation-apply.html).

    plan_definition_apply(repo, request) -> Bundle; several subjects: Parameters with one ``return`` each
    activity_definition_apply(repo, request) -> the request; several subjects: a Bundle of them

Parameters: planDefinition (or activityDefinition) | url | version | id, subject (one or many, or a Group), encounter,
practitioner, organization, userType, userLanguage, userTaskContext, setting, settingContext, parameters, data,
prefetchData, useServerData. Nothing is stored. ``userLanguage`` reduces the texts of the answer to that language;
without it they stay bilingual.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.fhir import bundle, translation
from pathways.apply.asking import Terms, definition_of, language_of, requests_of
from pathways.apply.engine import apply, apply_activity

if TYPE_CHECKING:
    from app.fhir.repository import Repository

Resource = dict[str, Any]


def plan_definition_apply(repo: Repository, request: Any, terms: Terms | None = None) -> Resource:
    """The Bundle for the subject; for several, Parameters with one Bundle each, in the order asked. ``terms`` is the
    terminology that queries and expressions ask.

    Raises Malformed (a parameter), NotFound (definition or subject), Forbidden (a patient out of scope), Invalid (a
    plan for another type of subject). What goes wrong with single actions is told in the answer.
    """
    plan = definition_of(repo, request, "PlanDefinition")
    answers = [_worded(apply(plan, one).bundle, request) for one in requests_of(repo, request, plan, terms)]
    if len(answers) == 1:
        return answers[0]
    returned = [{"name": "return", "resource": answer} for answer in answers]
    return {"resourceType": "Parameters", "parameter": returned}


def activity_definition_apply(repo: Repository, request: Any, terms: Terms | None = None) -> Resource:
    """The request resource for the subject; for several subjects a Bundle of them. Raises as
    ``plan_definition_apply``."""
    definition = definition_of(repo, request, "ActivityDefinition")
    asked = requests_of(repo, request, definition, terms)
    answers = [_worded(apply_activity(definition, one), request) for one in asked]
    return answers[0] if len(answers) == 1 else bundle.collection(answers)


def _worded(answer: Resource, request: Any) -> Resource:
    if request.value("userLanguage") is None:
        return answer
    made: Resource = translation.localize(answer, language_of(request))
    return made
