"""``$extract``: from answers to resources (SDC, "Form data extraction"), by observation, definition and template.

What is made carries an identifier ``form_key:linkId`` and is created only if there is none with it yet, so that a form
sent twice is stored once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.fhir.bundle import transaction
from app.fhir.resource import Resource
from pathways.questionnaire.calculation import Methods
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.expressions import Expressions
from pathways.questionnaire.extract_definitions import from_definitions
from pathways.questionnaire.extract_observations import observations
from pathways.questionnaire.extract_templates import from_templates
from pathways.questionnaire.extracted import Made, Origin


def made_from(
    questionnaire: Mapping[str, Any],
    response: Mapping[str, Any],
    context: FormContext,
    *,
    form_key: str | None = None,
    effective: str | None = None,
) -> list[Made]:
    """Everything that a completed response makes, with its Bundle entry details, in the order of the form."""
    origin = Origin(response, form_key, effective)
    expressions = Expressions(questionnaire, context)
    return [
        *observations(questionnaire, response, origin, Methods(questionnaire, context)),
        *from_definitions(questionnaire, response, expressions, origin),
        *from_templates(questionnaire, response, expressions, origin),
    ]


def extract(
    questionnaire: Mapping[str, Any],
    response: Mapping[str, Any],
    context: FormContext,
    *,
    form_key: str | None = None,
    effective: str | None = None,
) -> list[Resource]:
    """The resources of a response, each with its idempotency identifier.

    ``form_key`` is by default the response's own (its identifier, else its id); ``effective`` the dateTime of what was
    observed (default: ``authored``). Raises Invalid for a Questionnaire whose extraction cannot be carried out.
    """
    made = made_from(questionnaire, response, context, form_key=form_key, effective=effective)
    return [one.resource for one in made]


def extract_bundle(
    questionnaire: Mapping[str, Any],
    response: Mapping[str, Any],
    context: FormContext,
    *,
    form_key: str | None = None,
    effective: str | None = None,
) -> Resource:
    """The same as a transaction Bundle: creates with ``ifNoneExist``, updates of what has an id."""
    made = made_from(questionnaire, response, context, form_key=form_key, effective=effective)
    return transaction([one.entry() for one in made])
