"""What is wrong with what a form calculates, and with the sentences beside it, before anybody fills it in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.config import LANGUAGES
from app.errors import Issue
from app.fhir.fhirpath import FhirPathError, compile
from app.fhir.resource import extension
from pathways.questionnaire import items, sdc
from pathways.questionnaire.calculation import PLACE, SENTENCES, parts_of
from pathways.questionnaire.units import known_substances


def check_calculations(questionnaire: Mapping[str, Any]) -> Iterator[Issue]:
    """Sentences that cannot be said, a kind of sentence or a substance that nobody knows."""
    for item in items.walk(questionnaire):
        place = f"Questionnaire.item('{item['linkId']}')"
        yield from _sentences(item, place)
        substance = extension(item, sdc.SUBSTANCE)
        if substance is not None and substance not in known_substances():
            yield Issue(
                "The substance {substance} is not among those that can be converted",
                "not-found",
                place,
                values={"substance": substance},
            )


def _sentences(item: Mapping[str, Any], place: str) -> Iterator[Issue]:
    if not items.is_calculated(item):
        return
    by_language = [parts_of(item, language) for language in LANGUAGES]
    for several in zip(*by_language, strict=True):
        part = several[0]
        if part.kind not in SENTENCES:
            yield Issue("There is no part {kind} of a calculation", "invalid", place, values={"kind": part.kind})
        if any(PLACE.findall(one.text) != PLACE.findall(part.text) for one in several):
            yield Issue("The values in this text differ between languages: {text}", "invalid", place,
                        values={"text": part.text})  # fmt: skip
        for written in PLACE.findall(part.text):
            try:
                compile(written)
            except FhirPathError as error:
                yield Issue(str(error), "invalid", place)
