"""Content read without a patient: whatever could go wrong when a plan is applied, told before it is released.

    check(plan, definitions) -> list[Issue]      each with the element's path and the expression

``flask content check`` prints it, a release refuses what it reports as an error. Checked: expressions (they can be
read, their variables and elements exist, conditions answer a Boolean), variables (unknown, twice, in a circle, needed
but not asked for), definitions (missing, in a circle, of a type that cannot be applied), dynamic paths, units of time,
relations between actions, ids used twice, and texts that lack French or Arabic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.errors import Invalid, Issue, MaslakError
from app.fhir import translation
from app.fhir.resource import choice
from pathways.apply.check_expression import issues_of_condition, issues_of_expression, issues_of_text
from pathways.apply.check_variables import check_variables, given_names
from pathways.apply.definitions import name_of, refuse_cycle
from pathways.apply.dynamic import ACTION, refuse_path
from pathways.apply.explanation import PLACE
from pathways.apply.plan import EXPLANATION, on_action
from pathways.apply.timing import span

Resource = dict[str, Any]
Find = Callable[[str], Resource]
LANGUAGES = ("fr", "ar")
TEXTS = ("title", "*.title", "description", "*.description", "*.textEquivalent")
APPLIED = ("PlanDefinition", "ActivityDefinition", "Questionnaire")


def check(
    plan: Resource, definitions: Find, *, names: frozenset[str] | None = None, chain: tuple[str, ...] = ()
) -> list[Issue]:
    """All that is wrong with a PlanDefinition and with the definitions that it uses.

    ``definitions`` finds by canonical and raises NotFound. ``names``: variables inherited from the plan that contains
    this one. Nested plans are checked where they are used, since they inherit variables; their issues carry the place
    of use.
    """
    kind = _subject_type(plan)
    known = (names or given_names(kind)) | {v["valueExpression"].get("name", "") for v in _variables(plan)}
    found = list(check_variables(plan, kind, known))
    ids: dict[str, str] = {}
    chain = (*chain, name_of(plan))
    for path, action in _actions(plan.get("action", ()), "PlanDefinition"):
        found += _action(action, path, plan, kind, known)
        found += _definition(action, path, plan, definitions, known, chain)
        if "id" in action and action["id"] in ids:
            text = f"the id '{action['id']}' is used twice: also at {ids[action['id']]}"
            found.append(Issue(text, "duplicate", path))
        ids.setdefault(action.get("id", path), path)
    found += _relations(plan, ids)
    for at, goal in enumerate(plan.get("goal", ())):
        for number, target in enumerate(goal.get("target", ())):
            found += _span(target.get("due"), f"PlanDefinition.goal[{at}].target[{number}].due")
    for place in translation.missing(plan, LANGUAGES, TEXTS):
        found.append(Issue(f"the text lacks a language: {place}", "required", place.partition(" ")[0]))
    return found


def check_activity(
    definition: Resource, *, names: frozenset[str] | None = None, path: str = "ActivityDefinition"
) -> list[Issue]:
    """All that is wrong with an ActivityDefinition by itself."""
    kind = str(definition.get("kind"))
    known = (names or given_names("Patient")) | {v["valueExpression"].get("name", "") for v in _variables(definition)}
    found = _dynamic(definition, path, "ActivityDefinition", known, kind)
    found += _timing(definition, path)
    for place in translation.missing(definition, LANGUAGES, ("title", "description", "dosage.text")):
        found.append(Issue(f"the text lacks a language: {place}", "required", place.partition(" ")[0]))
    return found


def _subject_type(plan: Mapping[str, Any]) -> str:
    found = choice(plan, "subject")
    codes = [one.get("code") for one in found[1].get("coding", ())] if found and found[0] == "CodeableConcept" else []
    return str(codes[0]) if codes else "Patient"


def _variables(plan: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in plan.get("extension", ()) if "valueExpression" in one]


def _actions(actions: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for at, action in enumerate(actions):
        yield f"{path}.action[{at}]", action
        yield from _actions(action.get("action", ()), f"{path}.action[{at}]")


def _action(
    action: Mapping[str, Any], path: str, plan: Mapping[str, Any], kind: str, known: frozenset[str]
) -> list[Issue]:
    found = []
    for at, condition in enumerate(action.get("condition", ())):
        place = f"{path}.condition[{at}].expression"
        found += issues_of_condition(condition.get("expression", {}), place, kind, known)
    found += _timing(action, path)
    for at, relation in enumerate(action.get("relatedAction", ())):
        found += _span(relation.get("offsetDuration"), f"{path}.relatedAction[{at}].offsetDuration")
        for end in ("low", "high"):
            place = f"{path}.relatedAction[{at}].offsetRange.{end}"
            found += _span(relation.get("offsetRange", {}).get(end), place)
    if not action.get("definitionCanonical"):
        found += _dynamic(action, path, "PlanDefinition", known, ACTION)
    return found + _explanation(action, path, plan, known)


def _explanation(action: Mapping[str, Any], path: str, plan: Mapping[str, Any], known: frozenset[str]) -> list[Issue]:
    """The templates of an action: both languages, and expressions that can be read."""
    found = []
    for entry in action.get("extension", ()):
        if entry.get("url") != EXPLANATION:
            continue
        for part in entry.get("extension", ()):
            place = f"{path}.extension('{EXPLANATION}').{part.get('url')}"
            wording = {plan.get("language", "fr"): part.get("valueString", "")}
            wording |= translation.translations(part, "valueString")
            for language in LANGUAGES:
                if not wording.get(language):
                    found.append(Issue(f"the explanation lacks a text in '{language}'", "required", place))
            for text in {place[1].strip() for one in wording.values() for place in PLACE.finditer(one)}:
                found += issues_of_text(text, place, "PlanDefinition", known)
    return found


def _definition(
    action: Mapping[str, Any],
    path: str,
    plan: Resource,
    definitions: Find,
    known: frozenset[str],
    chain: tuple[str, ...],
) -> list[Issue]:
    """The definition that an action uses: there, applicable, not in a circle, and right itself."""
    reference = action.get("definitionCanonical")
    if not reference:
        return []
    place = f"{path}.definitionCanonical"
    try:
        target = _found(reference, plan, definitions)
        refuse_cycle(name_of(target), chain)
    except MaslakError as error:
        return [Issue(error.message, error.code, place, diagnostics=reference)]
    kind = target.get("resourceType")
    if kind == "PlanDefinition":
        nested = check(target, definitions, names=known, chain=chain)
        return [_within(issue, path, reference) for issue in nested]
    if kind == "ActivityDefinition":
        found = check_activity(target, names=known)
        found += _dynamic(action, path, "PlanDefinition", known, str(target.get("kind")))
        return [_within(one, path, reference) if str(one.expression).startswith("Activity") else one for one in found]
    if kind not in APPLIED:
        return [Issue(f"a definition of type {kind} cannot be applied", "not-supported", place, diagnostics=reference)]
    return []


def _found(reference: str, plan: Resource, definitions: Find) -> Resource:
    if not reference.startswith("#"):
        return definitions(reference)
    for one in plan.get("contained", ()):
        if one.get("id") == reference[1:]:
            return dict(one)
    raise Invalid("there is no contained definition {reference}", reference=reference)


def _within(issue: Issue, path: str, reference: str) -> Issue:
    """An issue of a definition, told at the place that uses it."""
    return Issue(issue.text, issue.code, f"{path} → {reference}: {issue.expression}", issue.severity, issue.diagnostics)


def _dynamic(owner: Mapping[str, Any], path: str, focus: str, known: frozenset[str], kind: str) -> list[Issue]:
    found = []
    for at, one in enumerate(owner.get("dynamicValue", ())):
        place = f"{path}.dynamicValue[{at}]"
        found += issues_of_expression(one.get("expression", {}), f"{place}.expression", focus, known)
        try:
            place_of = ACTION if focus == "PlanDefinition" and on_action(one.get("path", ""), kind != ACTION) else kind
            refuse_path(place_of, one.get("path", ""))
        except Invalid as error:
            found.append(Issue(error.message, "invalid", f"{place}.path"))
    return found


def _timing(owner: Mapping[str, Any], path: str) -> list[Issue]:
    timing = choice(owner, "timing")
    if timing is None:
        return []
    kind, value = timing
    place = f"{path}.timing{kind}"
    if kind in ("Duration", "Age"):
        return _span(value, place)
    if kind == "Range":
        return _span(value.get("low"), f"{place}.low") + _span(value.get("high"), f"{place}.high")
    if kind == "Timing" and (repeat := value.get("repeat")) and "periodUnit" in repeat:
        quantity = {"value": repeat.get("period"), "code": repeat["periodUnit"]}
        return _span(quantity, f"{place}.repeat")
    return []


def _span(quantity: Mapping[str, Any] | None, path: str) -> list[Issue]:
    """A duration that can be counted."""
    if quantity is None:
        return []
    try:
        span(quantity)
    except Invalid as error:
        return [Issue(error.message, "value", path)]
    return []


def _relations(plan: Mapping[str, Any], ids: Mapping[str, str]) -> list[Issue]:
    """Related actions that are not there."""
    found = []
    for path, action in _actions(plan.get("action", ()), "PlanDefinition"):
        for at, relation in enumerate(action.get("relatedAction", ())):
            if relation.get("actionId") not in ids:
                text = f"there is no action '{relation.get('actionId')}' to be related to"
                found.append(Issue(text, "not-found", f"{path}.relatedAction[{at}].actionId"))
    return found
