"""Step: explanation. Why an action is taken or not: what its condition saw, in words, with dates and sources.

The protocol writes the sentences (``explanation`` extension of an action: ``taken``, ``notTaken``, templates with
``{{FHIRPath}}`` places); where it does not, the engine says what it knows: which value is missing, what failed, which
other option was chosen.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from app.config import CANONICAL_BASE
from app.fhir import translation
from app.fhir.resource import extension
from pathways.apply.expression import ExpressionFailed, path
from pathways.apply.outcome import Source, Value
from pathways.apply.scope import Scope
from pathways.apply.telling import spoken
from pathways.apply.values import date_of, holds, plain, stands_in_record, unit_of
from pathways.apply.wording import all_shown, isolated, sentence

if TYPE_CHECKING:
    from pathways.apply.outcome import ActionOutcome

UNIT = f"{CANONICAL_BASE}/StructureDefinition/unit"
PLACE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_TEMPLATES = {"taken": "taken", "not-taken": "notTaken", "missing": "missing", "failed": None}


def reason_of(outcome: ActionOutcome, language: str) -> str:
    """The sentence of an outcome; empty for an unconditional action of which nobody wrote why."""
    if outcome.taken == "failed" and outcome.lacking:
        return _missing(outcome, outcome.lacking, language)
    if outcome.taken == "failed":
        reason = spoken(outcome.failure, language) if outcome.failure else outcome.condition
        return sentence("failed", language, what=reason or "")
    if outcome.instead_of is not None:
        other = outcome.instead_of
        name = "another" if other.taken == "taken" else "waits"
        return sentence(name, language, what=other.text("title", language) or other.title)
    written = _template(outcome, language)
    if outcome.taken == "missing":
        return f"{_missing(outcome, outcome.verdict.missing, language)} {written}".strip()
    return written


def _missing(outcome: ActionOutcome, names: tuple[str, ...], language: str) -> str:
    titles = [title_of(outcome.frame.scope, name, language) for name in names]
    return sentence("missing", language, what=titles) if titles else sentence("undetermined", language)


def _template(outcome: ActionOutcome, language: str) -> str:
    if outcome.action.explanation is None or (wanted := _TEMPLATES[outcome.taken]) is None:
        return ""
    key = (wanted, language)
    text = outcome.action.templates.get(key)
    if text is None:
        text = outcome.action.templates[key] = _text(outcome, wanted, language)
    return filled(text, outcome.frame.scope, outcome.frame.plan.node, language) if text else ""


def _text(outcome: ActionOutcome, wanted: str, language: str) -> str:
    for entry in (outcome.action.explanation or {}).get("extension", ()):
        if entry.get("url") == wanted:
            field = "valueMarkdown" if "valueMarkdown" in entry else "valueString"
            primary = outcome.frame.plan.source.get("language")
            return translation.text(entry, field, language, primary=primary) or ""
    return ""


def filled(template: str, scope: Scope, focus: Any, language: str) -> str:
    """A template with its places filled; a place whose expression fails or finds nothing says "unknown".

    ``focus``: the plan, as a node."""
    pieces = _pieces(template)
    if len(pieces) == 1:
        return template
    made = list(pieces)
    for at in range(1, len(pieces), 2):
        key = ("place", pieces[at], language, id(focus))
        told = scope.told.get(key)
        if told is None:
            try:
                items = path(pieces[at].strip()).items(focus, scope)
            except ExpressionFailed:
                items = []
            told = scope.told[key] = isolated(all_shown(items, language))
        made[at] = told
    return "".join(made)


@lru_cache(8192)
def _pieces(template: str) -> tuple[str, ...]:
    """The texts of a template, and between them the expressions of its places."""
    return tuple(PLACE.split(template))


def title_of(scope: Scope, name: str, language: str) -> str:
    """What a variable is called: the description of its expression, else its name."""
    variable = scope.declared(name)
    if variable is None:
        return name
    title = variable.titles.get(language)
    if title is None:
        title = variable.titles[language] = translation.text(variable.about, "description", language) or name
    return title


def values_of(outcome: ActionOutcome) -> list[Value]:
    """What the conditions looked at: the values they name, and the measured or computed ones behind these, each once.

    Conclusions (true, false) are shown where the condition names them; search answers and whole resources never.
    """
    scope, language = outcome.frame.scope, outcome.frame.asked.language
    told = scope.told.get(language)
    if told is None:
        told = scope.told[language] = {}
    found: dict[str, Value] = {}
    below: list[tuple[Value, ...]] = []
    try:
        for name in outcome.verdict.used:
            shown = told.get(name)
            if shown is None:
                shown = told[name] = (value_of(scope, name, language), _behind(scope, name, language))
            if shown[0] is not None:
                found[shown[0].name] = shown[0]
            if shown[1]:
                below.append(shown[1])
        for name in outcome.verdict.missing:
            if name not in found and (value := value_of(scope, name, language)) is not None:
                found[name] = value
    except ExpressionFailed:
        return []
    for values in below:
        for value in values:
            if value.name not in found:
                found[value.name] = value
    return list(found.values())


def _behind(scope: Scope, name: str, language: str) -> tuple[Value, ...]:
    """What a variable used, directly or not, that is worth showing: described, known, and no conclusion."""
    told, key = _told(scope, "behind", name, language)
    found: tuple[Value, ...] | None = told.get(key)
    if found is None:
        below: dict[str, Value] = {}
        if _measured(scope, name) and (own := value_of(scope, name, language)) is not None:
            below[name] = own
        for other in scope.answer(name).used if scope.declared(name) is not None else ():
            for value in _behind(scope, other, language):
                below.setdefault(value.name, value)
        found = told[key] = tuple(below.values())
    return found


def _told(scope: Scope, what: str, name: str, language: str) -> tuple[dict[Any, Any], tuple[str, ...]]:
    """Where something told of a variable is kept, and its key: for all plans where they say the same of it."""
    words = scope.words(name)
    return (scope.told, (what, name, language)) if words is None else (scope.everywhere, (what, words, language))


def _measured(scope: Scope, name: str) -> bool:
    variable = scope.declared(name)
    if variable is None or "description" not in variable.about:
        return False
    items = scope[name]
    return bool(items) and not isinstance(plain(items[0]), bool)


def value_of(scope: Scope, name: str, language: str) -> Value | None:
    """A variable as a value, worked out once; None where it is a search answer or a whole resource."""
    told, key = _told(scope, "value", name, language)
    try:
        found: Value | None = told[key]
    except KeyError:
        found = told[key] = _value(scope, name, language)
    return found


def _value(scope: Scope, name: str, language: str) -> Value | None:
    if scope.declared(name) is None:
        return None
    items = scope[name]
    values = [plain(item) for item in items]
    if any(isinstance(value, dict) and "resourceType" in value for value in values):
        return None
    title = title_of(scope, name, language)
    if not values:
        return Value(name, title, None, None, None, None)
    resource, owner = _origin(scope, name, values[0]) if stands_in_record(items[0]) else (None, None)
    value = values[0] if len(values) == 1 else values
    when = date_of(resource) if resource else None
    reference = f"{resource['resourceType']}/{resource['id']}" if resource and resource.get("id") else None
    unit = unit_of(owner, values[0]) or _unit(scope, name)
    return Value(name, title, value, unit, when, reference)


def _unit(scope: Scope, name: str) -> str | None:
    """The unit that a variable declares (extension ``unit`` of its Expression), for numbers that carry none."""
    variable = scope.declared(name)
    found = extension(variable.about, UNIT) if variable else None
    return str(found) if found is not None else None


def _origin(scope: Scope, name: str, value: Any) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """(resource, object inside it) that a value was read from: the variable's own search or those it comes from.

    A value of the patient's own data (``%patient.birthDate``) comes from no search.
    """
    for bundle in scope.bundles(name):
        for entry in bundle.get("entry", ()):
            owner = holds(entry["resource"], value)
            if owner is not None:
                return entry["resource"], owner
    return None, None


def sources_of(outcome: ActionOutcome) -> list[Source]:
    """The citations of the action, of the nearest action above it, or of the plan."""
    plan, language = outcome.frame.plan.source, outcome.frame.asked.language
    primary = plan.get("language")
    made = []
    for one in outcome.action.sources:
        citation = translation.text(one, "citation", language, primary=primary)
        label = translation.text(one, "label", language, primary=primary)
        display = translation.text(one, "display", language, primary=primary)
        made.append(
            Source(label or display or "", citation or display or "", one.get("url"), one.get("publicationDate"))
        )
    return made
