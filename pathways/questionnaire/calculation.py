"""What is said beside a calculated value: from what it was calculated, what is still missing, why it does not apply.

The sentences stand in the Questionnaire (extension ``calculation``, see ``sdc.CALCULATION``): the first that is
``not-applicable`` speaks alone; else all that is ``missing``; else everything it was calculated ``from``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from app.config import LANGUAGES
from app.fhir.resource import Resource, extension
from app.fhir.translation import text as text_of
from app.fhir.translation import translated
from pathways.questionnaire import answers, items, sdc
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.expressions import Expressions
from pathways.questionnaire.numbers import number_text
from pathways.questionnaire.rules_of_calculations import alike
from pathways.questionnaire.words import _, words
from pathways.texts import unmarked

PLACE = re.compile(r"\{\{(.+?)\}\}")
SENTENCES = {
    "not-applicable": _("Not applicable: %(what)s"),
    "missing": _("Still missing: %(what)s"),
    "from": _("Calculated: %(what)s"),
}
"""What each kind of part is said with, in the order in which they are looked for."""


@dataclass(frozen=True, slots=True)
class Calculation:
    """``value``: the value with its unit, empty where there is none; ``note``: the sentence beside it."""

    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Part:
    """One part of what may be said: ``text`` in the page's language, under the condition ``when`` (None: always)."""

    kind: str
    text: str
    when: Mapping[str, Any] | None


def parts_of(definition: Mapping[str, Any], language: str) -> list[Part]:
    """The parts that a calculated question says, in the order of the Questionnaire."""
    found: Resource = next((one for one in definition.get("extension", ()) if one["url"] == sdc.CALCULATION), {})
    made = []
    for part in found.get("extension", ()):
        text: Resource = next((one for one in part["extension"] if one["url"] == "text"), {})
        made.append(Part(part["url"], text_of(text, "valueString", language) or "", extension(part, "when")))
    return made


def explained(
    definition: Mapping[str, Any],
    expressions: Expressions,
    response: Mapping[str, Any],
    chain: Sequence[Mapping[str, Any]] = (),
) -> Calculation:
    """The value that the answers of a response give, and what is said beside it. Raises FhirPathError."""
    language = expressions.context.language
    made = expressions.calculate(definition, response, chain or [response])
    value = ", ".join(answers.shown(answer, language, definition) for answer in made)
    return Calculation(value, _note(definition, expressions, response, chain, bool(made)))


class Methods:
    """How calculated answers of a response were come by, for ``Observation.method``: the sentence said beside them."""

    def __init__(self, questionnaire: Mapping[str, Any], context: FormContext):
        self._speaking = {one: Expressions(questionnaire, replace(context, language=one)) for one in LANGUAGES}

    def of(
        self, definition: Mapping[str, Any], item: Mapping[str, Any], chain: Sequence[Mapping[str, Any]]
    ) -> Resource:
        """``{"method": {"text": …}}`` in every language; empty where the answer is not as calculated here."""
        first = next(iter(self._speaking.values()))
        own = first.calculate(definition, chain[0], chain) if items.is_calculated(definition) else []
        if not own or not alike(own, item.get("answer", ()), definition):
            return {}
        notes = {
            language: unmarked(explained(definition, expressions, chain[0], chain).note)
            for language, expressions in self._speaking.items()
        }
        primary, *others = LANGUAGES
        if not notes[primary]:
            return {}
        return {"method": translated({"text": notes[primary]}, "text", {one: notes[one] for one in others})}


def _note(
    definition: Mapping[str, Any],
    expressions: Expressions,
    response: Mapping[str, Any],
    chain: Sequence[Mapping[str, Any]],
    known: bool,
) -> str:
    language = expressions.context.language
    parts = parts_of(definition, language)
    for kind in ("from",) if known else ("not-applicable", "missing"):
        said = list(_said((part for part in parts if part.kind == kind), expressions, response, chain))
        if said:
            return sentence(kind, said[:1] if kind == "not-applicable" else said, language)
    return ""


def _said(parts: Iterator[Part], expressions: Expressions, response: Any, chain: Any) -> Iterator[str]:
    for part in parts:
        if part.when is None or expressions.holds(part.when, response, chain) is True:
            yield PLACE.sub(
                lambda found: _shown(expressions.evaluate(found[1], response, chain), expressions), part.text
            )


def _shown(values: Sequence[Any], expressions: Expressions) -> str:
    language = expressions.context.language
    return ", ".join(
        number_text(_short(one), language) if isinstance(one, (int, Decimal)) else str(one) for one in values
    )


def _short(value: Decimal | int) -> Decimal | int:
    """A number without the zeros at its end."""
    return value if isinstance(value, int) or value == 0 else Decimal(format(value.normalize(), "f"))


def sentence(kind: str, texts: Sequence[str], language: str) -> str:
    """The sentence of a kind of parts."""
    return words(language)(SENTENCES[kind], what=comma(language).join(texts))


def comma(language: str) -> str:
    """What stands between the things of a list."""
    return "\u060c " if language == "ar" else ", "
