"""Rules across fields: ``targetConstraint`` (SDC 4) and ``questionnaire-constraint`` (R4), on the form or on an item.

https://hl7.org/fhir/extensions/StructureDefinition-targetConstraint.html: key, severity, expression, human,
requirements, location. The human text is translated; the expression must be true, and no result is no objection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.errors import Issue
from app.fhir.resource import Resource, extensions
from app.fhir.translation import text as text_of
from pathways.questionnaire import items, sdc
from pathways.questionnaire.expressions import Expressions

_LINK = re.compile(r"linkId\s*=\s*'([^']+)'")


def violated(
    owner: Mapping[str, Any],
    questionnaire: Mapping[str, Any],
    expressions: Expressions,
    response: Mapping[str, Any],
    chain: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[str | None, Issue]]:
    """(linkId of the question it is shown at, issue) of each constraint of an owner that does not hold."""
    for found in extensions(owner, sdc.TARGET_CONSTRAINT) + extensions(owner, sdc.CONSTRAINT):
        parts = items.parts(found)
        expression = parts["expression"]
        if expressions.holds(expression, response, chain) is not False:
            continue
        human: Resource = next((part for part in found["extension"] if part["url"] == "human"), {})
        text = _human(human, expressions.context.language) or str(parts.get("key", ""))
        link_id = _location(parts.get("location"), expression, owner)
        severity = "warning" if parts.get("severity") == "warning" else "error"
        yield link_id, Issue(text, "invariant", "QuestionnaireResponse", severity, link_id)


def _human(part: Mapping[str, Any], language: str) -> str | None:
    return text_of(part, "valueString", language) or text_of(part, "valueMarkdown", language)


def _location(location: str | None, expression: Any, owner: Mapping[str, Any]) -> str | None:
    """Where the message is shown: the last question named by ``location``, the item itself, or one the rule reads."""
    named = _LINK.findall(location or "")
    if not named and owner.get("type") not in (None, "group"):
        return str(owner["linkId"])
    text = expression if isinstance(expression, str) else expression.get("expression", "")
    read = named or _LINK.findall(text)
    return str(read[-1]) if read else None
