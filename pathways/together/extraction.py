"""What the one form of a visit says, taken out once, though its answers are stored for each form by itself."""

from __future__ import annotations

from collections.abc import Sequence

from app.fhir.resource import Resource, reference
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.extract import made_from
from pathways.together.forms import Together


def extract_once(
    together: Together,
    response: Resource,
    stored: Sequence[Resource],
    context: FormContext,
    *,
    effective: str | None = None,
) -> list[Resource]:
    """The resources of the merged form's ``response``; ``stored``: the QuestionnaireResponse of each source, in order.

    An Observation is derived from every stored response that holds its answer.
    """
    if len(stored) == 1:
        return [one.resource for one in made_from(together.form, stored[0], context, effective=effective)]
    about = {name: stored[0][name] for name in ("subject", "encounter", "identifier") if name in stored[0]}
    made = made_from(together.form, response | about, context, effective=effective)
    key = about["identifier"]["value"]
    return [_derived(together, one.resource, one.key.removeprefix(f"{key}:").partition(":")[0], stored) for one in made]


def _derived(together: Together, resource: Resource, link_id: str, stored: Sequence[Resource]) -> Resource:
    if resource["resourceType"] != "Observation":
        return resource
    return resource | {"derivedFrom": [{"reference": reference(stored[number])} for number in together.asking(link_id)]}
