"""Differences as somebody reads them: where, what, before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from app.fhir.resource import Resource, extensions
from app.fhir.translation import text
from app.i18n import OWN_NAMES
from protocols.differences import Change
from protocols.parameters import PARAMETER, parameter
from protocols.presenters.placeholders import isolated
from protocols.presenters.values import said
from protocols.quiz import WEIGHT

NO_NAMES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One line: ``place`` is where it stands, ``label`` what kind of element it is."""

    place: str
    label: str
    kind: str
    before: str
    after: str
    path: str
    language: str


@dataclass(frozen=True, slots=True)
class ChangedArtefact:
    """An artefact that differs. ``kind``: added, removed or changed."""

    title: str
    type: str
    kind: str
    rows: tuple[ChangeRow, ...]


def present(
    found: Iterable[tuple[Resource, list[Change]]], lang: str, drugs: Mapping[str, str] = NO_NAMES
) -> list[ChangedArtefact]:
    """The artefacts that differ, in the page's language; ``drugs``: names of medicines by ATC code."""
    return [_artefact(resource, changes, lang, drugs) for resource, changes in found]


def rows(changes: Iterable[Change], lang: str, drugs: Mapping[str, str] = NO_NAMES) -> tuple[ChangeRow, ...]:
    """The lines of one artefact."""
    return tuple(_row(change, lang, drugs) for change in changes)


def type_word(resource_type: str) -> str:
    """What an artefact is, in words."""
    words = {
        "PlanDefinition": _("rules"),
        "ActivityDefinition": _("order"),
        "Questionnaire": _("form"),
        "ValueSet": _("list"),
        "CodeSystem": _("codes"),
        "ConceptMap": _("correspondence of codes"),
        "Library": _("set"),
    }
    return str(words.get(resource_type, resource_type))


def element_word(name: str) -> str:
    """What an element is, in words; its own name where there is none."""
    words = {
        "title": _("Title"),
        "description": _("Description"),
        "textEquivalent": _("Text in short"),
        "purpose": _("Purpose"),
        "usage": _("For whom"),
        "copyright": _("Licence"),
        "publisher": _("Publisher"),
        "prefix": _("Step number"),
        "priority": _("Priority"),
        "condition": _("Condition"),
        "expression": _("Rule"),
        "action": _("Action"),
        "item": _("Question"),
        "text": _("Text"),
        "display": _("Name"),
        "value": _("Value"),
        "valueString": _("Explanation"),
        "valueBoolean": _("To be confirmed"),
        "frequency": _("Times"),
        "period": _("Every"),
        "documentation": _("Source"),
        "relatedArtifact": _("Source"),
        "dosage": _("Dosage"),
        "concept": _("Code"),
    }
    return str(words.get(name, name))


def place_word(name: str, owner: Resource) -> str:
    """The same for an element in its owner: the parts of our extensions are told by their url."""
    words = {
        "taken": _("Explanation, when it applies"),
        "notTaken": _("Explanation, when it does not apply"),
        "title": _("Title"),
        "source": _("Source"),
        WEIGHT: _("Right answer"),
    }
    return words.get(owner.get("url", ""), element_word(name)) if name.startswith("value") else element_word(name)


def amount_word(path: Sequence[str | int]) -> str:
    """What a number of an artefact decides, in words."""
    words = {
        "timingDuration": _("Interval"),
        "low": _("Interval, from"),
        "high": _("Interval, to"),
        "doseQuantity": _("Dose"),
    }
    return str(words.get(str(path[-2]), element_word(str(path[-1]))))


def _artefact(resource: Resource, changes: list[Change], lang: str, drugs: Mapping[str, str]) -> ChangedArtefact:
    whole = changes[0] if len(changes) == 1 and changes[0].path == resource["resourceType"] else None
    return ChangedArtefact(
        title=text(resource, "title", lang) or resource["url"],
        type=type_word(resource["resourceType"]),
        kind=whole.kind if whole else "changed",
        rows=() if whole else rows(changes, lang, drugs),
    )


def _row(change: Change, lang: str, drugs: Mapping[str, str]) -> ChangeRow:
    places = [named(one, lang) for one in change.within[1:]]
    owner = change.within[-1] if change.within else {}
    names = [name.split("[")[0] for name in change.path.split(".")]
    unit = str(owner.get("unit", "")) if change.element == "value" else ""
    label = amount_word(names) if unit else place_word(change.element, owner)
    before, after = (f"{_shown(one, lang)} {unit}".strip() for one in (change.before, change.after))
    if change.element == "expression" and extensions(owner, PARAMETER):  # a named value: 4 weeks, 110 with its unit
        label, named_value = str(_("Value")), parameter(owner, lang)
        before, after = (said(one, named_value, drugs) if one else "" for one in (change.before, change.after))
    return ChangeRow(
        place=" › ".join(dict.fromkeys(place for place in places if place)),
        label=label,
        kind=change.kind,
        before=before,
        after=after,
        path=change.path,
        language=OWN_NAMES.get(change.language or "", ""),
    )


def named(element: Resource, lang: str) -> str:
    """What an element calls itself, or nothing."""
    for field in ("title", "text", "display", "label", "description"):
        if isinstance(element.get(field), str):
            return text(element, field, lang) or ""
    return ""


def _shown(value: Any, lang: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, (int, float, Decimal)):
        return str(value).replace(".", ",")  # no sign between thousands: it could be read as a decimal
    if isinstance(value, list):
        return ", ".join(_shown(one, lang) for one in value)
    if isinstance(value, dict):
        return named(value, lang) or ", ".join(
            _shown(one, lang) for key, one in value.items() if not key.startswith("_") and key != "url"
        )
    return isolated(str(value))
