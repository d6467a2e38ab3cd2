"""The answers among which a question lets one choose: ``answerOption`` or ``answerValueSet``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.config import LANGUAGES
from app.fhir.resource import Resource, extension
from app.fhir.translation import text as text_of
from pathways.questionnaire import answers, items, sdc
from pathways.questionnaire.context import FormContext, ValueSets


@dataclass(frozen=True, slots=True)
class Option:
    """One possible answer: ``key`` in the form, ``label`` for people, ``answer`` as it is stored."""

    key: str
    label: str
    answer: Resource
    chosen: bool = False
    exclusive: bool = False
    also: str = ""
    """The label in the other language, where one filters by either."""


def options(questionnaire: Mapping[str, Any], item: Mapping[str, Any], context: FormContext) -> list[Option]:
    """The options of a question in the context's language; empty where none are known.

    The answer of a value set that stands alone (*none of these*) comes first: it is the one given most often.
    """
    if "answerOption" in item:
        return [_option(one, context.language) for one in item["answerOption"]]
    address = item.get("answerValueSet")
    if not address:
        return []
    codes = _codes(questionnaire, address, context.language, context.value_sets)
    names = others(questionnaire, item, context)
    alone = extension(item, sdc.EXCLUSIVE_ANSWER) or {}
    found = [
        Option(
            f"{system}|{code}",
            display,
            {"valueCoding": {"system": system, "code": code, "display": display}},
            exclusive=(system, code) == (alone.get("system"), alone.get("code")),
            also=names.get(f"{system}|{code}", ""),
        )
        for system, code, display in codes
    ]
    return sorted(found, key=lambda option: not option.exclusive)


def others(questionnaire: Mapping[str, Any], item: Mapping[str, Any], context: FormContext) -> dict[str, str]:
    """Key → label in the other language, of a list that is filtered by either (autocomplete); else empty."""
    address = item.get("answerValueSet")
    if not address or "autocomplete" not in items.controls(item):
        return {}
    other = next(one for one in LANGUAGES if one != context.language)
    listed = _codes(questionnaire, address, other, context.other_value_sets)
    return {f"{system}|{code}": display for system, code, display in listed}


def _codes(
    questionnaire: Mapping[str, Any], address: str, language: str, value_sets: ValueSets
) -> Sequence[tuple[str, str, str]]:
    return _contained(questionnaire, address[1:], language) if address[0] == "#" else value_sets(address)


def _option(given: Mapping[str, Any], language: str) -> Option:
    answer = {key: value for key, value in given.items() if key.startswith("value")}
    label = answers.shown(answer, language)
    if prefix := extension(given, sdc.OPTION_PREFIX):
        label = f"{prefix} {label}"
    if "valueCoding" in answer:
        coding = {key: part for key, part in answer["valueCoding"].items() if key not in ("extension", "_display")}
        answer = {"valueCoding": coding}
    return Option(
        answers.option_key(answer),
        label,
        answer,
        bool(given.get("initialSelected", False)),
        extension(given, sdc.OPTION_EXCLUSIVE) is True,
    )


def _contained(questionnaire: Mapping[str, Any], id: str, language: str) -> list[tuple[str, str, str]]:
    """The codes of a contained ValueSet: of its expansion, else those that its ``compose`` lists."""
    found: Resource = next((one for one in questionnaire.get("contained", ()) if one.get("id") == id), {})
    if "expansion" in found:
        return [
            (entry.get("system", ""), entry["code"], _designation(entry, language))
            for entry in found["expansion"].get("contains", ())
            if "code" in entry
        ]
    return [
        (include["system"], concept["code"], _designation(concept, language))
        for include in found.get("compose", {}).get("include", ())
        for concept in include.get("concept", ())
    ]


def _designation(concept: Mapping[str, Any], language: str) -> str:
    """The display in a language: a designation, a translated display, the display, the code."""
    for designation in concept.get("designation", ()):
        if designation.get("language", "").split("-")[0] == language:
            return str(designation["value"])
    return text_of(concept, "display", language) or str(concept["code"])
