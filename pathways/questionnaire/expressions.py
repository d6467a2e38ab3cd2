"""FHIRPath in Questionnaires: variables, launch context, enableWhenExpression, calculatedExpression.

SDC "Using expressions" (http://hl7.org/fhir/uv/sdc/): ``%resource`` is the QuestionnaireResponse, ``%context`` the item
of it at which the expression stands, ``%questionnaire`` and ``%qitem`` the definition, ``%patient``, ``%encounter`` and
``%user`` the launch context; a variable sees those above it and before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from app.fhir.fhirpath import compile, environment
from app.fhir.fhirpath.model import fhir_type
from app.fhir.fhirpath.nodes import Node
from app.fhir.resource import Resource, extension, extensions
from app.fhir.translation import text as text_of
from pathways.questionnaire import answers, items, sdc
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.enable import enabled_part
from pathways.questionnaire.numbers import to_places
from pathways.questionnaire.walking import occurrences

_PLACEHOLDER = re.compile(r"\{\{(.+?)\}\}")
_ROUNDS = 10
"""How often calculated answers may depend on each other's; a cycle ends here."""


class Expressions:
    """The expressions of one Questionnaire in one context."""

    def __init__(self, questionnaire: Mapping[str, Any], context: FormContext):
        self.questionnaire = questionnaire
        self.context = context
        self.definitions = items.by_link(questionnaire)
        self._seen: tuple[Mapping[str, Any], dict[str, Any]] | None = None
        """The response looked at last, and what is seen of it from everywhere: its variables are computed once."""

    def evaluate(
        self,
        expression: Mapping[str, Any] | str,
        response: Mapping[str, Any],
        chain: Sequence[Mapping[str, Any]] = (),
        variables: Mapping[str, Any] | None = None,
    ) -> list[Any]:
        """The result of an Expression (or of FHIRPath text), as raw JSON and System values.

        ``chain``: the response and the item occurrences down to where it stands. Raises FhirPathError.
        """
        if isinstance(expression, str):
            expression = {"language": "text/fhirpath", "expression": expression}
        around = self.environment(response, chain) | dict(variables or {})
        return self._run(expression, _focus(response, chain), around)

    def typed(
        self,
        expression: Mapping[str, Any],
        response: Mapping[str, Any],
        chain: Sequence[Mapping[str, Any]] = (),
        variables: Mapping[str, Any] | None = None,
    ) -> list[tuple[str, Any]]:
        """The result of FHIRPath with the type of each item: ``("dateTime", "2026-…")``, ``("System.Integer", 3)``."""
        around = self.environment(response, chain) | dict(variables or {})
        return compile(expression["expression"]).nodes(_focus(response, chain), around)

    def holds(
        self, expression: Mapping[str, Any] | str, response: Mapping[str, Any], chain: Sequence[Mapping[str, Any]] = ()
    ) -> bool | None:
        """The truth of an expression; None when it has no result."""
        found = self.evaluate(expression, response, chain)
        return bool(found[0]) if found else None

    def environment(self, response: Mapping[str, Any], chain: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
        """All variables that are seen at a place; those of the Questionnaire are computed when first used."""
        around = self._everywhere(response)
        for occurrence in chain[1:]:
            definition = self.definitions.get(occurrence["linkId"])
            if definition is not None:
                around["qitem"] = definition
                self._declare(around, definition, _node(occurrence))
        return environment(around, now=self.context.now)

    def _everywhere(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """What is seen from every place of a response; responses are never changed, so it is kept with this one."""
        if self._seen is None or self._seen[0] is not response:
            context = self.context
            around: dict[str, Any] = {
                "resource": response,
                "rootResource": response,
                "questionnaire": self.questionnaire,
                "patient": context.patient,
                "subject": context.patient,
                "encounter": context.encounter,
                "user": context.user,
                **context.launch,
            }
            self._declare(around, self.questionnaire, _focus(response, ()))
            self._seen = (response, around)
        return dict(self._seen[1])

    def _declare(self, around: dict[str, Any], owner: Mapping[str, Any], focus: Any) -> None:
        for found in extensions(owner, sdc.VARIABLE):
            expression = found["valueExpression"]
            seen = dict(around)
            around[expression["name"]] = self._later(expression, focus, seen)

    def _later(self, expression: Mapping[str, Any], focus: Any, seen: dict[str, Any]) -> Any:
        kept: list[Any] = []

        def value() -> Any:
            if not kept:
                around = environment(seen, now=self.context.now)
                kept.append(self._nodes(expression, focus, around))
            return kept[0]

        return value

    def _nodes(self, expression: Mapping[str, Any], focus: Any, around: Mapping[str, Any]) -> list[Any]:
        if expression.get("language") == "application/x-fhir-query":
            return self._queried(expression["expression"], focus, around)
        return compile(expression["expression"]).items(focus, around)

    def _run(self, expression: Mapping[str, Any], focus: Any, around: Mapping[str, Any]) -> list[Any]:
        if expression.get("language") == "application/x-fhir-query":
            return self._queried(expression["expression"], focus, around)
        return compile(expression["expression"])(focus, around)

    def _queried(self, text: str, focus: Any, around: Mapping[str, Any]) -> list[Any]:
        """The Bundle that a query finds, ``{{FHIRPath}}`` in it replaced; nothing where a part of it is empty."""
        if self.context.query is None:
            return []
        empty = False

        def replaced(found: re.Match[str]) -> str:
            nonlocal empty
            values = compile(found[1])(focus, around)
            empty = empty or not values
            return ",".join(str(value) for value in values)

        query = _PLACEHOLDER.sub(replaced, text)
        return [] if empty else [self.context.query(query)]

    def completed(self, response: Resource) -> Resource:
        """The response with its calculated answers, and without what is not asked.

        Where an answer was given to a question that may be overridden, it stands. A row of a repeating group in which
        nothing is said is none.
        """
        given = full = _without_empty_rows(self.questionnaire, response)
        for _round in range(_ROUNDS):
            visible = enabled_part(self.questionnaire, full, self.holds)
            filled = self._with_items(self.questionnaire, given, [visible])
            if filled == full:
                return visible
            full = filled
        return enabled_part(self.questionnaire, full, self.holds)

    def _with_items(
        self, definition: Mapping[str, Any], holder: Mapping[str, Any], chain: list[Mapping[str, Any]]
    ) -> Resource:
        """A holder of items (response, item, answer) with the calculated answers below it.

        ``chain`` ends with the same holder as it was seen last: with what was calculated, without what is not asked.
        """
        below = items.children(definition)
        if not below:
            return dict(holder)
        known = {one["linkId"] for one in below}
        made = [one for each in below for one in self._calculated(each, holder, chain)]
        made += [one for one in items.children(holder) if one["linkId"] not in known]
        rest = {key: value for key, value in holder.items() if key != "item"}
        return rest | ({"item": made} if made else {})

    def _calculated(
        self, definition: Mapping[str, Any], holder: Mapping[str, Any], chain: list[Mapping[str, Any]]
    ) -> Iterator[Resource]:
        link_id = definition["linkId"]
        given = [one for one in items.children(holder) if one["linkId"] == link_id]
        if items.is_calculated(definition) and not (items.may_override(definition) and _answered(given)):
            head = given[0] if given else self._head(definition)
            if found := self.calculate(definition, chain[0], [*chain, head]):
                yield {key: value for key, value in head.items() if key != "answer"} | {"answer": found}
            return
        if items.is_group(definition) and not given and not items.repeats(definition):
            given = [self._head(definition)]
        for one, last in zip_longest(given, occurrences(chain[-1], link_id)[: len(given)]):
            around = [*chain, last or one]
            if items.is_group(definition):
                filled = self._with_items(definition, one, around)
                if "item" in filled:
                    yield filled
            else:
                answered = [self._with_items(definition, each, around) for each in one.get("answer", ())]
                yield {**one, "answer": answered} if answered else one

    def calculate(
        self, definition: Mapping[str, Any], response: Mapping[str, Any], chain: Sequence[Mapping[str, Any]]
    ) -> list[Resource]:
        """The answers that a calculatedExpression gives; none when a value it needs is missing."""
        found = self.evaluate(extension(definition, sdc.CALCULATED_EXPRESSION), response, chain)
        if definition["type"] in ("decimal", "quantity"):
            places = extension(definition, sdc.MAX_DECIMAL_PLACES)
            found = [to_places(value, places) for value in found]
        made = [answers.of_value(definition, value) for value in found]
        return [answer for answer in made if answer is not None]

    def _head(self, definition: Mapping[str, Any]) -> Resource:
        text = text_of(definition, "text", self.context.language)
        return {"linkId": definition["linkId"]} | ({"text": text} if text else {})


def _answered(given: Sequence[Mapping[str, Any]]) -> bool:
    return any(one.get("answer") for one in given)


def _without_empty_rows(definition: Mapping[str, Any], holder: Mapping[str, Any]) -> Resource:
    """A holder of items without the occurrences of repeating groups that hold nothing."""
    below = {one["linkId"]: one for one in items.children(definition)}
    kept = []
    for one in items.children(holder):
        own = below.get(one["linkId"], {"type": "display"})
        made = _without_empty_rows(own, one) if items.is_group(own) else one
        if "item" in made or not (items.is_group(own) and items.repeats(own)):
            kept.append(made)
    rest = {key: value for key, value in holder.items() if key != "item"}
    return rest | ({"item": kept} if kept else {})


def _node(occurrence: Mapping[str, Any]) -> Node:
    """A response item with its type, so that ``answer.value`` finds the choice that it holds."""
    return Node(dict(occurrence), fhir_type("QuestionnaireResponse.item"))


def _focus(response: Mapping[str, Any], chain: Sequence[Mapping[str, Any]]) -> Any:
    return _node(chain[-1]) if len(chain) > 1 else dict(response)
