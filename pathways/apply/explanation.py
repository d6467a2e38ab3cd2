"""Step: explanation. Why an action is taken or not: what its condition saw, in words, with dates and sources.

The protocol writes the sentences (``explanation`` extension of an action: ``taken``, ``notTaken``, templates with
``{{FHIRPath}}`` places); where it does not, the engine says what it knows: which value is missing, what failed, which
other option was chosen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from app.fhir import translation
from pathways.apply.expression import ExpressionFailed, path
from pathways.apply.scope import Scope
from pathways.apply.seen import title_of
from pathways.apply.telling import spoken
from pathways.apply.wording import all_shown, isolated, sentence

if TYPE_CHECKING:
    from pathways.apply.outcome import ActionOutcome

PLACE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_TEMPLATES = {"taken": "taken", "not-taken": "notTaken", "missing": "missing"}


class Source(NamedTuple):
    """Where an action comes from: a document, its citation with page, its address, its date."""

    label: str
    citation: str
    url: str | None
    date: str | None


def reason_of(outcome: ActionOutcome, language: str) -> str:
    """The sentence of an outcome; empty for an unconditional action of which nobody wrote why."""
    taken = outcome.taken
    if taken == "failed":
        if outcome.lacking:
            return _missing(outcome, outcome.lacking, language)
        reason = spoken(outcome.failure, language) if outcome.failure else outcome.condition
        return sentence("failed", language, what=reason or "")
    if outcome.instead_of is not None:
        other = outcome.instead_of
        name = "another" if other.taken == "taken" else "waits"
        return sentence(name, language, what=other.text("title", language) or other.title)
    written = _written(outcome, taken, language) if outcome.action.explanation is not None else ""
    if taken == "missing":
        return f"{_missing(outcome, outcome.verdict.missing, language)} {written}".strip()
    return written


def _missing(outcome: ActionOutcome, names: tuple[str, ...], language: str) -> str:
    titles = [title_of(outcome.frame.scope, name, language) for name in names]
    return sentence("missing", language, what=titles) if titles else sentence("undetermined", language)


def _written(outcome: ActionOutcome, taken: str, language: str) -> str:
    """The sentence that the protocol writes, its places filled; a place whose expression fails or finds nothing says
    "unknown"."""
    action, key = outcome.action, (taken, language)
    pieces = action.templates.get(key)
    if pieces is None:
        pieces = action.templates[key] = tuple(PLACE.split(_template(outcome, _TEMPLATES[taken], language)))
    if len(pieces) == 1:
        return pieces[0]
    made, scope, focus = list(pieces), outcome.frame.scope, outcome.frame.plan.node
    for at in range(1, len(pieces), 2):
        place = (pieces[at], language, id(focus))
        told = scope.told.get(place)
        if told is None:
            told = scope.told[place] = isolated(all_shown(_items(pieces[at], scope, focus), language))
        made[at] = told
    return "".join(made)


def _items(text: str, scope: Scope, focus: Any) -> list[Any]:
    """What stands at a place, in any language."""
    key = (text, id(focus))
    items: list[Any] | None = scope.told.get(key)
    if items is None:
        try:
            items = path(text.strip()).items(focus, scope)
        except ExpressionFailed:
            items = []
        scope.told[key] = items
    return items


def _template(outcome: ActionOutcome, wanted: str, language: str) -> str:
    for entry in (outcome.action.explanation or {}).get("extension", ()):
        if entry.get("url") == wanted:
            field = "valueMarkdown" if "valueMarkdown" in entry else "valueString"
            primary = outcome.frame.plan.source.get("language")
            return translation.text(entry, field, language, primary=primary) or ""
    return ""


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
