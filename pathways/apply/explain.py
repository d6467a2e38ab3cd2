"""Step: explanation in the answer, for readers outside: the ``explanation`` extension of RequestGroup and its actions.

explanation: action (id, where it stands on the group), title, status (taken, not-taken, missing, failed),
             reason (French, Arabic translation), value* (name, title, value, unit, date, reference), due (Period)
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from app.fhir import translation
from app.fhir.resource import period
from pathways.apply.outcome import ActionOutcome
from pathways.apply.plan import EXPLANATION
from pathways.apply.scope import Scope
from pathways.apply.seen import Value, title_of

Resource = dict[str, Any]
_VALUES = ("values",)
"""Where a scope keeps what is told of values."""


def explained(outcome: ActionOutcome) -> list[Resource]:
    """The explanation that stands on a taken action; none where there is nothing to tell."""
    parts = _parts(outcome)
    return [{"url": EXPLANATION, "extension": [_code("status", outcome.taken), *parts]}] if parts else []


def not_taken(outcomes: Iterable[ActionOutcome]) -> list[Resource]:
    """The explanations of actions that are not in the group, because they are not taken, missing or failed."""
    found: list[Resource] = []
    for outcome in outcomes:
        if outcome.taken == "taken":
            if outcome.children and outcome.nested is None:
                found += not_taken(outcome.children)
            continue
        action = outcome.action
        head = action.heads.get(outcome.taken)
        if head is None:
            title = _text("title", outcome.text("title", "fr"), outcome.text("title", "ar"))
            head = [{"url": "action", "valueString": outcome.id}, _code("status", outcome.taken), *title]
            action.heads[outcome.taken] = head
        found.append({"url": EXPLANATION, "extension": [*head, *_parts(outcome)]})
    return found


def _parts(outcome: ActionOutcome) -> list[Resource]:
    parts = _text("reason", outcome.reason_in("fr"), outcome.reason_in("ar"))
    if values := outcome.values:
        parts += _values(values, outcome.frame.scope)
    earliest, latest = outcome.due
    if earliest or latest:
        days = period(earliest.isoformat() if earliest else None, latest.isoformat() if latest else None)
        parts.append({"url": "due", "valuePeriod": days})
    return parts


def _values(values: list[Value], scope: Scope) -> list[Resource]:
    """The values that an action looked at; what several look at is told in the same words."""
    told: dict[str, Resource] = scope.told.setdefault(_VALUES, {})
    return [told.get(one.name) or told.setdefault(one.name, _made(one, scope)) for one in values]


def _made(one: Value, scope: Scope) -> Resource:
    parts = [*_named(one.name, title_of(scope, one.name, "fr"), title_of(scope, one.name, "ar"))]
    if one.value is not None:
        parts.append(_typed(one))
    if one.date:
        parts.append({"url": "date", "valueDateTime": one.date})
    if one.reference:
        parts.append({"url": "reference", "valueReference": {"reference": one.reference}})
    return {"url": "value", "extension": parts}


@lru_cache(4096)
def _named(name: str, french: str, arabic: str) -> tuple[Resource, ...]:
    return ({"url": "name", "valueString": name}, *_text("title", french, arabic))


def _typed(one: Value) -> Resource:
    value = one.value
    if isinstance(value, bool):
        return {"url": "value", "valueBoolean": value}
    if isinstance(value, (int, Decimal)) and one.unit:
        return {"url": "value", "valueQuantity": {"value": value, "unit": one.unit}}
    if isinstance(value, (int, Decimal)):
        return {"url": "value", "valueDecimal": value}
    if isinstance(value, dict) and "coding" in value:
        return {"url": "value", "valueCodeableConcept": value}
    if isinstance(value, dict) and "value" in value:
        return {"url": "value", "valueQuantity": value}
    if isinstance(value, dict) and "code" in value:
        return {"url": "value", "valueCoding": value}
    return {"url": "value", "valueString": str(value)}


def _code(url: str, code: str) -> Resource:
    return {"url": url, "valueCode": code}


def _text(url: str, french: str | None, arabic: str | None) -> list[Resource]:
    """A sub-extension with French text and its Arabic translation; none without text."""
    if not french and not arabic:
        return []
    if not arabic or arabic == french:
        return [{"url": url, "valueString": french or arabic}]
    return [{"url": url, "valueString": french or arabic, "_valueString": translation.element({"ar": arabic})}]
