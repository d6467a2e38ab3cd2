"""The decision that was taken on a visit, as it was recorded: what was made, why, by whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask_babel import gettext as _

from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.fhir.translation import text
from app.i18n import day_text
from app.terminology import Terminology
from pathways.presenters import orders
from pathways.texts import name_of
from pathways.vocabulary import ADAPTATION

REASONS = {"resourceType": "ValueSet", "compose": {"include": [{"system": ADAPTATION}]}}
"""Every code of the reasons for adapting a step."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A closed decision. ``adapted`` is the reason for adapting; empty where the step was accepted as it was."""

    lines: list[str]
    reasons: list[str]
    adapted: str
    who: str
    when: str
    closed_unmade: bool
    """Closed without a decision: a later visit overtook it, or the pathway ended."""


def present(repo: Repository, task: Resource, language: str) -> Decided:
    """A decision's Task, completed."""
    made = [o["valueReference"]["reference"] for o in task.get("output", ()) if "valueReference" in o]
    held = repo.read_many(made)
    lines = [_line(held[reference], language) for reference in made if reference in held]
    return Decided(
        lines=[line for line in lines if line],
        reasons=reasons(task, language),
        adapted=adapted(task, language, words_of(repo, [task], language)),
        who=text(task.get("requester", {}), "display", language, primary="fr") or "",
        when=task.get("lastModified", ""),
        closed_unmade=task["status"] == "cancelled",
    )


def reasons(task: Resource, language: str) -> list[str]:
    """Why the steps were proposed, as it was said then."""
    said = [
        text(o, "valueString", language, primary="fr") for o in task.get("output", ()) if o["type"]["text"] == "why"
    ]
    return [line for line in said if line]


def words_of(repo: Repository, tasks: Iterable[Resource], language: str) -> dict[str, str]:
    """Code -> words of the reasons for adapting; asked for only where one of the tasks was adapted."""
    if not any(_is_adapted(task) for task in tasks):
        return {}
    known = Terminology(repo, language).expand(REASONS, display_language=language).concepts
    return {concept.code: display or concept.code for concept, display in known}


def _is_adapted(task: Resource) -> bool:
    return bool(task["resourceType"] == "Task" and task.get("businessStatus", {}).get("text") == "adapted")


def adapted(task: Resource, language: str, words: Mapping[str, str]) -> str:
    """Why the step was adapted, in words (``words_of``); empty where it was accepted."""
    if not _is_adapted(task):
        return ""
    why = task.get("statusReason", {})
    coding = next(iter(why.get("coding", ())), {})
    code = coding.get("code", "")
    parts = [text(coding, "display", language) or words.get(code, code), why.get("text", "")]
    return " – ".join(part for part in parts if part)


def _line(resource: Resource, language: str) -> str:
    match resource["resourceType"]:
        case "MedicationRequest":
            line = orders.present(resource, language)
            if line.status == "stopped":
                return _("%(drug)s stopped", drug=line.said)
            return line.said
        case "Task":
            due = resource.get("restriction", {}).get("period", {}).get("end", "")
            title = text(resource, "description", language) or _("Visit")
            return _("%(what)s: by %(day)s", what=title, day=day_text(due[:10])) if due else title
        case "Condition" | "ServiceRequest":
            return name_of(resource.get("code", {}), language)
    return ""
