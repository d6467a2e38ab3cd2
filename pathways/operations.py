"""The FHIR operations of following."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.feature import Operation
from app.terminology import Terminology
from pathways.apply.operation import activity_definition_apply, plan_definition_apply
from pathways.questionnaire.operations import questionnaire_populate, questionnaireresponse_extract

if TYPE_CHECKING:
    from app.fhir.repository import Repository


def _plan_apply(repo: Repository, request: Any) -> dict[str, Any]:
    return plan_definition_apply(repo, request, Terminology(repo))


def _activity_apply(repo: Repository, request: Any) -> dict[str, Any]:
    return activity_definition_apply(repo, request, Terminology(repo))


OPERATIONS = (
    Operation(
        "apply",
        _plan_apply,
        "fhir:read",
        ("PlanDefinition",),
        definition="http://hl7.org/fhir/OperationDefinition/PlanDefinition-apply",
    ),
    Operation(
        "apply",
        _activity_apply,
        "fhir:read",
        ("ActivityDefinition",),
        definition="http://hl7.org/fhir/OperationDefinition/ActivityDefinition-apply",
    ),
    Operation(
        "populate",
        questionnaire_populate,
        "fhir:read",
        ("Questionnaire",),
        definition="http://hl7.org/fhir/uv/sdc/OperationDefinition/Questionnaire-populate",
    ),
    Operation(
        "extract",
        questionnaireresponse_extract,
        "fhir:read",
        ("QuestionnaireResponse",),
        definition="http://hl7.org/fhir/uv/sdc/OperationDefinition/QuestionnaireResponse-extract",
    ),
)
