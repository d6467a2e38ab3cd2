"""Rules of numbers and quantities: unit, range, decimals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from app.fhir.resource import extension
from pathways.questionnaire import answers, items, sdc
from pathways.questionnaire.numbers import decimal_places
from pathways.questionnaire.rule import Problem, Rule
from pathways.questionnaire.units import analytes_of, convert, convertible


def unit(answer: Mapping[str, Any], rule: Rule) -> Iterator[Problem]:
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


def in_range(answer: Mapping[str, Any], rule: Rule) -> Iterator[Problem]:
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


def decimals(answer: Mapping[str, Any], rule: Rule) -> Iterator[Problem]:
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
