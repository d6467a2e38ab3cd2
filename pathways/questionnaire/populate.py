"""``$populate``: what a form starts with (SDC, "Form population").

Fixed initial values, ``initialExpression``, groups that repeat for what ``itemPopulationContext`` finds, and
``observationLinkPeriod`` (the last Observation with the item's code). ``previous_values`` shows what was found last
time beside each question, without answering it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from app.clock import day_of
from app.fhir.bundle import resources
from app.fhir.dates import parse
from app.fhir.resource import Resource, choice, codings, extension
from pathways.questionnaire import answers, items, sdc
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.expressions import Expressions
from pathways.questionnaire.response import Answers, respond
from pathways.questionnaire.units import analytes_of, convert, convertible, rounded

_STATED = ("final", "amended", "corrected")
_DAYS = {"d": 1, "wk": 7, "mo": 31, "a": 366, "h": 1}
Code = tuple[str | None, str | None]


def populate(questionnaire: Mapping[str, Any], context: FormContext, observations: Iterable[Resource] = ()) -> Resource:
    """A QuestionnaireResponse ``in-progress`` with what is known already. Raises FhirPathError.

    ``observations`` are the patient's, for items with ``observationLinkPeriod``.
    """
    return respond(questionnaire, initial_answers(questionnaire, context, observations), context, status="in-progress")


def initial_answers(
    questionnaire: Mapping[str, Any], context: FormContext, observations: Iterable[Resource] = ()
) -> Answers:
    """The answers that a form starts with."""
    filler = _Filler(questionnaire, context, last_observed(observations))
    found: Answers = {}
    filler.fill(questionnaire, found, [filler.empty], {})
    return found


class _Filler:
    def __init__(self, questionnaire: Mapping[str, Any], context: FormContext, observed: Mapping[Code, Resource]):
        self.context = context
        self.expressions = Expressions(questionnaire, context)
        self.observed = observed
        self.empty: Resource = {"resourceType": "QuestionnaireResponse", "status": "in-progress"}

    def fill(self, owner: Mapping[str, Any], found: Answers, chain: list[Any], variables: dict[str, Any]) -> None:
        for definition in items.children(owner):
            inner = [*chain, {"linkId": definition["linkId"]}]
            if items.is_group(definition):
                self._group(definition, found, inner, variables)
            elif items.is_question(definition):
                if given := list(self._initial(definition, inner, variables)):
                    found[definition["linkId"]] = given if items.repeats(definition) else given[:1]
                self.fill(definition, found, inner, variables)

    def _group(self, definition: Resource, found: Answers, chain: list[Any], variables: dict[str, Any]) -> None:
        source = extension(definition, sdc.POPULATION_CONTEXT)
        rows = self._rows(source, chain, variables) if source else [variables]
        if not items.repeats(definition):
            self.fill(definition, found, chain, rows[0] if rows else variables)
            return
        for row in rows:
            own: Answers = {}
            self.fill(definition, own, chain, row)
            if own:
                found.setdefault(definition["linkId"], []).append(own)

    def _rows(self, source: Mapping[str, Any], chain: list[Any], variables: dict[str, Any]) -> list[dict[str, Any]]:
        values = self.expressions.evaluate(source, self.empty, chain, variables)
        rows: list[Any] = []
        for value in values:
            is_bundle = isinstance(value, dict) and value.get("resourceType") == "Bundle"
            rows += list(resources(value)) if is_bundle else [value]
        name = source.get("name")
        return [{**variables, name: row} for row in rows] if name else [variables]

    def _initial(self, definition: Resource, chain: list[Any], variables: dict[str, Any]) -> Iterator[Resource]:
        for given in definition.get("initial", ()):
            yield {key: value for key, value in given.items() if key.startswith("value")}
        for option in definition.get("answerOption", ()):
            if option.get("initialSelected"):
                yield {key: value for key, value in option.items() if key.startswith("value")}
        expression = extension(definition, sdc.INITIAL_EXPRESSION)
        if expression is not None:
            for value in self.expressions.evaluate(expression, self.empty, chain, variables):
                if answer := answers.of_value(definition, value):
                    yield answer
        elif (period := extension(definition, sdc.OBSERVATION_LINK_PERIOD)) is not None:
            yield from self._linked(definition, period)

    def _linked(self, definition: Resource, period: Mapping[str, Any]) -> Iterator[Resource]:
        """The value last observed for one of the item's codes, if it is not older than the period."""
        oldest = self.context.now - timedelta(days=float(period["value"]) * _DAYS.get(period.get("code", "d"), 1))
        for code in codings({"coding": definition.get("code", [])}):
            found = self.observed.get(code)
            if found and parse(found["effectiveDateTime"]).high >= oldest:
                if answer := _as_answer(definition, found):
                    yield answer
                return


def last_observed(observations: Iterable[Resource]) -> dict[Code, Resource]:
    """(system, code) → the newest value observed: ``{"effectiveDateTime", "value…"}``; components by their own code."""
    found: dict[Code, Resource] = {}
    for one in observations:
        if (
            one.get("resourceType") != "Observation"
            or one.get("status") not in _STATED
            or "effectiveDateTime" not in one
        ):
            continue
        for part in (one, *one.get("component", ())):
            value = choice(part, "value")
            if value is None:
                continue
            made = {"effectiveDateTime": one["effectiveDateTime"], f"value{value[0]}": value[1]}
            for code in codings(part.get("code")):
                if code not in found or _instant(found[code]) < _instant(made):
                    found[code] = made
    return found


def _instant(value: Mapping[str, Any]) -> Any:
    return parse(value["effectiveDateTime"]).low


def _as_answer(definition: Mapping[str, Any], observed: Mapping[str, Any]) -> Resource | None:
    """An observed value as an answer, in the item's unit."""
    value = choice(observed, "value")
    if value is None:
        return None
    if value[0] == "Quantity":
        amount = in_unit_of(definition, value[1])
        return answers.of_value(definition, amount if definition["type"] == "quantity" else amount.get("value"))
    return answers.of_value(definition, value[1])


def in_unit_of(definition: Mapping[str, Any], quantity: Resource) -> Resource:
    """A quantity in the unit that the question asks for; as it stands where that is not possible."""
    preferred = items.unit(definition)
    code, wanted = quantity.get("code"), preferred["code"] if preferred else None
    analytes = analytes_of(definition)
    if preferred is None or not code or code == wanted or not convertible(code, preferred["code"], analytes):
        return quantity
    value = rounded(convert(quantity["value"], code, preferred["code"], analytes), preferred["code"], analytes)
    return answers.quantity_of(definition, value, preferred["code"])


def previous_values(
    questionnaire: Mapping[str, Any], observations: Iterable[Resource], language: str = "fr"
) -> dict[str, tuple[str, str]]:
    """linkId → (text of the value last observed, its ISO day): shown beside the question."""
    held = list(observations)
    known = last_observed(held)
    found: dict[str, tuple[str, str]] = {}
    for owner, definition in _questions(questionnaire):
        panel = {"coding": owner.get("code", [])} if owner.get("type") == "group" else None
        pool = last_observed(_of(held, panel)) if panel and panel["coding"] else known
        seen = [pool[code] for code in codings({"coding": definition.get("code", [])}) if code in pool]
        if not seen:
            continue
        last = max(seen, key=_instant)
        found[definition["linkId"]] = (_text(definition, last, language), day_of(_instant(last)).isoformat())
    return found


def _questions(owner: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Resource]]:
    """(what it stands in, question) of every question."""
    for definition in items.children(owner):
        if items.is_question(definition):
            yield owner, definition
        yield from _questions(definition)


def _of(observations: Iterable[Resource], panel: Resource) -> list[Resource]:
    """The observations of one panel: a second reading is compared with second readings only."""
    wanted = set(codings(panel))
    return [one for one in observations if wanted & set(codings(one.get("code")))]


def _text(definition: Mapping[str, Any], observed: Mapping[str, Any], language: str) -> str:
    kind, value = choice(observed, "value")  # type: ignore[misc]
    if kind == "Quantity":
        amount = in_unit_of(definition, value)
        same = (items.unit(definition) or {}).get("code") == amount.get("code")
        return answers.shown({"valueQuantity": {"value": amount.get("value", "")} if same else amount}, language)
    if kind == "CodeableConcept":
        coding: Resource = next(iter(value.get("coding", ())), {})
        return answers.shown({"valueCoding": coding}, language) or str(value.get("text", ""))
    return answers.shown({f"value{kind}": value}, language)
