"""What is wrong with a Questionnaire itself, before anybody fills it in: each issue with its linkId and element.

For ``flask content check`` and the release; https://hl7.org/fhir/R4/questionnaire-definitions.html and SDC.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from app.config import LANGUAGES
from app.errors import Invalid, Issue
from app.fhir.fhirpath import FhirPathError, compile
from app.fhir.fhirpath.syntax import Expression, Variable, parts
from app.fhir.regex import Pattern
from app.fhir.resource import choice, extension, extensions
from app.fhir.translation import missing
from pathways.questionnaire import items, sdc
from pathways.questionnaire.check_calculations import check_calculations
from pathways.questionnaire.elements import element_type
from pathways.questionnaire.units import analytes_of, convertible

_FITTING = {
    "boolean": {"Boolean"}, "integer": {"Integer", "Decimal"}, "decimal": {"Integer", "Decimal"}, "date": {"Date"},
    "dateTime": {"DateTime", "Date"}, "time": {"Time"}, "string": {"String"}, "text": {"String"},
    "quantity": {"Quantity"}, "choice": {"Coding", "String", "Integer", "Date", "Time"}, "reference": {"Reference"},
}  # fmt: skip
"""Question type → what its answers can be compared with; of others nothing is said."""
_OF_THE_RULES = "/right-when"
"""What makes an answer of a quiz right is read on the rules of its set, with their variables."""
_SEEN = frozenset(
    [
        "resource",
        "rootResource",
        "context",
        "questionnaire",
        "qitem",
        "patient",
        "subject",
        "encounter",
        "user",
        "ucum",
        "sct",
        "loinc",
    ]
)
"""The variables that every expression of a form sees (SDC, "Using expressions")."""


def check(questionnaire: Mapping[str, Any]) -> list[Issue]:
    """Everything that would fail when the form is shown, filled in or extracted."""
    names = _SEEN | frozenset(_named(questionnaire))
    found = [*_links(questionnaire), *_expressions(questionnaire, "Questionnaire", names)]
    known = items.by_link(questionnaire)
    for item in items.walk(questionnaire):
        place = f"Questionnaire.item('{item['linkId']}')"
        found += [*_conditions(item, known, place), *_answers(item, place), *_extraction(item, questionnaire, place)]
        found += _templates(item, questionnaire, place)
    return [*found, *_templates(questionnaire, questionnaire, "Questionnaire"), *check_calculations(questionnaire)]


def check_texts(questionnaire: Mapping[str, Any]) -> list[Issue]:
    """The texts that do not stand in every language: title, questions, answer options, what is said of calculations."""
    language = questionnaire.get("language")
    lacking = missing(questionnaire, LANGUAGES, ("title",))
    for item in items.walk(questionnaire):
        owner = {**item, "resourceType": f"Questionnaire.item('{item['linkId']}')", "language": language}
        lacking += missing(owner, LANGUAGES, ("text", "answerOption.valueCoding.display"))
        for found in extensions(item, sdc.CALCULATION):
            beside = {"resourceType": owner["resourceType"], "language": language, "calculation": found["extension"]}
            lacking += missing(beside, LANGUAGES, ("calculation.extension.valueString",))
    return [_error("The text lacks a language: {text}", one.split(" ")[0], "required", text=one) for one in lacking]


def _error(message: str, place: str, code: str = "invalid", **values: Any) -> Issue:
    return Issue(message, code, place, values=values)


def _links(questionnaire: Mapping[str, Any]) -> Iterator[Issue]:
    counts = Counter(item["linkId"] for item in items.walk(questionnaire))
    for link_id, count in counts.items():
        if count > 1:
            yield _error("The linkId {link} stands {count} times", "Questionnaire", link=link_id, count=count)


def _named(value: Any) -> Iterator[str]:
    """The names that a form gives: of expressions, launch contexts, ids that its extraction allocates."""
    if isinstance(value, list):
        for one in value:
            yield from _named(one)
    elif isinstance(value, dict):
        if value.get("url") == sdc.ALLOCATE_ID and "valueString" in value:
            yield value["valueString"]
        if value.get("url") == sdc.LAUNCH_CONTEXT:
            name = items.parts(value).get("name")
            yield str(name.get("code") if isinstance(name, dict) else name)
        if "expression" in value and isinstance(value.get("name"), str):
            yield value["name"]
        for one in value.values():
            if isinstance(one, (dict, list)):
                yield from _named(one)


def _expressions(value: Any, place: str, names: frozenset[str] | None) -> Iterator[Issue]:
    """Every FHIRPath below a resource that cannot be read, or reads a variable that there is not, its place named by
    the nearest linkId."""
    if isinstance(value, list):
        for one in value:
            yield from _expressions(one, place, names)
    elif isinstance(value, dict):
        here = f"Questionnaire.item('{value['linkId']}')" if "linkId" in value else place
        text = value.get("expression")
        if isinstance(text, str) and value.get("language") == "text/fhirpath":
            yield from _read(text, here, names)
        elif value.get("url") in (sdc.TEMPLATE_CONTEXT, sdc.TEMPLATE_VALUE) and "valueString" in value:
            yield from _read(value["valueString"], here, names)
        inner = None if str(value.get("url", "")).endswith(_OF_THE_RULES) else names
        for one in value.values():
            if isinstance(one, (dict, list)):
                yield from _expressions(one, here, inner)


def _read(text: str, place: str, names: frozenset[str] | None) -> Iterator[Issue]:
    try:
        tree = compile(text).tree
    except FhirPathError as error:
        yield Issue(str(error), "invalid", place)
        return
    if names is not None and "defineVariable" not in text:
        for name in dict.fromkeys(_variables(tree)):
            if name not in names and not name.startswith(("vs-", "ext-")):
                yield _error("The expression reads the variable %{name}, which there is not", place, name=name)


def _variables(tree: Expression) -> Iterator[str]:
    if isinstance(tree, Variable):
        yield tree.name
    for one in parts(tree):
        yield from _variables(one)


def _conditions(item: Mapping[str, Any], known: Mapping[str, Any], place: str) -> Iterator[Issue]:
    for condition in item.get("enableWhen", ()):
        if condition["question"] not in known:
            question = condition["question"]
            yield _error("enableWhen names the question {question}, which is not in the form", place, question=question)
            continue
        kind = (choice(condition, "answer") or ("",))[0]
        asked = known[condition["question"]]["type"]
        fitting = _FITTING.get(asked)
        if condition["operator"] != "exists" and fitting is not None and kind not in fitting:
            about = {"question": condition["question"], "type": asked, "kind": kind}
            yield _error("enableWhen compares {question}, a {type}, with a value of type {kind}", place, **about)
    if len(item.get("enableWhen", ())) > 1 and "enableBehavior" not in item:
        yield _error("Several enableWhen conditions need an enableBehavior", place, "required")


def _answers(item: Mapping[str, Any], place: str) -> Iterator[Issue]:
    if item["type"] in ("choice", "open-choice") and not item.get("answerOption") and not item.get("answerValueSet"):
        yield _error("The choice has neither answerOption nor answerValueSet", place, "required")
    low, high = (items.limit(item, which) for which in ("min", "max"))
    if low is not None and high is not None and not isinstance(low, (dict, str)) and low > high:
        yield _error("The least value {low} is above the greatest {high}", place, low=low, high=high)
    pattern = extension(item, sdc.REGEX)
    try:
        Pattern(pattern or "", lines=False)
    except Invalid as error:
        yield _error("The pattern cannot be read: {error}", place, error=error)
    preferred = items.unit(item)
    for unit in items.unit_options(item):
        if preferred and not convertible(unit["code"], preferred["code"], analytes_of(item)):
            about = {"unit": unit["code"], "preferred": preferred["code"]}
            yield _error("No conversion from {unit} to {preferred} is known for this question", place, **about)


def _extraction(item: Mapping[str, Any], questionnaire: Mapping[str, Any], place: str) -> Iterator[Issue]:
    flagged = extension(item, sdc.OBSERVATION_EXTRACT) in (True, "component", "member")
    if flagged and not any(one.get("code") for one in (item, *items.walk(item))):
        yield _error("An item to be extracted as an Observation needs a code", place, "required")
    named = [item["definition"]] if "#" in item.get("definition", "") else []
    for one in (
        *extensions(item, sdc.DEFINITION_EXTRACT_VALUE),
        *extensions(questionnaire, sdc.DEFINITION_EXTRACT_VALUE),
    ):
        named.append(str(items.parts(one).get("definition", "")))
    for definition in named:
        path = definition.partition("#")[2]
        try:
            element_type(path)
        except Invalid as error:
            yield Issue(str(error), "invalid", place)


def _templates(owner: Mapping[str, Any], questionnaire: Mapping[str, Any], place: str) -> Iterator[Issue]:
    contained = {f"#{one.get('id')}" for one in questionnaire.get("contained", ())}
    named = [items.parts(one).get("template", {}).get("reference") for one in extensions(owner, sdc.TEMPLATE_EXTRACT)]
    named += [one.get("valueReference", {}).get("reference") for one in extensions(owner, sdc.TEMPLATE_EXTRACT_BUNDLE)]
    for reference in named:
        if reference not in contained:
            yield _error("The template {template} is not contained", place, "not-found", template=reference)
