"""Step: words. Values as people read them in French and Arabic, and the few sentences that are the engine's own.

Dates, numbers and units follow ``fr_MA`` and ``ar_MA`` (western digits); every value in an Arabic or French sentence
stands between first-strong isolates, so that a dose or a date keeps its order
(https://www.unicode.org/reports/tr9/#Explicit_Directional_Isolates).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal

from app.fhir import translation
from app.fhir.fhirpath import FPDate, FPDateTime
from pathways.apply.values import plain

LOCALES = {"fr": "fr_MA", "ar": "ar_MA", "en": "en"}
OPEN, CLOSE = "\u2068", "\u2069"

SENTENCES: Mapping[str, Mapping[str, str]] = {
    "missing": {
        "fr": "Donnée manquante : {what}.",
        "ar": "معطى ناقص: {what}.",
        "en": "Missing: {what}.",
    },
    "undetermined": {
        "fr": "Les données ne permettent pas de décider.",
        "ar": "المعطيات لا تسمح باتخاذ القرار.",
        "en": "The data do not allow a decision.",
    },
    "failed": {
        "fr": "N'a pas pu être évalué : {what}.",
        "ar": "تعذر التقييم: {what}.",
        "en": "Could not be evaluated: {what}.",
    },
    "another": {
        "fr": "Une autre option s'applique : {what}.",
        "ar": "ينطبق خيار آخر: {what}.",
        "en": "Another option applies: {what}.",
    },
    "waits": {
        "fr": "À décider d'abord : {what}.",
        "ar": "يجب البت أولا في: {what}.",
        "en": "To be decided first: {what}.",
    },
    "and": {"fr": ", ", "ar": "، ", "en": ", "},
    "yes": {"fr": "oui", "ar": "نعم", "en": "yes"},
    "no": {"fr": "non", "ar": "لا", "en": "no"},
    "unknown": {"fr": "inconnu", "ar": "غير معروف", "en": "unknown"},
}


def sentence(name: str, language: str, what: str | list[str] = "") -> str:
    """One of the engine's own sentences; what it is about stands isolated in it, several things one by one."""
    if isinstance(what, list):
        between = SENTENCES["and"].get(language.split("-")[0], ", ")
        return _sentence(name, language, between.join(isolated(part) for part in what))
    return _sentence(name, language, isolated(what))


@lru_cache(4096)
def _sentence(name: str, language: str, what: str) -> str:
    words = SENTENCES[name]
    return words.get(language.split("-")[0], words["fr"]).format(what=what)


def isolated(text: str) -> str:
    """A text between first-strong isolates; an empty one stays empty."""
    return f"{OPEN}{text}{CLOSE}" if text else ""


def shown(item: Any, language: str) -> str:
    """One item of an expression's result as a reader of the language sees it."""
    locale = LOCALES.get(language.split("-")[0], "fr_MA")
    value = plain(item)
    if isinstance(value, bool):
        return sentence("yes" if value else "no", language)
    if isinstance(value, (int, Decimal, float)):
        return _number(value, locale)
    if isinstance(item, (FPDate, FPDateTime)) or _dated(item):
        return _day(str(value), locale)
    if isinstance(value, dict):
        return _element(value, language)
    return str(value)


def all_shown(items: list[Any], language: str) -> str:
    """All items, joined; the word for unknown where there is none."""
    if not items:
        return sentence("unknown", language)
    return sentence("and", language).join(shown(item, language) for item in items)


def _dated(item: Any) -> bool:
    kind = getattr(getattr(item, "type", None), "name", "")
    return kind in ("date", "dateTime", "instant")


@lru_cache(4096)
def _number(value: int | Decimal | float, locale: str) -> str:
    """With two decimals at most, as laboratories report; of what is below one, three digits."""
    exact = Decimal(str(value))
    places = 2 if abs(exact) >= 1 or not exact else 2 - exact.adjusted()
    exponent = exact.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > places:
        exact = round(exact, places).normalize()
    return str(format_decimal(exact, locale=locale, decimal_quantization=False))


@lru_cache(4096)
def _day(text: str, locale: str) -> str:
    """A FHIR date as a day in words; less precise ones as they are known: month and year, year."""
    parts = text[:10].split("-")
    numbers = [int(part) for part in parts] + [1] * (3 - len(parts))
    pattern = ("y", "MMMM y", "d MMMM y")[len(parts) - 1]
    return str(format_date(date(*numbers), format=pattern, locale=locale))


def _element(value: Mapping[str, Any], language: str) -> str:
    """A Quantity with its unit, a coded value by its text, a resource by its title."""
    if "value" in value and not isinstance(value["value"], dict):
        unit = value.get("unit") or value.get("code") or ""
        return f"{shown(value['value'], language)} {unit}".strip()
    for field in ("text", "display", "title", "name"):
        if isinstance(value.get(field), str):
            return translation.text(value, field, language) or ""
    for coding in value.get("coding", ()):
        return translation.text(coding, "display", language) or str(coding.get("code", ""))
    return str(value.get("code") or value.get("reference") or "")
