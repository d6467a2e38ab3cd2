"""Which field an item becomes: its type, control, options, units and limits (SDC, "Advanced form rendering")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.fhir.resource import Resource, extension
from app.fhir.translation import text as text_of
from pathways.questionnaire import items, sdc
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.forms import fields
from pathways.questionnaire.forms.choosing import ChosenAsked, ManyChosenAsked
from pathways.questionnaire.forms.number_field import NumberAsked
from pathways.questionnaire.options import Option, options

OTHER = ".other"
"""Suffix of the field for the free text of an open choice."""

MANY = 8
"""From this number of options on, one choice becomes a list instead of radio buttons."""

_TYPED = {
    "string": fields.TextAsked, "url": fields.TextAsked, "reference": fields.TextAsked, "text": fields.LongTextAsked,
    "date": fields.DateAsked, "dateTime": fields.MomentAsked, "time": fields.TimeAsked, "decimal": NumberAsked,
    "integer": NumberAsked, "quantity": NumberAsked,
}  # fmt: skip


def field_of(questionnaire: Mapping[str, Any], item: Resource, context: FormContext) -> dict[str, Any]:
    """Field name → unbound WTForms field (two for an open choice); nothing for an attachment."""
    label = text_of(item, "text", context.language) or item["linkId"]
    common: dict[str, Any] = {
        "item": item,
        "language": context.language,
        "description": _help(item, context),
        "render_kw": _attributes(item),
    }
    if item["type"] == "boolean":
        return {item["linkId"]: _yes_no(label, item, context, common)}
    if items.is_choice(item):
        return _choice(label, questionnaire, item, context, common)
    kind: Any = _TYPED.get(item["type"])
    if kind is None:
        return {}
    if items.repeats(item):
        kind = fields.LinesAsked
    return {item["linkId"]: kind(label, **common)}


def _yes_no(label: str, item: Resource, context: FormContext, common: dict[str, Any]) -> Any:
    if "check-box" in items.controls(item):
        return fields.TickAsked(label, **common)
    _ = context.say
    answers = [
        Option("true", _("Yes"), {"valueBoolean": True}),
        Option("false", _("No"), {"valueBoolean": False}),
    ]
    return fields.YesNoAsked(label, options=answers, **common)


def _choice(
    label: str, questionnaire: Mapping[str, Any], item: Resource, context: FormContext, common: dict[str, Any]
) -> dict[str, Any]:
    listed = options(questionnaire, item, context)
    controls = items.controls(item)
    more: dict[str, Any] = {}
    if "autocomplete" in controls:
        kind: Any = ManyChosenAsked if items.repeats(item) else ChosenAsked
        address = str(item.get("answerValueSet", ""))
        more = {} if items.repeats(item) or address.startswith("#") else {"address": address}
    elif items.repeats(item):
        kind = fields.ChoicesAsked
    elif "radio-button" in controls or (len(listed) < MANY and "drop-down" not in controls):
        kind = fields.ChoiceAsked
    else:
        kind = fields.SelectAsked
    made = {item["linkId"]: kind(label, options=listed, **common, **more)}
    if item["type"] == "open-choice":
        _ = context.say
        free = {**common, "item": {**item, "type": "string", "required": False}, "description": ""}
        made[item["linkId"] + OTHER] = fields.TextAsked(_("Other, in your words"), **free)
    return made


def _help(item: Mapping[str, Any], context: FormContext) -> str:
    """The texts of display items with the control ``help`` below a question, and how an answer is written."""
    _ = context.say
    texts = [
        text_of(below, "text", context.language) or ""
        for below in items.children(item)
        if below["type"] == "display" and "help" in items.controls(below)
    ]
    form = extension(item, sdc.ENTRY_FORMAT)
    own = [_("Calculated below: enter a value only to put another in its place")] if items.may_override(item) else []
    return " ".join([*texts, *([form] if isinstance(form, str) else []), *own])


def _attributes(item: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"data-link": item["linkId"]}
    if item["type"] in ("decimal", "integer", "quantity") and not items.is_choice(item):
        found |= {
            "inputmode": "numeric" if item["type"] == "integer" else "decimal",
            "autocomplete": "off",
            "dir": "ltr",
        }
        if len(items.units(item)) <= 1:
            for which in ("min", "max"):
                limit = items.limit(item, which)
                number = limit.get("value") if isinstance(limit, dict) else limit
                if number is not None:
                    found[f"data-{which}"] = str(number)
    if "maxLength" in item and not items.is_choice(item):
        found["maxlength"] = item["maxLength"]
    if items.is_fixed(item):
        found |= {"readonly": True, "data-calculated": True}
    elif item.get("readOnly"):
        found["readonly"] = True
    return found
