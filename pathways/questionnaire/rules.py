"""What one answer must satisfy: type, range, unit, decimals, length, pattern, dates, options.

The form and a QuestionnaireResponse sent by another system are judged by these same rules. Each rule yields sentences
in the user's language that name the field and what was typed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pathways.questionnaire import answers, items
from pathways.questionnaire.rule import Problem, Rule
from pathways.questionnaire.rules_of_numbers import decimals, in_range, unit
from pathways.questionnaire.rules_of_texts import day, length, pattern

_TYPES = {
    "valueBoolean": bool, "valueDecimal": (Decimal, int), "valueInteger": int, "valueDate": str, "valueDateTime": str,
    "valueTime": str, "valueString": str, "valueUri": str, "valueCoding": dict, "valueAttachment": dict,
    "valueReference": dict, "valueQuantity": dict,
}  # fmt: skip


def problems(answer: Mapping[str, Any], rule: Rule) -> list[Problem]:
    """Everything that is wrong with an answer; a wrong type ends the list."""
    wrong = list(_type(answer, rule))
    if wrong:
        return wrong
    return [found for check in _CHECKS for found in check(answer, rule)]


def allowed_keys(item: Mapping[str, Any]) -> set[str]:
    """The value[x] keys that a question takes."""
    listed = {key for option in item.get("answerOption", ()) for key in option if key.startswith("value")}
    if item["type"] == "open-choice":
        return listed | {"valueCoding", "valueString"}
    return listed or {items.VALUE_KEYS[item["type"]]}


def _type(answer: Mapping[str, Any], rule: Rule) -> Iterator[Problem]:
    _ = rule.say
    keys = [key for key in answer if key.startswith("value")]
    allowed = allowed_keys(rule.item)
    if len(keys) != 1 or keys[0] not in allowed:
        yield (
            "value",
            _(
                "%(field)s takes %(expected)s, not %(value)s",
                field=rule.field,
                expected="/".join(sorted(allowed)),
                value=", ".join(keys) or "-",
            ),
        )
        return
    value = answer[keys[0]]
    wanted = _TYPES.get(keys[0], object)
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):  # type: ignore[arg-type]
        yield "value", _("%(field)s: the value is not of the type %(expected)s", field=rule.field, expected=keys[0][5:])
    elif keys[0] == "valueQuantity" and not isinstance(value.get("value"), (Decimal, int)):
        yield "required", _("%(field)s: the quantity has no value", field=rule.field)


def _option(answer: Mapping[str, Any], rule: Rule) -> Iterator[Problem]:
    """One of the options; an open choice may be free text, and a value set that cannot be listed is not checked."""
    if not rule.options or ("valueString" in answer and rule.item["type"] == "open-choice"):
        return
    keys = {option.key for option in rule.options}
    if answers.option_key(answer) not in keys:
        _ = rule.say
        value = answers.shown(answer, rule.context.language)
        yield "code-invalid", _("%(field)s: choose an answer of the list, not %(value)s", field=rule.field, value=value)


_CHECKS = (unit, in_range, decimals, length, pattern, day, _option)
