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
) -> Iterator[tuple[str | None, Issue, str | None]]:
    """(linkId of the question it is shown at, issue, key by which a warning is confirmed) of each constraint of an
    owner that does not hold.
    """
    for found in extensions(owner, sdc.TARGET_CONSTRAINT) + extensions(owner, sdc.CONSTRAINT):
        parts = items.parts(found)
        expression = parts["expression"]
        if expressions.holds(expression, response, chain) is not False:
            continue
        human: Resource = next((part for part in found["extension"] if part["url"] == "human"), {})
        text = _human(human, expressions.context.language) or str(parts.get("key", ""))
        named = _LINK.findall(str(parts.get("location", "")))
        link_id = str(named[-1]) if named else _subject_of(text, expression, owner, expressions)
        severity = "warning" if parts.get("severity") == "warning" else "error"
        key = str(parts.get("key", "")) if severity == "warning" else None
        yield link_id, Issue(text, "invariant", "QuestionnaireResponse", severity, link_id), key


def _human(part: Mapping[str, Any], language: str) -> str | None:
    return text_of(part, "valueString", language) or text_of(part, "valueMarkdown", language)


def _subject_of(text: str, expression: Any, owner: Mapping[str, Any], expressions: Expressions) -> str | None:
    """Where a message without a location is shown: its own question, else of those read the one it names first."""
    if owner.get("type") not in (None, "group"):
        return str(owner["linkId"])
    written = expression if isinstance(expression, str) else expression.get("expression", "")
    read = [link_id for link_id in dict.fromkeys(_LINK.findall(written)) if link_id in expressions.definitions]
    language = expressions.context.language
    names = {link_id: items.name_in_message(expressions.definitions[link_id], language) for link_id in read}
    named = [link_id for link_id in read if names[link_id] in text]
    return min(named, key=lambda link_id: text.index(names[link_id])) if named else next(iter(reversed(read)), None)
