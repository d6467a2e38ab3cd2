"""Rules of texts and dates: length, pattern, neither in the future nor before birth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from app.clock import day_of
from app.errors import Malformed
from app.fhir.dates import parse
from app.fhir.regex import Pattern
from app.fhir.resource import extension
from pathways.questionnaire import answers, sdc
from pathways.questionnaire.rule import Problem, Rule


def length(answer: Mapping[str, Any], rule: Rule) -> Iterator[Problem]:
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


def pattern(answer: Mapping[str, Any], rule: Rule) -> Iterator[Problem]:
    pattern = extension(rule.item, sdc.REGEX)
    value = answers.value_of(answer)
    if pattern is None or not isinstance(value, str) or Pattern(pattern, lines=False).fullmatch(value):
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


def day(answer: Mapping[str, Any], rule: Rule) -> Iterator[Problem]:
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
