"""Rows of *my day*: who, why now, the last values with their direction, one action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import url_for
from flask_babel import gettext as _

from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.fhir.translation import text
from pathways.measurement import STATED, Leading, Reading, leading, reading
from pathways.presenters.person import PersonLine
from pathways.presenters.person import present as present_person
from pathways.vocabulary import DECIDE, RETURN, is_kind
from pathways.worklist import Entry, Listed


@dataclass(frozen=True, slots=True)
class Row:
    """One row. ``last``: the newest reading of the leading measurement, ``arrow`` its direction since then."""

    person: PersonLine
    why: str
    due: date | None
    last: Reading | None
    arrow: str
    url: str
    action: str
    priority: str


def rows(repo: Repository, lists: Sequence[Listed], plans: Sequence[Resource], language: str) -> dict[str, list[Row]]:
    """Group → rows. The last values of everybody on the page come in one query for each leading measurement."""
    patients = [entry.patient["id"] for group in lists for entry in group.entries]
    last: dict[str, tuple[Reading, str]] = {}
    for plan in plans:
        of = leading(plan)
        if of is not None and patients:
            last |= _last_readings(repo, patients, of)
    return {group.group: [_row(repo, entry, last, language) for entry in group.entries] for group in lists}


def _last_readings(repo: Repository, patients: Sequence[str], of: Leading) -> dict[str, tuple[Reading, str]]:
    found = {}
    for patient, observation in repo.latest("Observation", patients, of.token).items():
        if observation.get("status") in STATED and (held := reading(observation, of)) is not None:
            found[patient] = (held, "")
    return found


def _row(repo: Repository, entry: Entry, last: dict[str, tuple[Reading, str]], language: str) -> Row:
    held = last.get(entry.patient["id"])
    return Row(
        person=present_person(entry.patient, language, repo.today),
        why=why(entry.task, language),
        due=None if is_kind(entry.task, DECIDE) else entry.due,
        last=held[0] if held else None,
        arrow=held[1] if held else "",
        url=url_for("pathways.patient", patient_id=entry.patient["id"]),
        action=_("Decide") if is_kind(entry.task, DECIDE) else _("Visit"),
        priority=entry.task.get("priority", "routine"),
    )


def why(task: Resource, language: str) -> str:
    """Why this person is in the list now."""
    if is_kind(task, RETURN):
        return _("Back from hospital: read the letter and see the patient")
    if is_kind(task, DECIDE):
        return _("The next step waits for a decision")
    return text(task, "description", language) or _("Visit")
