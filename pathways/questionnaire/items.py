"""What a Questionnaire item says about itself: texts, units, limits, options. Items stay plain dicts.

https://hl7.org/fhir/R4/questionnaire.html and https://hl7.org/fhir/R4/questionnaire-profiles.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.fhir.resource import Resource, choice, extension, extensions
from app.fhir.translation import text as text_of
from pathways.questionnaire import sdc

_REMARK = re.compile(r"\s*\([^()]*\)$")
"""What a question says in brackets at its end is for who answers, not part of its name."""

VALUE_KEYS = {
    "boolean": "valueBoolean", "decimal": "valueDecimal", "integer": "valueInteger", "date": "valueDate",
    "dateTime": "valueDateTime", "time": "valueTime", "string": "valueString", "text": "valueString", "url": "valueUri",
    "choice": "valueCoding", "open-choice": "valueCoding", "attachment": "valueAttachment",
    "reference": "valueReference", "quantity": "valueQuantity",
}  # fmt: skip
"""Question type → the key of its answer (https://hl7.org/fhir/R4/valueset-item-type.html)."""


def children(owner: Mapping[str, Any]) -> list[Resource]:
    """The items directly below a Questionnaire, an item, a response or an answer."""
    found: list[Resource] = owner.get("item", [])
    return found


def walk(owner: Mapping[str, Any]) -> Iterator[Resource]:
    """Every item below, in the order of the form."""
    for item in children(owner):
        yield item
        yield from walk(item)


def lists(owner: Mapping[str, Any]) -> set[str]:
    """The value sets, outside of the Questionnaire, from which its questions are answered."""
    named = {str(item.get("answerValueSet", "#")) for item in walk(owner)}
    return {url for url in named if not url.startswith("#")}


def by_link(questionnaire: Mapping[str, Any]) -> dict[str, Resource]:
    """linkId → item."""
    return {item["linkId"]: item for item in walk(questionnaire)}


def is_group(item: Mapping[str, Any]) -> bool:
    """Whether the item only holds others."""
    return bool(item["type"] == "group")


def is_question(item: Mapping[str, Any]) -> bool:
    """Whether the item takes an answer."""
    return item["type"] not in ("group", "display")


def is_choice(item: Mapping[str, Any]) -> bool:
    """Whether answers come from a list: a choice type, or any type with options."""
    return item["type"] in ("choice", "open-choice") or "answerOption" in item or "answerValueSet" in item


def is_calculated(item: Mapping[str, Any]) -> bool:
    """Whether the answer is computed from others."""
    return extension(item, sdc.CALCULATED_EXPRESSION) is not None


def is_fixed(item: Mapping[str, Any]) -> bool:
    """Whether its answer is computed and nobody may put another in its place (``readOnly``)."""
    return is_calculated(item) and item.get("readOnly") is True


def may_override(item: Mapping[str, Any]) -> bool:
    """Whether its answer is computed unless somebody knows better: the laboratory's own value, for example.

    "In most cases, calculated answers should be readOnly, however in some cases it may be legitimate to override …"
    (http://hl7.org/fhir/uv/sdc/expressions.html#calculatedExpression).
    """
    return is_calculated(item) and not is_fixed(item)


def repeats(item: Mapping[str, Any]) -> bool:
    """Whether several answers (or several groups) may stand."""
    return bool(item.get("repeats", False))


def hidden(item: Mapping[str, Any]) -> bool:
    """Whether the item is never shown to people."""
    return extension(item, sdc.HIDDEN) is True


def occurs(item: Mapping[str, Any]) -> tuple[int, int | None]:
    """Fewest and most answers of an enabled item; None: no limit."""
    least = extension(item, sdc.MIN_OCCURS)
    most = extension(item, sdc.MAX_OCCURS)
    low = max(int(least or 0), int(bool(item.get("required"))))
    return low, int(most) if most is not None else (None if repeats(item) else 1)


def controls(item: Mapping[str, Any]) -> set[str]:
    """Codes of the item control: radio-button, check-box, drop-down, autocomplete, slider, header, help, unit …"""
    concept = extension(item, sdc.ITEM_CONTROL)
    return {coding["code"] for coding in concept.get("coding", ()) if "code" in coding} if concept else set()


def unit(item: Mapping[str, Any]) -> Resource | None:
    """The Coding of the unit in which the answer is kept (and, with one unit only, asked)."""
    given: Resource | None = extension(item, sdc.UNIT)
    if given is None and item["type"] == "quantity":
        started = next((entry["valueQuantity"] for entry in item.get("initial", ()) if "valueQuantity" in entry), None)
        if started and "code" in started:
            return {"system": started.get("system", sdc.UCUM), "code": started["code"], "display": started.get("unit")}
        return next(iter(unit_options(item)), None)
    return given


def unit_options(item: Mapping[str, Any]) -> list[Resource]:
    """The units among which the user may choose; empty where there is one or none."""
    return [found["valueCoding"] for found in extensions(item, sdc.UNIT_OPTION) if "valueCoding" in found]


def units(item: Mapping[str, Any]) -> list[Resource]:
    """Every unit in which the answer may be given, the one preferred first."""
    preferred = unit(item)
    listed = [preferred] if preferred else []
    return listed + [one for one in unit_options(item) if not preferred or one["code"] != preferred["code"]]


def unit_name(coding: Mapping[str, Any] | None, language: str = "fr") -> str:
    """The unit as people read it: ``mmHg`` for ``mm[Hg]``."""
    return (text_of(coding, "display", language) or coding.get("code", "")) if coding else ""


def limit(item: Mapping[str, Any], which: str) -> Any:
    """``min`` or ``max`` value: a number, a date text, a Quantity; None where there is none.

    An expression (``cqf-expression`` on the value) is left to the caller: see ``expressions.limit_of``.
    """
    plain, amount = (sdc.MIN_VALUE, sdc.MIN_QUANTITY) if which == "min" else (sdc.MAX_VALUE, sdc.MAX_QUANTITY)
    found = next(iter(extensions(item, amount) + extensions(item, plain)), None)
    value = choice(found, "value") if found else None
    return value[1] if value else None


def name_in_message(item: Mapping[str, Any], language: str) -> str:
    """How a message names the field: its ``field-name`` ("La systolique"), else its text between quotation marks."""
    named = next(iter(extensions(item, sdc.FIELD_NAME)), None)
    if named is not None:
        return text_of(named, "valueString", language) or ""
    short = next(iter(extensions(item, sdc.SHORT_TEXT)), None)
    text = text_of(short, "valueString", language) if short else None
    text = (text or text_of(item, "text", language) or item["linkId"]).rstrip(" :?؟*")
    text = _REMARK.sub("", text) or text
    return {"fr": f"«\u00a0{text}\u00a0»", "ar": f"«{text}»"}.get(language, f"“{text}”")


def parts(complex_extension: Mapping[str, Any]) -> dict[str, Any]:
    """Name → value of the parts of a complex extension."""
    found = {part["url"]: choice(part, "value") for part in complex_extension.get("extension", ())}
    return {name: value[1] for name, value in found.items() if value is not None}


def codes(item: Mapping[str, Any]) -> list[Resource]:
    """``item.code`` as plain Codings, without the extensions that steer the extraction."""
    return [{key: part for key, part in coding.items() if key != "extension"} for coding in item.get("code", ())]


def answers_in(items: Sequence[Mapping[str, Any]], link_id: str) -> list[Resource]:
    """The answers of one question among response items of one level."""
    return [answer for item in items if item["linkId"] == link_id for answer in item.get("answer", ())]
