"""A PlanDefinition as somebody reads it: its actions with kind, texts, timing and marks, and the part a plan plays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from app.config import CANONICAL_BASE
from app.fhir.resource import Resource, choice, code_in, codings, extension, extensions
from app.fhir.translation import text
from app.i18n import num
from protocols.parameters import plain
from protocols.vocabulary import ACTION_KIND, FACILITY_LEVEL, TO_BE_CONFIRMED

LEVEL = f"{CANONICAL_BASE}/StructureDefinition/level-of-care"
ROLES = (
    ("stage", {"stage"}),
    ("referral", {"referral", "referral-urgent"}),
    ("treatment", {"treatment"}),
    ("diagnosis", {"diagnosis"}),
    ("tests", {"test"}),
    ("follow-up", {"follow-up"}),
)
ORDER = ("stage", "diagnosis", "treatment", "follow-up", "tests", "other", "referral")
"""The order of a consultation: who is concerned, what to give, when to come back, what to test, when to refer."""


@dataclass(frozen=True, slots=True)
class Item:
    """One action as it is read."""

    id: str
    kind: str
    prefix: str
    title: str
    description: str
    timing: str
    urgent: bool
    to_confirm: bool
    action: Resource
    children: tuple[Item, ...]


def items(actions: Iterable[Resource], lang: str) -> tuple[Item, ...]:
    """The actions of a plan (or of an action) in a language."""
    return tuple(_item(action, lang) for action in actions)


def flat(found: Iterable[Item]) -> Iterator[Item]:
    """The items and everything within them, in reading order."""
    for item in found:
        yield item
        yield from flat(item.children)


def kind_of(action: Resource) -> str:
    """The action-kind code of an action; empty where it has none."""
    return next((code for concept in action.get("code", ()) if (code := code_in(concept, ACTION_KIND))), "")


def role(plan: Resource) -> str:
    """The part a plan plays in its set, by the kinds of its actions: one of ORDER."""
    kinds = {kind_of(action) for action in _all(plan)}
    return next((name for name, wanted in ROLES if kinds & wanted), "other")


def in_reading_order(plans: Iterable[Resource]) -> list[Resource]:
    """Plans in the order of a consultation."""
    return sorted(plans, key=lambda plan: (ORDER.index(role(plan)), plan["url"]))


def timing_text(action: Resource) -> str:
    """``4 weeks``, ``3 to 6 months``; empty where the timing is computed or absent."""
    found = choice(action, "timing")
    if found is None:
        return ""
    kind, value = found
    if kind in ("Duration", "Age", "Quantity"):
        return _amount(value)
    if kind == "Range":
        low, high = value.get("low", {}), value.get("high", {})
        if low and high and low.get("code") == high.get("code"):
            return str(_("%(low)s to %(high)s", low=num(low["value"]), high=_amount(high)))
        return " – ".join(_amount(one) for one in (low, high) if one)
    return ""


def value_text(constant: str, unit: str = "") -> str:
    """A FHIRPath constant in words: ``4 weeks`` in the page's language, a number with its unit, a code as it is."""
    number, _space, word = constant.partition(" ")
    code = {"minute": "min", "hour": "h", "day": "d", "week": "wk", "month": "mo", "year": "a"}.get(word.rstrip("s"))
    if code and number.isdigit():
        return _amount({"value": int(number), "code": code})
    return f"{plain(constant)} {unit}".strip()


def levels(owner: Resource, lang: str) -> list[tuple[str, str]]:
    """(code, name) of the levels of care that an element names."""
    found = []
    for one in extensions(owner, LEVEL):
        concept = one.get("valueCodeableConcept", {})
        for (system, code), held in zip(codings(concept), concept.get("coding", ()), strict=False):
            if system == FACILITY_LEVEL and code:
                found.append((code, text(held, "display", lang) or code))
    return found


def to_be_confirmed(owner: Resource) -> bool:
    """Whether the Ministry still has to confirm an element."""
    return extension(owner, TO_BE_CONFIRMED) is True


def _item(action: Resource, lang: str) -> Item:
    return Item(
        id=action.get("id", ""),
        kind=kind_of(action),
        prefix=action.get("prefix", ""),
        title=text(action, "title", lang) or "",
        description=text(action, "description", lang) or text(action, "textEquivalent", lang) or "",
        timing=timing_text(action),
        urgent=action.get("priority") in ("urgent", "asap", "stat"),
        to_confirm=to_be_confirmed(action),
        action=action,
        children=items(action.get("action", ()), lang),
    )


def _all(owner: Resource) -> Iterator[Resource]:
    for action in owner.get("action", ()):
        yield action
        yield from _all(action)


def _amount(quantity: Resource) -> str:
    """A length of time in words; Babel's own lack the Arabic plurals of months, and Morocco's words."""
    value, unit = quantity.get("value"), quantity.get("code") or quantity.get("unit") or ""
    if value is None or value != int(value):
        return f"{num(value)} {quantity.get('unit', '')}".strip()
    count = int(value)
    words = {
        "min": lambda: ngettext("%(num)d minute", "%(num)d minutes", count),
        "h": lambda: ngettext("%(num)d hour", "%(num)d hours", count),
        "d": lambda: ngettext("%(num)d day", "%(num)d days", count),
        "wk": lambda: ngettext("%(num)d week", "%(num)d weeks", count),
        "mo": lambda: ngettext("%(num)d month", "%(num)d months", count),
        "a": lambda: ngettext("%(num)d year", "%(num)d years", count),
    }
    return str(words[unit]()) if unit in words else f"{count} {quantity.get('unit', '')}".strip()
