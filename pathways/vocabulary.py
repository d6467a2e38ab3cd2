"""The words that following is written in: systems, codes and extensions. No disease stands here."""

from __future__ import annotations

from typing import Any

from app.config import CANONICAL_BASE
from app.fhir.resource import Resource, concept, has_coding

TASK_KIND = f"{CANONICAL_BASE}/CodeSystem/task-kind"
ACTION_KIND = f"{CANONICAL_BASE}/CodeSystem/action-kind"
REFERRAL_STATUS = f"{CANONICAL_BASE}/CodeSystem/referral-status"
ADAPTATION = f"{CANONICAL_BASE}/CodeSystem/adaptation-reason"
FORM = f"{CANONICAL_BASE}/sid/form"
"""Identifier system of a form's key: what a form creates carries it, so that a form sent twice is stored once."""
PATHWAY = f"{CANONICAL_BASE}/StructureDefinition/pathway"
"""On EpisodeOfCare: the canonical url of the pathway that is followed, without version."""
BRANCH = f"{CANONICAL_BASE}/StructureDefinition/branch"
"""On a stage of a pathway: it stands beside the line of stages, and is shown only while the patient is in it."""
RISK = f"{CANONICAL_BASE}/StructureDefinition/risk"
"""On the Task of a visit: how pressing it is that this patient comes, 1 the most; what the overdue are ordered by."""
SEVERE, ABOVE, UNKNOWN, REACHED = 1, 2, 3, 4
ENCOUNTER_CLASS = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
LOINC = "http://loinc.org"
ATC = "http://www.whocc.no/atc"
ICD10 = "http://hl7.org/fhir/sid/icd-10"

VISIT, RETURN, DECIDE, MEASURE, TEST, REFERRAL, CALL = (
    "visit",
    "return",
    "decide",
    "measure",
    "test",
    "referral",
    "call",
)
OPEN = ("requested", "received", "accepted", "ready", "in-progress", "on-hold")
"""Task statuses in which something is still to be done."""


def task_kind(kind: str) -> Resource:
    """The CodeableConcept of a kind of task."""
    return concept(TASK_KIND, kind)


def kind_token(kind: str) -> str:
    """A kind of task as a search token, ``system|code``."""
    return f"{TASK_KIND}|{kind}"


def is_kind(task: dict[str, Any], *kinds: str) -> bool:
    """Whether a Task is of one of these kinds."""
    return has_coding(task.get("code"), TASK_KIND, *kinds)


def form_identifier(form_key: str, part: str = "") -> Resource:
    """The Identifier that marks what one form created; ``part`` tells its resources apart."""
    return {"system": FORM, "value": f"{form_key}:{part}" if part else form_key}
