"""Rows of *my day*: who, why now, the last values with their direction, one action that leads to what is to be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import url_for
from flask_babel import gettext as _

from app.access.table import opens
from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.fhir.translation import text
from app.web import facility_tree
from pathways.measurement import Leading, Reading, direction, leading, reading
from pathways.presenters.person import PersonLine
from pathways.presenters.person import present as present_person
from pathways.vocabulary import ABOVE, DECIDE, RETURN, SEVERE, UNKNOWN, VISIT, is_kind
from pathways.worklist import BY_RISK, CALLS, Entry, Listed


@dataclass(frozen=True, slots=True)
class Shown:
    """The newest reading of a leading measurement, its direction since the one before (``up``, ``down``, ``same`` or
    empty), and what makes it understood."""

    last: Reading
    trend: str
    unit: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row. ``readings``: one for each pathway that the row is about."""

    person: PersonLine
    why: str
    due: date | None
    readings: list[Shown]
    url: str
    action: str
    priority: str
    establishment: str
    risk: tuple[str, str] | None = None
    """(word, kind of its tag) of somebody who did not come and is not at the target."""


def rows(repo: Repository, lists: Sequence[Listed], plans: Sequence[Resource], language: str) -> dict[str, list[Row]]:
    """Group → rows. One query gives the last values of everybody on the page for each leading measurement, one the
    care plans through which a row leads to its visit form."""
    entries = [entry for group in lists for entry in group.entries]
    patients = [entry.patient["id"] for entry in entries]
    leadings = {plan["url"]: found for plan in plans if (found := leading(plan))}
    last = {
        of.token: _last_readings(repo, patients, of) for of in {one.token: one for one in leadings.values()}.values()
    }
    care = repo.read_many({plan for entry in entries for plan in _plans(entry.task)}) if entries else {}
    shown: dict[str, list[Row]] = {}
    for group in lists:
        shown[group.group] = []
        for entry in group.entries:
            followed = [care[plan] for plan in _plans(entry.task) if plan in care]
            measured = [of for plan in followed if (of := leadings.get(_pathway(plan)))] or [*leadings.values()][:1]
            readings = [
                Shown(*held, _unit(of, language))
                for of in {one.token: one for one in measured}.values()
                if (held := last[of.token].get(entry.patient["id"]))
            ]
            episode = next((_episode(plan) for plan in followed), None)
            shown[group.group].append(_row(repo, entry, group.group, readings, episode, language))
    return shown


def _pathway(plan: Resource) -> str:
    return str(next(iter(plan.get("instantiatesCanonical", ())), "")).split("|")[0]


def _unit(of: Leading, language: str) -> str:
    """What makes a number alone understood: the unit, with the measurement's name where the unit does not tell it."""
    return of.unit if len(of.components) > 1 else f"{of.unit} {of.name(language)}".strip()


def _last_readings(repo: Repository, patients: Sequence[str], of: Leading) -> dict[str, tuple[Reading, str]]:
    found = {}
    for patient, observations in repo.recent("Observation", patients, of.token, 2).items():
        found_here = (reading(observation, of) for observation in observations)
        held = [one for one in found_here if one is not None and one.day <= repo.today.isoformat()]
        if held:
            found[patient] = (held[0], direction(held[1], held[0]) if len(held) > 1 else "")
    return found


def _episode(plan: Resource) -> str | None:
    """The id of the EpisodeOfCare of a care plan, whose page holds the visit form."""
    infos = (info.get("reference", "") for info in plan.get("supportingInfo", ()))
    return next((one.split("/")[1] for one in infos if one.startswith("EpisodeOfCare/")), None)


def _plans(task: Resource) -> list[str]:
    based = (item.get("reference", "") for item in task.get("basedOn", ()))
    return [reference for reference in based if reference.startswith("CarePlan/")]


def _row(
    repo: Repository,
    entry: Entry,
    group: str,
    readings: list[Shown],
    episode: str | None,
    language: str,
) -> Row:
    person = present_person(entry.patient, language, repo.today)
    url, action = _action(entry, group, person, episode)
    return Row(
        person=person,
        why=why(entry.task, language),
        due=None if is_kind(entry.task, DECIDE) else entry.due,
        readings=readings,
        url=url,
        action=action,
        priority=entry.task.get("priority", "routine"),
        establishment=facility_tree.name_of(entry.task.get("owner", {}).get("reference")),
        risk=_risk(entry) if group in BY_RISK else None,
    )


def _risk(entry: Entry) -> tuple[str, str] | None:
    words = {SEVERE: (_("severe"), "danger"), ABOVE: (_("above target"), "late")}
    return words.get(entry.risk or UNKNOWN)


def _action(entry: Entry, group: str, person: PersonLine, episode: str | None) -> tuple[str, str]:
    """Where the row's button leads, and what it says."""
    patient, focus = entry.patient["id"], entry.task.get("focus", {}).get("reference", "")
    if is_kind(entry.task, RETURN) and focus.startswith("Composition/") and opens("pathways.letter"):
        return url_for("pathways.letter", composition_id=focus.split("/")[1]), _("Read the letter")
    if is_kind(entry.task, DECIDE) and episode and focus and opens("pathways.step"):
        encounter = focus.split("/")[1]
        url = url_for("pathways.step", patient_id=patient, encounter_id=encounter)
        return url, _("Decide")
    if group == CALLS and person.phone:
        return f"tel:{person.phone}", _("Call")
    if is_kind(entry.task, VISIT, RETURN) and episode and opens("pathways.visit"):
        return url_for("pathways.visit", patient_id=patient), _("Visit")
    return url_for("pathways.patient", patient_id=patient), _("Open")


def why(task: Resource, language: str) -> str:
    """Why this person is in the list now. When it is due stands beside it, so a visit is only named."""
    if is_kind(task, RETURN):
        refused = task.get("focus", {}).get("reference", "").startswith("Task/")
        return _("The referral was declined or cancelled") if refused else _("Return visit")
    if is_kind(task, DECIDE):
        return _("The next step waits for a decision")
    if is_kind(task, VISIT):
        return _("Visit")
    return text(task, "description", language) or _("To do")
