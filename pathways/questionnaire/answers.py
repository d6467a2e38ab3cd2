"""One answer: read from what was typed, and shown again. An answer is a dict with one value[x], as in the response.

https://hl7.org/fhir/R4/questionnaireresponse-definitions.html#QuestionnaireResponse.item.answer
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.clock import CASABLANCA
from app.fhir.resource import Resource, choice
from app.fhir.translation import text as text_of
from pathways.questionnaire import items, sdc
from pathways.questionnaire.numbers import number_text, parse_number, western
from pathways.questionnaire.words import _

_PARTIAL_DATE = re.compile(r"\d{4}(-\d\d){0,2}", re.ASCII)
_LOCAL_DAY = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", re.ASCII)


class Unreadable(ValueError):
    """What was typed is no answer of this type; ``msgid`` and ``values`` make the sentence."""

    def __init__(self, msgid: str, **values: Any):
        super().__init__(msgid)
        self.msgid = msgid
        self.values = values


def value_of(answer: Mapping[str, Any]) -> Any:
    """The value of an answer, whatever its type; None where there is none."""
    found = choice(answer, "value")
    return found[1] if found else None


def read(item: Mapping[str, Any], typed: str, unit_code: str | None = None) -> Resource:
    """The answer that was typed for a question that is no choice. Raises Unreadable.

    Numbers keep their digits. A quantity takes the unit chosen (``unit_code``), else the item's own; a dateTime without
    a zone is Moroccan time.
    """
    kind = item["type"]
    text = typed.strip()
    if kind in ("decimal", "integer", "quantity"):
        return _read_number(item, kind, text, unit_code)
    if kind == "boolean":
        return {"valueBoolean": text == "true"}
    if kind in ("date", "dateTime", "time"):
        return {items.VALUE_KEYS[kind]: _READERS[kind](western(text))}
    if kind == "reference":
        return {"valueReference": {"reference": text}}
    # the characters that no FHIR string may hold (https://hl7.org/fhir/R4/datatypes.html#string)
    clean = "".join(mark for mark in typed.strip() if mark in "\t\n\r" or ord(mark) >= 32)
    return {items.VALUE_KEYS[kind]: clean.replace("\r\n", "\n")}


def _read_number(item: Mapping[str, Any], kind: str, text: str, unit_code: str | None) -> Resource:
    value = parse_number(text)
    if value is None:
        raise Unreadable(_("%(field)s must be a number: you entered %(value)s"), value=text)
    if kind == "integer":
        if value != int(value):
            raise Unreadable(_("%(field)s must be a whole number: you entered %(value)s"), value=text)
        return {"valueInteger": int(value)}
    if kind == "decimal":
        return {"valueDecimal": value}
    return {"valueQuantity": quantity_of(item, value, unit_code)}


def quantity_of(item: Mapping[str, Any], value: Decimal | int, unit_code: str | None = None) -> Resource:
    """A Quantity in one of the item's units (the preferred one where none is chosen). Raises Unreadable."""
    listed = items.units(item)
    unit = next((one for one in listed if one["code"] == unit_code), None) if unit_code else next(iter(listed), None)
    if unit is None and unit_code:
        raise Unreadable(_("%(field)s: choose a unit of the list"), value=unit_code)
    if unit is None:
        return {"value": value}
    code = unit["code"]
    return {"value": value, "unit": unit.get("display") or code, "system": unit.get("system", sdc.UCUM), "code": code}


def _date(text: str) -> str:
    if found := _LOCAL_DAY.fullmatch(text):
        text = f"{found[3]}-{int(found[2]):02d}-{int(found[1]):02d}"
    try:
        if not _PARTIAL_DATE.fullmatch(text):
            raise ValueError
        date.fromisoformat(text + "-01-01"[len(text) - 4 :])
    except ValueError:
        raise Unreadable(_("%(field)s must be a date that exists: you entered %(value)s"), value=text) from None
    return text


def _instant(text: str) -> str:
    if _PARTIAL_DATE.fullmatch(text) or _LOCAL_DAY.fullmatch(text):
        return _date(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable(_("%(field)s must be a date that exists: you entered %(value)s"), value=text) from None
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=CASABLANCA)
    return zoned.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")


def _time(text: str) -> str:
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)(:[0-5]\d)?", text, re.ASCII)
    if found is None:
        raise Unreadable(_("%(field)s must be a time such as 09:30: you entered %(value)s"), value=text)
    return text if found[3] else text + ":00"


_READERS = {"date": _date, "dateTime": _instant, "time": _time}


def typed(answer: Mapping[str, Any]) -> str:
    """The answer as it would have been typed: what a field is filled with."""
    value = value_of(answer)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        if "valueQuantity" in answer:
            return number_text(value["value"]) if "value" in value else ""
        if "valueCoding" in answer:
            return option_key(answer)
        return str(value.get("reference", ""))
    if isinstance(value, (Decimal, int, float)):
        return number_text(value)
    if "valueDateTime" in answer and value and "T" in value:
        return datetime.fromisoformat(value).astimezone(CASABLANCA).isoformat(timespec="minutes")[:16]
    return (str(value)[:5] if "valueTime" in answer and str(value).endswith(":00") else str(value)) if value else ""


def shown(answer: Mapping[str, Any], language: str = "fr", item: Mapping[str, Any] | None = None) -> str:
    """The answer for people: ``130 mmHg``, the display of a code, Oui or Non left to the caller (``true``)."""
    value = value_of(answer)
    if "valueQuantity" in answer and isinstance(value, dict):
        number = number_text(value["value"], language) if "value" in value else ""
        return f"{number} {value.get('unit') or value.get('code') or ''}".strip()
    if "valueCoding" in answer and isinstance(value, dict):
        return text_of(value, "display", language) or str(value.get("code", ""))
    if isinstance(value, (Decimal, int)) and not isinstance(value, bool):
        unit = items.unit_name(items.unit(item), language) if item else ""
        return f"{number_text(value, language)} {unit}".strip()
    return typed(answer)


def option_key(answer: Mapping[str, Any]) -> str:
    """The form value that stands for an option: ``system|code``, or the plain value."""
    if "valueCoding" in answer:
        coding = answer["valueCoding"]
        return f"{coding.get('system', '')}|{coding.get('code', '')}"
    if "valueReference" in answer:
        return str(answer["valueReference"].get("reference", ""))
    value = value_of(answer)
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def of_value(item: Mapping[str, Any], value: Any) -> Resource | None:
    """An answer of the item's type made from the result of an expression; None where the types do not agree."""
    kind = item["type"]
    plain = getattr(value, "value", value) if kind in ("decimal", "integer", "quantity") else value
    if kind == "quantity":
        if isinstance(value, dict):
            return {"valueQuantity": value}
        if isinstance(plain, (Decimal, int)) and not isinstance(plain, bool):
            unit = getattr(value, "unit", None)
            known = unit and unit in {one["code"] for one in items.units(item)}
            return {"valueQuantity": quantity_of(item, plain, unit if known else None)}
        return None
    if kind == "decimal" and isinstance(plain, (Decimal, int)) and not isinstance(plain, bool):
        return {"valueDecimal": plain}
    if kind == "integer" and isinstance(plain, (Decimal, int)) and not isinstance(plain, bool):
        return {"valueInteger": int(plain)} if plain == int(plain) else None
    if kind == "boolean":
        return {"valueBoolean": value} if isinstance(value, bool) else None
    if kind in ("choice", "open-choice"):
        return _coded(item, value)
    if kind == "reference":
        return {"valueReference": value} if isinstance(value, dict) else {"valueReference": {"reference": str(value)}}
    text = str(value).removeprefix("@")
    if kind == "date":
        text = text[:10]
    return {items.VALUE_KEYS[kind]: text}


def _coded(item: Mapping[str, Any], value: Any) -> Resource | None:
    """A choice from a Coding, a CodeableConcept, or a plain code of one of the options."""
    if isinstance(value, dict):
        coding = next(iter(value["coding"]), None) if "coding" in value else value
        return {"valueCoding": coding} if coding else None
    for option in item.get("answerOption", ()):
        if option.get("valueCoding", {}).get("code") == value or value_of(option) == value:
            return {key: part for key, part in option.items() if key.startswith("value")}
    return {"valueString": str(value)} if item["type"] == "open-choice" else None
