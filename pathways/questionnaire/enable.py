"""Which questions are asked: enableWhen, enableBehavior and enableWhenExpression.

https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen. A question that is not asked
counts as unanswered for those that depend on it, so that chains close from their head.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.fhir.dates import parse
from app.fhir.resource import Resource, choice, extension
from pathways.questionnaire import sdc
from pathways.questionnaire.answers import value_of
from pathways.questionnaire.items import children, units, walk
from pathways.questionnaire.units import analytes_of, convert, convertible

Evaluate = Callable[[Mapping[str, Any], Mapping[str, Any], Sequence[Mapping[str, Any]]], bool | None]
"""``evaluate(expression, response, chain) -> true, false or unknown``; ``chain``: the containers from the response
on.
"""

_ROUNDS = 20
"""Longest chain of questions that depend on each other; a cycle ends here."""


def enabled_part(questionnaire: Mapping[str, Any], response: Resource, evaluate: Evaluate | None = None) -> Resource:
    """Another response that holds only what is asked, given its own answers.

    Without ``evaluate`` expressions count as true (the browser, or a check that needs none).
    """
    definitions = {item["linkId"]: item for item in walk(questionnaire)}
    off: set[int] = set()
    for _round in range(_ROUNDS):
        visible = without(response, off)
        found = _disabled(questionnaire, response, [response], visible, off, definitions, evaluate)
        if found == off:
            return visible
        off = found
    return without(response, off)


def without(owner: Mapping[str, Any], off: set[int] | frozenset[int]) -> Resource:
    """Another response (or item, or answer) without the items whose ``id()`` is in ``off``."""
    made = dict(owner)
    for key in ("item", "answer"):
        if key in made:
            made[key] = [without(one, off) for one in made[key] if id(one) not in off]
            if not made[key]:
                del made[key]
    return made


def _disabled(
    owner: Mapping[str, Any],
    given: Mapping[str, Any],
    chain: list[Mapping[str, Any]],
    visible: Resource,
    off: set[int],
    definitions: Mapping[str, Resource],
    evaluate: Evaluate | None,
) -> set[int]:
    """``id()`` of each given item whose definition is not enabled, given what ``off`` hides already."""
    found: set[int] = set()
    below = {item["linkId"]: item for item in children(owner)}
    for item in children(given):
        definition = below.get(item["linkId"])
        if definition is None:
            continue
        if not is_enabled(definition, visible, chain, off, definitions, evaluate):
            found.add(id(item))
            continue
        for holder in (item, *item.get("answer", ())):
            found |= _disabled(definition, holder, [*chain, item], visible, off, definitions, evaluate)
    return found


def is_enabled(
    definition: Mapping[str, Any],
    visible: Mapping[str, Any],
    chain: Sequence[Mapping[str, Any]],
    off: set[int] | frozenset[int] = frozenset(),
    definitions: Mapping[str, Resource] | None = None,
    evaluate: Evaluate | None = None,
) -> bool:
    """Whether one item is asked, below ``chain`` (the response, then each group occurrence down to its parent)."""
    expression = extension(definition, sdc.ENABLE_WHEN_EXPRESSION)
    if expression is not None:
        seen = [*chain[:1], *(without(one, off) for one in chain[1:])] if off else chain
        return evaluate is None or evaluate(expression, visible, seen) is True
    conditions = definition.get("enableWhen", [])
    if not conditions:
        return True
    results = (_holds(condition, chain, off, definitions or {}) for condition in conditions)
    return any(results) if definition.get("enableBehavior", "all") == "any" else all(results)


def _holds(
    condition: Mapping[str, Any], chain: Sequence[Mapping[str, Any]], off: Any, definitions: Mapping[str, Resource]
) -> bool:
    link_id, operator = condition["question"], condition["operator"]
    given = [value_of(answer) for answer in nearest_answers(link_id, chain, off, definitions)]
    wanted = choice(condition, "answer")
    expected = wanted[1] if wanted else None
    if operator == "exists":
        return bool(given) is bool(expected)
    if not given:
        return False
    definition = definitions.get(link_id, {})
    if operator == "!=":
        return not any(_compare(value, expected, definition) == 0 for value in given)
    return any(_matches(_compare(value, expected, definition), operator) for value in given)


def _matches(order: int | None, operator: str) -> bool:
    if order is None:
        return False
    return {"=": order == 0, ">": order > 0, "<": order < 0, ">=": order >= 0, "<=": order <= 0}[operator]


def nearest_answers(
    link_id: str,
    chain: Sequence[Mapping[str, Any]],
    off: Any = frozenset(),
    definitions: Mapping[str, Resource] | None = None,
) -> list[Resource]:
    """The answers of a question as seen from a place: those in the innermost container that asks the question.

    A row in which it stays unanswered has none: the answer of another row is not this one's.
    """
    for container in reversed(chain):
        found = _occurrences(link_id, container, off)
        if found or _asks(container, link_id, definitions or {}):
            return [answer for item in found for answer in item.get("answer", ())]
    return []


def _asks(container: Mapping[str, Any], link_id: str, definitions: Mapping[str, Resource]) -> bool:
    """Whether a question stands, by the form, below the definition of a group."""
    own = definitions.get(container.get("linkId", ""))
    return own is not None and any(item["linkId"] == link_id for item in walk(own))


def _occurrences(link_id: str, holder: Mapping[str, Any], off: Any) -> list[Mapping[str, Any]]:
    found = []
    for item in holder.get("item", ()):
        if id(item) in off:
            continue
        if item["linkId"] == link_id:
            found.append(item)
        for below in (item, *item.get("answer", ())):
            found += _occurrences(link_id, below, off)
    return found


def _compare(value: Any, expected: Any, definition: Mapping[str, Any]) -> int | None:
    """-1, 0 or 1; None where the two have no order. Codes are equal by system and code, quantities over their units."""
    if isinstance(value, dict) and isinstance(expected, dict):
        if "value" in value and "value" in expected:
            return _compare_quantities(value, expected, definition)
        if "code" in value and "code" in expected:
            same = value["code"] == expected["code"] and value.get("system", "") == expected.get("system", "")
            return 0 if same else None
        return 0 if value.get("reference") == expected.get("reference") else None
    if isinstance(value, bool) or isinstance(expected, bool):
        return 0 if value is expected else None
    if isinstance(value, (int, Decimal)) and isinstance(expected, (int, Decimal)):
        return (value > expected) - (value < expected)
    if isinstance(value, str) and isinstance(expected, str):
        if definition.get("type") in ("date", "dateTime"):
            one, other = parse(value), parse(expected)
            return (one.low > other.low) - (one.low < other.low)
        return (value > expected) - (value < expected)
    return None


def _compare_quantities(
    value: Mapping[str, Any], expected: Mapping[str, Any], definition: Mapping[str, Any]
) -> int | None:
    number, limit = Decimal(value["value"]), Decimal(expected["value"])
    preferred = next((one["code"] for one in units(definition)), "") if definition else ""
    have, want = value.get("code", preferred), expected.get("code", preferred)
    if have != want:
        analytes = analytes_of(definition)
        if not convertible(have, want, analytes):
            return None
        number = convert(number, have, want, analytes)
    return (number > limit) - (number < limit)
