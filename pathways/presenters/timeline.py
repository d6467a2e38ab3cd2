"""The timeline of a patient, newest first: visits with what was measured and decided, orders, referrals, letters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from flask import url_for
from flask_babel import gettext as _

from app.fhir.resource import Resource
from app.fhir.translation import text
from app.i18n import num
from app.web import facility_tree
from pathways.measurement import Leading, reading
from pathways.presenters import decided_step, orders
from pathways.presenters.referral import state_words
from pathways.referral.moves import state
from pathways.vocabulary import DECIDE, REFERRAL, is_kind

FIRST = 12


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry. ``kind``: visit, referral, letter, enrolment; ``details`` are lines of text."""

    when: str
    kind: str
    title: str
    value: str = ""
    details: list[str] = field(default_factory=list)
    who: str = ""
    url: str = ""


def timeline(record: Iterable[Resource], of: Leading | None, language: str, words: Mapping[str, str]) -> list[Moment]:
    """All entries of a record, newest first. ``words`` are those of the reasons for adapting a step, by code."""
    held = list(record)
    by_encounter: dict[str, list[Resource]] = {}
    for resource in held:
        if reference := resource.get("encounter", {}).get("reference"):
            by_encounter.setdefault(reference, []).append(resource)
    moments = []
    for resource in held:
        match resource["resourceType"]:
            case "Encounter":
                linked = by_encounter.get(f"Encounter/{resource['id']}", [])
                moments.append(_visit(resource, linked, of, language, words))
            case "Task" if is_kind(resource, REFERRAL):
                moments.append(_referral(resource, language))
            case "Composition":
                moments.append(_letter(resource, language))
            case "EpisodeOfCare":
                moments.append(Moment(resource["period"]["start"], "enrolment", _("Enrolled in the pathway")))
    return sorted(moments, key=lambda moment: moment.when, reverse=True)


def _visit(
    encounter: Resource, linked: list[Resource], of: Leading | None, language: str, words: Mapping[str, str]
) -> Moment:
    values = [
        found.written(num)
        for one in linked
        if of and one["resourceType"] == "Observation" and (found := reading(one, of))
    ]
    details = []
    for one in linked:
        if one["resourceType"] == "MedicationRequest" and one.get("intent") == "order":
            line = orders.present(one, language)
            details.append(line.said)
        elif one["resourceType"] == "Task" and is_kind(one, DECIDE) and one["status"] == "completed":
            details += decided_step.reasons(one, language)[:2]
            if why := decided_step.adapted(one, language, words):
                details.append(_("Adapted: %(reason)s", reason=why))
    who = next((_name(p["individual"], language) for p in encounter.get("participant", ()) if "individual" in p), "")
    place = encounter.get("serviceProvider", {}).get("reference")
    return Moment(
        when=encounter.get("period", {}).get("start", ""),
        kind="visit",
        title=_("Visit"),
        value=values[-1] if values else "",
        details=details,
        who=" · ".join(filter(None, [who, facility_tree.name_of(place) if place else ""])),
    )


def _referral(task: Resource, language: str) -> Moment:
    return Moment(
        when=task.get("authoredOn", ""),
        kind="referral",
        title=_("Referral"),
        value="",
        details=[
            text(task, "description", language, primary=task.get("language", "fr")) or "",
            state_words(state(task)[1]),
        ],
        who=facility_tree.name_of(task["owner"]["reference"]) if "owner" in task else "",
        url=url_for("pathways.referral", task_id=task["id"]),
    )


def _name(who: Resource, language: str) -> str:
    return text(who, "display", language, primary="fr") or ""


def _letter(letter: Resource, language: str) -> Moment:
    return Moment(
        when=letter.get("date", ""),
        kind="letter",
        title=_("Letter from the hospital"),
        who=next((_name(author, language) for author in letter.get("author", ())), ""),
        url=url_for("pathways.letter", composition_id=letter["id"]),
    )
