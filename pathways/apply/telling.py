"""Step: telling. What goes wrong with an action, in the reader's language.

What goes wrong is said in English where it happens, for developers. Here the sentence is known again and said in French
and Arabic; of one that nobody has translated its kind is told, and the English follows as the detail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.config import LANGUAGES
from app.errors import Issue, filled
from app.fhir import translation
from app.fhir.outcome import outcome as operation_outcome
from pathways.questionnaire.words import _, words

Resource = dict[str, Any]
_ABOUT = _("action '{title}': {reason}")
_OTHER = _("it cannot be worked out ({reason})")
_PLACE = re.compile(r"\{(\w+)\}")
_POSITION = re.compile(r"(?P<reason>.+?) (?P<place>\(FHIRPath(?: at character \d+)?: .+\))", re.DOTALL)

_SENTENCES = (
    # conditions, expressions, variables
    _("the condition answers neither true nor false"),
    _("the condition has no expression"),
    _("a query is no condition: write a FHIRPath expression over it"),
    _("the expression cannot be read"),
    _("there is no expression text to evaluate"),
    _("the expression language {language} is not evaluated here"),
    _("the variable %{name} needs itself"),
    _("the variable has no expression"),
    _("the dynamic value has no expression"),
    # definitions
    _("there is no definition {canonical}"),
    _("there is no contained definition {reference}"),
    _("the definitions go in a circle: {names}"),
    _("plans are nested more than {levels} deep"),
    _("a definition of type {kind} cannot be applied"),
    _("an ActivityDefinition of kind '{kind}' makes no request of FHIR R4"),
    _("'{name}' is for {wanted}, but the subject is a {subject}"),
    # values, times, choices
    _("'{path}' of a dynamic value takes one value, but there are {count}"),
    _("'{path}' of a dynamic value: {type} has no element '{name}'"),
    _("'{path}' is not known: {names} is empty"),
    _("the path '{path}' of a dynamic value cannot be read at '{place}'"),
    _("the path '{path}' of a dynamic value names no element"),
    _("the path '{path}' of a dynamic value points at item {index}: too far"),
    _("there is no action '{name}' to be related to"),
    _("'{value} {unit}' is no duration: units are min, h, d, wk, mo and a"),
    _("timing{kind} is not known"),
    _("an age needs the date of birth, which is not known"),
    _("selection is {behaviour}, but none of the {count} options applies"),
    # FHIRPath
    _("There is no variable %{name}."),
    _("Unknown function {name}()."),
    _("Expected {wanted}, but {met} here."),
    _("{what} takes one item, but there are {count}."),
    _("{left} cannot be compared with {right}."),
    _("{sign} is not for {left} and {right}."),
    _("{what} is for numbers, not for {item}."),
    _("{what} is for strings, not for {item}."),
    _("{shown} has no element '{name}'."),
)
"""The sentences that are known again, as they are said."""


@dataclass(frozen=True, slots=True)
class Fault(Issue):
    """What went wrong with an action: its title in each language, and the reason alone."""

    titles: tuple[tuple[str, str], ...] = ()
    reason: str = ""


def fault_outcome(faults: Iterable[Issue]) -> Resource:
    """The OperationOutcome of an answer: English, and as every text of it with its translations."""
    found = list(faults)
    made = operation_outcome(found)
    told = [one for one in found if isinstance(one, Fault)]
    texts = {one.text: {language: _about(one, language) for language in LANGUAGES} for one in told}
    for issue in made["issue"]:
        details = issue["details"]
        issue["details"] = translation.translated(details, "text", texts.get(details["text"], {}))
    return made


def spoken(reason: str, language: str) -> str:
    """What went wrong, in a language."""
    if language not in LANGUAGES:
        return reason
    say = words(language)
    if placed := _POSITION.fullmatch(reason):
        return f"{spoken(placed['reason'], language)} {placed['place']}"
    for pattern, sentence in _patterns():
        if found := pattern.fullmatch(reason):
            return filled(say(sentence), found.groupdict())
    return filled(say(_OTHER), {"reason": reason})


def _about(fault: Fault, language: str) -> str:
    title = dict(fault.titles).get(language, "")
    return filled(words(language)(_ABOUT), {"title": title, "reason": spoken(fault.reason, language)})


@lru_cache(1)
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    made = []
    for sentence in _SENTENCES:
        parts = _PLACE.split(sentence)
        written = [f"(?P<{part}>.+?)" if at % 2 else re.escape(part) for at, part in enumerate(parts)]
        made.append((re.compile("".join(written), re.DOTALL), sentence))
    return made
