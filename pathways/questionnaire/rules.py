"""What one answer must satisfy: type, range, unit, decimals, length, pattern, dates, options.

The form and a QuestionnaireResponse sent by another system are judged by these same rules. Each rule yields sentences
in the user's language that name the field and what was typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.clock import day_of
from app.errors import Malformed
from app.fhir.dates import parse
from app.fhir.resource import Resource, extension
from pathways.questionnaire import answers, items, sdc
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.numbers import decimal_places, number_text
from pathways.questionnaire.options import Option
from pathways.questionnaire.units import analytes_of, convert, convertible
from pathways.questionnaire.words import Say

_TYPES = {
    "valueBoolean": bool, "valueDecimal": (Decimal, int), "valueInteger": int, "valueDate": str, "valueDateTime": str,
    "valueTime": str, "valueString": str, "valueUri": str, "valueCoding": dict, "valueAttachment": dict,
    "valueReference": dict, "valueQuantity": dict,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule is given: the question, what is known around it, its options and its limits."""

    item: Resource
    context: FormContext
    options: list[Option]
    limit: Callable[[str], Any]
    """``limit("min")``: a number, a date text, a Quantity, or None."""

    @property
    def field(self) -> str:
        """The name of the field in a message."""
        return items.name_in_message(self.item, self.context.language)

    @property
    def say(self) -> Say:
        """The speaker."""
        return self.context.say

    def number(self, value: Any) -> str:
        """A number as the user reads it."""
        return number_text(value, self.context.language)


Problem = tuple[str, str]
"""(issue code, sentence)."""


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


def _unit(answer: Mapping[str, Any], rule: Rule) -> Iterator[Problem]:
    quantity = answer.get("valueQuantity")
    preferred = items.unit(rule.item)
    if quantity is None or preferred is None:
        return
    listed = {one["code"] for one in items.units(rule.item)}
    code = quantity.get("code")
    if code in listed or (code and convertible(code, preferred["code"], analytes_of(rule.item))):
        return
    _ = rule.say
    names = ", ".join(items.unit_name(one, rule.context.language) for one in items.units(rule.item))
    value = quantity.get("unit") or code or "-"
    yield (
        "value",
        _("%(field)s must be in %(units)s: you entered %(value)s", field=rule.field, units=names, value=value),
    )


def _range(answer: Mapping[str, Any], rule: Rule) -> Iterator[Problem]:
    """minValue and maxValue (SDC minQuantity, maxQuantity); a quantity is compared in the unit of the limit."""
    value = answers.value_of(answer)
    number = value.get("value") if "valueQuantity" in answer and isinstance(value, dict) else value
    low, high = rule.limit("min"), rule.limit("max")
    if isinstance(number, bool) or not isinstance(number, (Decimal, int)) or (low is None and high is None):
        return
    under = low is not None and _in_unit_of(low, number, value, rule.item) < _number(low)
    over = high is not None and _in_unit_of(high, number, value, rule.item) > _number(high)
    if under or over:
        yield "value", _range_sentence(rule, low, high, _as_entered(rule, number, value))


def _as_entered(rule: Rule, number: Decimal | int, value: Any) -> str:
    """The number that was typed, with its unit where it is not the field's own."""
    preferred = items.unit(rule.item)
    entered = value.get("code") if isinstance(value, dict) else None
    if not entered or (preferred and entered == preferred["code"]):
        return rule.number(number)
    return f"{rule.number(number)} {value.get('unit') or entered}"


def _number(limit: Any) -> Decimal:
    return Decimal(limit["value"] if isinstance(limit, dict) else limit)


def _in_unit_of(limit: Any, number: Decimal | int, value: Any, item: Mapping[str, Any]) -> Decimal:
    preferred = items.unit(item) or {}
    entered = value.get("code") if isinstance(value, dict) else preferred.get("code")
    wanted = limit.get("code") if isinstance(limit, dict) else preferred.get("code")
    if entered and wanted and convertible(entered, wanted, analytes_of(item)):
        return convert(Decimal(number), entered, wanted, analytes_of(item))
    return Decimal(number)


def _range_sentence(rule: Rule, low: Any, high: Any, value: str) -> str:
    _ = rule.say
    unit = items.unit_name(items.unit(rule.item), rule.context.language)
    least, most = (f"{rule.number(_number(one))}" if one is not None else "" for one in (low, high))
    about = {"field": rule.field, "value": value}
    if low is not None and high is not None:
        high_text = f"{most} {unit}".strip()
        return _(
            "%(field)s must be between %(low)s and %(high)s: you entered %(value)s", low=least, high=high_text, **about
        )
    if low is not None:
        return _("%(field)s must be at least %(low)s: you entered %(value)s", low=f"{least} {unit}".strip(), **about)
    return _("%(field)s must be at most %(high)s: you entered %(value)s", high=f"{most} {unit}".strip(), **about)


def _decimals(answer: Mapping[str, Any], rule: Rule) -> Iterator[Problem]:
    most = extension(rule.item, sdc.MAX_DECIMAL_PLACES)
    value = answers.value_of(answer)
    number = value.get("value") if isinstance(value, dict) else value
    if (
        most is None
        or isinstance(number, bool)
        or not isinstance(number, Decimal)
        or decimal_places(number) <= int(most)
    ):
        return
    _ = rule.say
    if int(most) == 0:
        yield (
            "value",
            _("%(field)s must be a whole number: you entered %(value)s", field=rule.field, value=rule.number(number)),
        )
        return
    yield (
        "value",
        _(
            "%(field)s takes at most %(places)s decimals: you entered %(value)s",
            field=rule.field,
            places=most,
            value=rule.number(number),
        ),
    )


def _length(answer: Mapping[str, Any], rule: Rule) -> Iterator[Problem]:
    text = answer.get("valueString", answer.get("valueUri"))
    if not isinstance(text, str):
        return
    _ = rule.say
    most, least = rule.item.get("maxLength"), extension(rule.item, sdc.MIN_LENGTH)
    if most is not None and len(text) > most:
        yield (
            "too-long",
            _(
                "%(field)s takes at most %(most)s characters: you entered %(value)s",
                field=rule.field,
                most=most,
                value=len(text),
            ),
        )
    if least is not None and len(text) < int(least):
        yield (
            "value",
            _(
                "%(field)s needs at least %(least)s characters: you entered %(value)s",
                field=rule.field,
                least=least,
                value=len(text),
            ),
        )


def _pattern(answer: Mapping[str, Any], rule: Rule) -> Iterator[Problem]:
    pattern = extension(rule.item, sdc.REGEX)
    value = answers.value_of(answer)
    if pattern is None or not isinstance(value, str) or re.fullmatch(pattern, value):
        return
    _ = rule.say
    form = extension(rule.item, sdc.ENTRY_FORMAT)
    if form:
        yield (
            "value",
            _(
                "%(field)s must be written like %(format)s: you entered %(value)s",
                field=rule.field,
                format=form,
                value=value,
            ),
        )
    else:
        yield "value", _("%(field)s is not written as expected: you entered %(value)s", field=rule.field, value=value)


def _date(answer: Mapping[str, Any], rule: Rule) -> Iterator[Problem]:
    """A date exists, is not in the future, not before the patient's birth, and within the item's limits."""
    text = answer.get("valueDate", answer.get("valueDateTime"))
    if not isinstance(text, str):
        return
    _ = rule.say
    try:
        span = parse(text)
    except Malformed:
        yield "value", _("%(field)s must be a date that exists: you entered %(value)s", field=rule.field, value=text)
        return
    about = {"field": rule.field, "value": _day_text(day_of(span.low), span.precision)}
    low, high = rule.limit("min"), rule.limit("max")
    birth = (rule.context.patient or {}).get("birthDate")
    if isinstance(low, str) and span.high <= parse(low).low:
        yield "value", _("%(field)s must not be before %(low)s: you entered %(value)s", low=low, **about)
    elif birth and extension(rule.item, sdc.BEFORE_BIRTH_ALLOWED) is not True and span.high <= parse(birth).low:
        yield "value", _("%(field)s is before the patient's birth: you entered %(value)s", **about)
    if isinstance(high, str):
        if span.low >= parse(high).high:
            yield "value", _("%(field)s must not be after %(high)s: you entered %(value)s", high=high, **about)
    elif extension(rule.item, sdc.FUTURE_ALLOWED) is not True and span.low > rule.context.now:
        yield "value", _("%(field)s is in the future: you entered %(value)s", **about)


def _day_text(day: date, precision: str) -> str:
    return {"year": f"{day:%Y}", "month": f"{day:%m/%Y}"}.get(precision, f"{day:%d/%m/%Y}")


def _option(answer: Mapping[str, Any], rule: Rule) -> Iterator[Problem]:
    """One of the options; an open choice may be free text, and a value set that cannot be listed is not checked."""
    if not rule.options or ("valueString" in answer and rule.item["type"] == "open-choice"):
        return
    keys = {option.key for option in rule.options}
    if answers.option_key(answer) not in keys:
        _ = rule.say
        value = answers.shown(answer, rule.context.language)
        yield "code-invalid", _("%(field)s: choose an answer of the list, not %(value)s", field=rule.field, value=value)


_CHECKS = (_unit, _range, _decimals, _length, _pattern, _date, _option)
