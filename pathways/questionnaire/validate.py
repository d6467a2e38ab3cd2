"""A QuestionnaireResponse against its Questionnaire: the same rules for our forms and for another system's answers.

https://hl7.org/fhir/R4/questionnaireresponse.html#notes and the SDC form behaviour (http://hl7.org/fhir/uv/sdc/).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.errors import Issue
from app.fhir.fhirpath import FhirPathError
from app.fhir.resource import Resource, extension, parse_canonical
from pathways.questionnaire import answers, items, sdc
from pathways.questionnaire.constraints import violated
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.enable import enabled_part, is_enabled
from pathways.questionnaire.expressions import Expressions
from pathways.questionnaire.options import Option, options
from pathways.questionnaire.rule import Rule
from pathways.questionnaire.rules import problems
from pathways.questionnaire.rules_of_calculations import differing

_FINAL = ("completed", "amended")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, at a question: ``rows`` are the places (from 0) in the repeating groups around it.

    ``confirm``: the key of a warning that somebody has to see and confirm before the form is stored.
    """

    link_id: str | None
    issue: Issue
    rows: tuple[tuple[str, int], ...] = ()
    confirm: str | None = None


def validate(questionnaire: Mapping[str, Any], response: Mapping[str, Any], context: FormContext) -> list[Issue]:
    """Everything that is wrong with a response, in the order of the form; texts in the context's language.

    ``expression`` of each issue is the element's FHIRPath, ``diagnostics`` the linkId. An incomplete response
    (``in-progress``) is not asked for what is missing. Raises FhirPathError for a Questionnaire whose expressions fail.
    """
    return [found.issue for found in findings(questionnaire, response, context)]


def findings(questionnaire: Mapping[str, Any], response: Mapping[str, Any], context: FormContext) -> list[Finding]:
    """The same as ``validate``, each with the question it belongs to."""
    return _Check(questionnaire, response, context).run()


class _Check:
    def __init__(self, questionnaire: Mapping[str, Any], response: Mapping[str, Any], context: FormContext):
        self.questionnaire = questionnaire
        self.response = response
        self.context = context
        self.expressions = Expressions(questionnaire, context)
        self.definitions = self.expressions.definitions
        self.complete = response.get("status") in _FINAL
        self.visible = enabled_part(questionnaire, dict(response), self.expressions.holds)
        self._options: dict[str, list[Option]] = {}
        self._failed: list[FhirPathError] = []

    def run(self) -> list[Finding]:
        """Everything found. An expression that fails over answers which are wrong themselves adds nothing to them."""
        found = list(self._found())
        if self._failed and not any(one.issue.severity in ("error", "fatal") for one in found):
            raise self._failed[0]
        return found

    def _found(self) -> Iterator[Finding]:
        yield from self._canonical()
        yield from self._level(self.questionnaire, self.response, [self.visible], "QuestionnaireResponse", ())
        for link_id, issue, key in self._violated(self.questionnaire, ()):
            yield Finding(link_id, issue, confirm=key)

    def _violated(
        self, owner: Mapping[str, Any], chain: Sequence[Mapping[str, Any]]
    ) -> list[tuple[str | None, Issue, str | None]]:
        try:
            return list(violated(owner, self.questionnaire, self.expressions, self.visible, chain))
        except FhirPathError as error:
            self._failed.append(error)
            return []

    def _canonical(self) -> Iterator[Finding]:
        named = self.response.get("questionnaire")
        if not named or "url" not in self.questionnaire:
            return
        _ = self.context.say
        asked = parse_canonical(named)
        version = self.questionnaire.get("version")
        if asked.url != self.questionnaire["url"] or (asked.version and version and asked.version != version):
            text = _("The answers belong to another form: %(form)s", form=named)
            yield Finding(None, Issue(text, "invalid", "QuestionnaireResponse.questionnaire"))

    def _level(
        self,
        owner: Mapping[str, Any],
        given: Mapping[str, Any],
        chain: list[Mapping[str, Any]],
        path: str,
        rows: tuple[tuple[str, int], ...],
    ) -> Iterator[Finding]:
        """The items below one holder, definition by definition, then those that have no definition here."""
        below = items.children(owner)
        present = items.children(given)
        for definition in below:
            yield from self._definition(definition, present, chain, path, rows)
        known = {definition["linkId"] for definition in below}
        order = [one["linkId"] for one in present if one["linkId"] in known]
        ranks = {definition["linkId"]: rank for rank, definition in enumerate(below)}
        _ = self.context.say
        for index, one in enumerate(present):
            if one["linkId"] not in known:
                text = _("The form has no question %(question)s at this place", question=one["linkId"])
                yield Finding(
                    one["linkId"], self._issue(text, "not-found", f"{path}.item[{index}]", one["linkId"]), rows
                )
        if order != sorted(order, key=ranks.__getitem__):
            text = _("The answers are not in the order of the form")
            yield Finding(None, Issue(text, "invalid", path, "warning"), rows)

    def _definition(
        self,
        definition: Resource,
        present: Sequence[Resource],
        chain: list[Mapping[str, Any]],
        path: str,
        rows: tuple[tuple[str, int], ...],
    ) -> Iterator[Finding]:
        link_id = definition["linkId"]
        found = [(place, one) for place, one in enumerate(present) if one["linkId"] == link_id]
        asked = is_enabled(definition, self.visible, chain, frozenset(), self.definitions, self.expressions.holds)
        _ = self.context.say
        field = items.name_in_message(definition, self.context.language)
        if not asked:
            for place, _one in found:
                text = _("%(field)s is not asked after these answers: leave it empty", field=field)
                yield Finding(link_id, self._issue(text, "business-rule", f"{path}.item[{place}]", link_id), rows)
            return
        grouped = items.is_group(definition)
        count = len(found) if grouped else sum(len(one.get("answer", ())) for _place, one in found)
        first = f"{path}.item[{found[0][0]}]" if found else path
        yield from self._count(definition, count, first, rows)
        if not grouped and len(found) > 1:
            text = _("%(field)s stands twice", field=field)
            yield Finding(link_id, self._issue(text, "structure", f"{path}.item[{found[1][0]}]", link_id), rows)
        repeating = grouped and items.repeats(definition)
        for row, (place, one) in enumerate(found):
            inner = (*rows, (link_id, row)) if repeating else rows
            yield from self._occurrence(definition, one, chain, f"{path}.item[{place}]", inner)
        if not found and grouped and not repeating:
            # a group without any answer still has required questions
            yield from self._level(definition, {}, [*chain, {"linkId": link_id}], path, rows)

    def _count(
        self, definition: Resource, count: int, path: str, rows: tuple[tuple[str, int], ...]
    ) -> Iterator[Finding]:
        least, most = items.occurs(definition)
        link_id, _ = definition["linkId"], self.context.say
        field = items.name_in_message(definition, self.context.language)
        lacking = self.complete and count < least and definition["type"] != "display"
        if lacking and (not items.is_group(definition) or items.repeats(definition)):
            text = (
                _("%(field)s: an answer is needed", field=field)
                if least == 1
                else _("%(field)s: at least %(least)s answers are needed", field=field, least=least)
            )
            yield Finding(link_id, self._issue(text, "required", path, link_id), rows)
        if most is not None and count > most:
            text = _(
                "%(field)s takes at most %(most)s answers: there are %(count)s", field=field, most=most, count=count
            )
            yield Finding(link_id, self._issue(text, "structure", path, link_id), rows)

    def _occurrence(
        self,
        definition: Resource,
        one: Resource,
        chain: list[Mapping[str, Any]],
        path: str,
        rows: tuple[tuple[str, int], ...],
    ) -> Iterator[Finding]:
        link_id, _ = definition["linkId"], self.context.say
        inner = [*chain, one]
        if items.is_group(definition) or definition["type"] == "display":
            if "answer" in one:
                text = _("%(field)s takes no answer", field=items.name_in_message(definition, self.context.language))
                yield Finding(link_id, self._issue(text, "structure", f"{path}.answer", link_id), rows)
            yield from self._level(definition, one, inner, path, rows)
        else:
            if "item" in one:
                text = _("Questions below a question stand inside its answer")
                yield Finding(link_id, self._issue(text, "structure", f"{path}.item", link_id), rows)
            yield from self._answers(definition, one, inner, path, rows)
        for target, issue, key in self._violated(definition, inner):
            placed = Issue(issue.text, issue.code, path, issue.severity, issue.diagnostics)
            yield Finding(target or link_id, placed, rows, key)

    def _answers(
        self,
        definition: Resource,
        one: Resource,
        chain: list[Mapping[str, Any]],
        path: str,
        rows: tuple[tuple[str, int], ...],
    ) -> Iterator[Finding]:
        rule = Rule(
            definition, self.context, self._options_of(definition), lambda which: self._limit(definition, which)
        )
        link_id = definition["linkId"]
        for index, answer in enumerate(one.get("answer", ())):
            place = f"{path}.answer[{index}]"
            for code, text in problems(answer, rule):
                yield Finding(link_id, self._issue(text, code, f"{place}.value", link_id), rows)
            yield from self._level(definition, answer, chain, place, rows)
        yield from self._exclusive(rule, one, path, rows)
        yield from self._calculation(definition, one, chain, path, rows)

    def _exclusive(self, rule: Rule, one: Resource, path: str, rows: tuple[tuple[str, int], ...]) -> Iterator[Finding]:
        """An option such as *none of these* stands alone (optionExclusive)."""
        given = [answers.option_key(answer) for answer in one.get("answer", ())]
        alone = next((option for option in rule.options if option.exclusive and option.key in given), None)
        if alone is not None and len(given) > 1:
            _, link_id = self.context.say, one["linkId"]
            text = _("%(field)s: %(value)s cannot stand with another answer", field=rule.field, value=alone.label)
            yield Finding(link_id, self._issue(text, "business-rule", path, link_id), rows)

    def _calculation(
        self,
        definition: Resource,
        one: Resource,
        chain: list[Mapping[str, Any]],
        path: str,
        rows: tuple[tuple[str, int], ...],
    ) -> Iterator[Finding]:
        """A calculated answer that differs from our own calculation, see ``rules_of_calculations``."""
        if not items.is_calculated(definition):
            return
        try:
            own = self.expressions.calculate(definition, self.visible, chain)
        except FhirPathError as error:
            self._failed.append(error)
            return
        found = differing(definition, own, one.get("answer", []), self.context)
        if found is not None:
            severity = "error" if items.is_fixed(definition) and self.complete else "warning"
            issue = Issue(found, "business-rule", path, severity, definition["linkId"])
            yield Finding(definition["linkId"], issue, rows)

    def _limit(self, definition: Resource, which: str) -> Any:
        plain = items.limit(definition, which)
        if plain is not None:
            return plain
        url = sdc.MIN_VALUE if which == "min" else sdc.MAX_VALUE
        holder = extension(definition, url)
        for key, beside in (holder or {}).items() if isinstance(holder, dict) else ():
            expression = extension(beside, sdc.CQF_EXPRESSION) if key.startswith("_value") else None
            if expression is not None:
                found = self.expressions.evaluate(expression, self.visible)
                value = found[0] if found else None
                return (
                    value
                    if value is None or isinstance(value, (int, dict)) or hasattr(value, "quantize")
                    else str(value)
                )
        return None

    def _options_of(self, definition: Resource) -> list[Option]:
        link_id = definition["linkId"]
        if link_id not in self._options:
            self._options[link_id] = options(self.questionnaire, definition, self.context)
        return self._options[link_id]

    @staticmethod
    def _issue(text: str, code: str, path: str, link_id: str) -> Issue:
        return Issue(text, code, path, "error", link_id)
