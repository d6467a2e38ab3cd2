"""Rules across fields: ``targetConstraint`` (SDC 4) and ``questionnaire-constraint`` (R4), on the form or on an item.

https://hl7.org/fhir/extensions/StructureDefinition-targetConstraint.html: key, severity, expression, human,
requirements, location. The human text is translated; the expression must be true, and no result is no objection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.errors import Issue
from app.fhir.resource import choice, extensions
from app.fhir.translation import text as text_of
from pathways.questionnaire import sdc
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
        parts = {part["url"]: part for part in found.get("extension", ())}
        value = choice(parts["expression"], "value")
        if value is None or expressions.holds(value[1], response, chain) is not False:
            continue
        key = choice(parts.get("key", {}), "value")
        severity = choice(parts.get("severity", {}), "value")
        text = _human(parts.get("human", {}), expressions.context.language) or (str(key[1]) if key else "")
        link_id = _location(parts, str(value[1]), owner)
        level = "warning" if severity and severity[1] == "warning" else "error"
        yield link_id, Issue(text, "invariant", "QuestionnaireResponse", level, link_id)


def _human(part: Mapping[str, Any], language: str) -> str | None:
    return text_of(part, "valueString", language) or text_of(part, "valueMarkdown", language)


def _location(parts: Mapping[str, Any], expression: str, owner: Mapping[str, Any]) -> str | None:
    """Where the message is shown: the last question named by ``location``, the item itself, or one the rule reads."""
    location = choice(parts.get("location", {}), "value")
    named = _LINK.findall(str(location[1])) if location else []
    if named:
        return str(named[-1])
    if owner.get("type") not in (None, "group"):
        return str(owner["linkId"])
    read = _LINK.findall(expression)
    return str(read[-1]) if read else None
