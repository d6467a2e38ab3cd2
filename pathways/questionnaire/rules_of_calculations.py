"""A calculated answer beside our own calculation.

SDC: "in most cases calculated answers should be marked as readOnly, however in some cases it may be legitimate to
override a calculated element" (http://hl7.org/fhir/uv/sdc/expressions.html#calculatedExpression). So a readOnly answer
that differs is refused in a completed response, for nobody may have put it there; any other one is told and stands.
What was sent is never changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.fhir.resource import Resource, extension
from pathways.questionnaire import answers, items, sdc
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.numbers import decimal_places


def differing(
    definition: Mapping[str, Any], own: Sequence[Resource], given: Sequence[Resource], context: FormContext
) -> str | None:
    """What is to be said of the answers given to a calculated question; None where they are as calculated here.

    A value that may be overridden needs no calculation of ours: the laboratory may know what the form does not.
    """
    if alike(own, given, definition) or not (own or items.is_fixed(definition)):
        return None
    _ = context.say
    field = items.name_in_message(definition, context.language)
    if not own:
        return _("%(field)s cannot be calculated from these answers: leave it empty", field=field)
    value = ", ".join(answers.shown(answer, context.language, definition) for answer in own)
    return _("%(field)s: calculated here as %(value)s", field=field, value=value)


def alike(own: Sequence[Resource], given: Sequence[Resource], definition: Mapping[str, Any]) -> bool:
    """Whether two lists of answers say the same, numbers to within one of their last decimal place."""
    if len(own) != len(given):
        return False
    places = extension(definition, sdc.MAX_DECIMAL_PLACES)
    return all(_same(answers.value_of(a), answers.value_of(b), places) for a, b in zip(own, given, strict=True))


def _same(own: Any, given: Any, places: Any) -> bool:
    if isinstance(own, dict) and isinstance(given, dict) and "value" in own:
        return own.get("code") == given.get("code") and _same(own["value"], given.get("value"), places)
    numbers = isinstance(own, (Decimal, int)) and isinstance(given, (Decimal, int))
    if not numbers or (isinstance(own, int) and isinstance(given, int)):
        return bool(own == given)
    digits = min(decimal_places(given), decimal_places(own) if places is None else int(places))
    return bool(abs(own - given) <= Decimal(1).scaleb(-digits))
