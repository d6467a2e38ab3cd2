"""Observation-based extraction (SDC 4, "Form data extraction"): answers with a code become Observations.

``observationExtract`` true on the form, an item or a code switches it on for what is below, false off again;
``component`` and ``member`` tie a question to the Observation of the group around it: one blood pressure with two
components.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.fhir.resource import Resource, extension, extensions
from app.fhir.translation import text as text_of
from pathways.questionnaire import items, sdc
from pathways.questionnaire.calculation import Methods
from pathways.questionnaire.extracted import Made, Origin
from pathways.questionnaire.units import in_preferred_unit
from pathways.questionnaire.walking import Occurrence, below

_PLAIN = {
    "valueBoolean": "valueBoolean", "valueInteger": "valueInteger", "valueString": "valueString",
    "valueUri": "valueString", "valueDate": "valueDateTime", "valueDateTime": "valueDateTime", "valueTime": "valueTime",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _State:
    """What holds at a place: extraction on or off, the categories, and the parent whose parts are gathered."""

    on: bool = False
    categories: tuple[Resource, ...] = ()
    parent: _Parent | None = None


class _Parent:
    """An Observation in the making, that gathers its components and members."""

    def __init__(self) -> None:
        self.components: list[Resource] = []
        self.members: list[str] = []


def observations(
    questionnaire: Mapping[str, Any], response: Mapping[str, Any], origin: Origin, methods: Methods
) -> Iterator[Made]:
    """The Observations of a response; unanswered questions make none (nothing is ever deleted)."""
    state = _entered(_State(), questionnaire)
    for occurrence in below(questionnaire, response, (response,)):
        yield from _extracted(occurrence, state, origin, methods)


def _entered(state: _State, owner: Mapping[str, Any]) -> _State:
    """The state on an item: what it says itself, else what holds around it."""
    flag = extension(owner, sdc.OBSERVATION_EXTRACT)
    if isinstance(flag, bool):
        state = replace(state, on=flag)
    categories = tuple(one["valueCodeableConcept"] for one in extensions(owner, sdc.EXTRACT_CATEGORY))
    return replace(state, categories=categories) if categories else state


def _extracted(occurrence: Occurrence, state: _State, origin: Origin, methods: Methods) -> Iterator[Made]:
    definition, item = occurrence.definition, occurrence.item
    if extension(definition, sdc.OBSERVATION_EXTRACT) is False:
        return
    state = _entered(state, definition)
    codes, relation = _codes(definition, state.on)
    values = [value for answer in item.get("answer", ()) if (value := observed(definition, answer))] if codes else []
    own = _Parent() if codes else state.parent
    inner = list(_inner(occurrence, replace(state, parent=own), origin, methods))
    if codes and relation == "component" and state.parent is not None:
        state.parent.components += [{"code": _concept(codes, definition)} | value for value in values]
    elif codes and own is not None:
        parts = _parts(own)
        method = methods.of(definition, item, occurrence.chain) if values else {}
        made = [
            origin.made(
                _observation(definition, codes, state, value | method | (parts if not index else {}), origin),
                occurrence.link_id,
            )
            for index, value in enumerate(values or ([{}] if parts else []))
        ]
        if relation == "member" and state.parent is not None:
            state.parent.members += [one.full_url for one in made]
        yield from made
    yield from inner


def _inner(occurrence: Occurrence, state: _State, origin: Origin, methods: Methods) -> Iterator[Made]:
    for one in below(occurrence.definition, occurrence.item, occurrence.chain):
        yield from _extracted(one, state, origin, methods)


def _codes(definition: Mapping[str, Any], on: bool) -> tuple[list[Resource], str | None]:
    """(codes to propagate, ``component`` or ``member`` or None); a flag on a code speaks for that code alone."""
    flag = extension(definition, sdc.OBSERVATION_EXTRACT)
    relation = flag if isinstance(flag, str) else None
    marked = []
    for code in definition.get("code", ()):
        own = extension(code, sdc.OBSERVATION_EXTRACT)
        if own is True or isinstance(own, str):
            marked.append({key: part for key, part in code.items() if key != "extension"})
            relation = own if isinstance(own, str) else relation
    if marked:
        return marked, relation
    return (items.codes(definition), relation) if on or relation else ([], None)


def _parts(parent: _Parent) -> Resource:
    found: Resource = {"component": parent.components} if parent.components else {}
    return found | ({"hasMember": [{"reference": one} for one in parent.members]} if parent.members else {})


def _observation(
    definition: Mapping[str, Any], codes: list[Resource], state: _State, value: Resource, origin: Origin
) -> Resource:
    categories = {"category": list(state.categories)} if state.categories else {}
    return origin.observation() | categories | {"code": _concept(codes, definition)} | value


def _concept(codes: list[Resource], definition: Mapping[str, Any]) -> Resource:
    text = text_of(definition, "text", "fr")
    return {"coding": codes} | ({"text": text} if text else {})


def observed(definition: Mapping[str, Any], answer: Mapping[str, Any]) -> Resource | None:
    """The ``value[x]`` of an Observation for an answer, quantities in the preferred unit; None for attachments."""
    unit = items.unit(definition)
    number = answer.get("valueDecimal", answer.get("valueInteger"))
    if "valueQuantity" in answer:
        return {"valueQuantity": in_preferred_unit(definition, answer["valueQuantity"])}
    if number is not None and (unit is not None or "valueDecimal" in answer):
        return {"valueQuantity": _quantity(number, unit)}
    if "valueCoding" in answer:
        coding = answer["valueCoding"]
        return {
            "valueCodeableConcept": {"coding": [coding]} | ({"text": coding["display"]} if "display" in coding else {})
        }
    return next(({_PLAIN[key]: value} for key, value in answer.items() if key in _PLAIN), None)


def _quantity(number: Any, unit: Mapping[str, Any] | None) -> Resource:
    if unit is None:
        return {"value": number}
    code = unit["code"]
    return {"value": number, "unit": unit.get("display") or code, "system": unit.get("system", sdc.UCUM), "code": code}
