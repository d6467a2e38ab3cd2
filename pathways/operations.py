"""The FHIR operations of following."""

from __future__ import annotations

from app.feature import Operation
from pathways.apply.operation import activity_definition_apply, plan_definition_apply
from pathways.questionnaire.operations import questionnaire_populate, questionnaireresponse_extract

OPERATIONS = (
    Operation(
        "apply",
        plan_definition_apply,
        "fhir:read",
        ("PlanDefinition",),
        definition="http://hl7.org/fhir/OperationDefinition/PlanDefinition-apply",
    ),
    Operation(
        "apply",
        activity_definition_apply,
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
