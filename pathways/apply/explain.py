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
from pathways.apply.explanation import title_of
from pathways.apply.outcome import ActionOutcome, Value
from pathways.apply.plan import EXPLANATION
from pathways.apply.scope import Scope

Resource = dict[str, Any]


def explained(outcome: ActionOutcome) -> list[Resource]:
    """The explanation that stands on a taken action; none where there is nothing to tell."""
    parts = _parts(outcome)
    return [{"url": EXPLANATION, "extension": [_code("status", outcome.taken), *parts]}] if parts else []


def not_taken(outcomes: Iterable[ActionOutcome]) -> list[Resource]:
    """The explanations of actions that are not in the group, because they are not taken, missing or failed."""
    found: list[Resource] = []
    for outcome in outcomes:
        if outcome.taken == "taken":
            found += not_taken(outcome.children) if outcome.nested is None else []
            continue
        head = [{"url": "action", "valueString": outcome.id}, _code("status", outcome.taken)]
        title = _text("title", outcome.text("title", "fr"), outcome.text("title", "ar"))
        found.append({"url": EXPLANATION, "extension": [*head, *title, *_parts(outcome)]})
    return found


def _parts(outcome: ActionOutcome) -> list[Resource]:
    parts = list(_text("reason", outcome.reason_in("fr"), outcome.reason_in("ar")))
    parts += [{"url": "value", "extension": _value(one, outcome.frame.scope)} for one in outcome.values]
    earliest, latest = outcome.due
    if earliest or latest:
        days = period(earliest.isoformat() if earliest else None, latest.isoformat() if latest else None)
        parts.append({"url": "due", "valuePeriod": days})
    return parts


def _value(one: Value, scope: Scope) -> list[Resource]:
    kept: tuple[Value, list[Resource]] | None = scope.everywhere.get(id(one))
    if kept is None:  # keeping the value keeps its id its own
        kept = scope.everywhere[id(one)] = (one, _made(one, scope))
    return kept[1]


def _made(one: Value, scope: Scope) -> list[Resource]:
    parts: list[Resource] = [{"url": "name", "valueString": one.name}]
    parts += _text("title", title_of(scope, one.name, "fr"), title_of(scope, one.name, "ar"))
    if one.value is not None:
        parts.append(_typed(one))
    if one.date:
        parts.append({"url": "date", "valueDateTime": one.date})
    if one.reference:
        parts.append({"url": "reference", "valueReference": {"reference": one.reference}})
    return parts


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


@lru_cache(8192)
def _text(url: str, french: str | None, arabic: str | None) -> list[Resource]:
    """A sub-extension with French text and its Arabic translation; none without text. Treat it as constant."""
    if not french and not arabic:
        return []
    made = {"url": url, "valueString": french or arabic}
    return [translation.translated(made, "valueString", {"ar": arabic}) if arabic and arabic != french else made]
