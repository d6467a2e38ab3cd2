"""Where a patient stands, derived by running the pathway over the record: nothing of it is stored as truth.

``evaluate`` gives the stage, what is due next with its reasons, and what is missing. A stage changes when the data
does: a counter-referral that arrives, a pressure that is measured.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from app.fhir.repository import Repository
from app.fhir.resource import Resource, canonical
from pathways.apply import Applied, ApplyRequest, apply
from pathways.apply.asking import Terms
from pathways.apply.outcome import ActionOutcome
from pathways.awaiting import Awaiting
from pathways.calendar import Calendar
from pathways.enrolment import Enrolment
from pathways.facts import Facts

STAGE, TREATMENT, FOLLOW_UP = "stage", "treatment", "follow-up"
CLINICAL = ("referral-urgent", "alert", "diagnosis", TREATMENT, "referral", "test", "measure", FOLLOW_UP, "advice")
"""Kinds of action in the order in which a clinician wants to read them."""


@dataclass(frozen=True)
class Standing:
    """The outcome of a pathway for one patient at one moment."""

    enrolment: Enrolment
    applied: Applied
    on: date

    @cached_property
    def stages(self) -> list[ActionOutcome]:
        """The stages of the pathway in its order, whatever their outcome."""
        return [outcome for outcome in self._all() if outcome.kind == STAGE]

    @cached_property
    def stage(self) -> ActionOutcome | None:
        """The stage the patient is in; None when none applies."""
        return next((outcome for outcome in self.stages if outcome.taken == "taken"), None)

    @cached_property
    def next_actions(self) -> list[ActionOutcome]:
        """What the stage asks for now, the most pressing kinds first; groups are left to their members.

        What is asked for already, or known, is not asked for again (``pathways.awaiting``).
        """
        below = self.stage.walk() if self.stage else self._all()
        found = [o for o in below if o.taken == "taken" and o.kind in CLINICAL and not self.settled(o)]
        held = {id(outcome) for outcome in found}
        groups = {id(o) for o in found if any(id(below) in held for below in o.walk() if below is not o)}
        return sorted((o for o in found if id(o) not in groups), key=lambda o: CLINICAL.index(o.kind))

    @cached_property
    def missing(self) -> list[ActionOutcome]:
        """Actions that cannot be decided because a value is missing."""
        below = self.stage.walk() if self.stage else self._all()
        return [outcome for outcome in below if outcome.taken == "missing" and outcome.kind in CLINICAL]

    @cached_property
    def failed(self) -> list[ActionOutcome]:
        """Actions whose condition or definition failed."""
        return [outcome for outcome in self._all() if outcome.taken == "failed"]

    @property
    def treatment(self) -> ActionOutcome | None:
        """The treatment step that is proposed."""
        return next((outcome for outcome in self.next_actions if outcome.kind == TREATMENT), None)

    @property
    def follow_up(self) -> ActionOutcome | None:
        """The follow-up that is proposed."""
        return next((outcome for outcome in self.next_actions if outcome.kind == FOLLOW_UP), None)

    @property
    def referral(self) -> ActionOutcome | None:
        """The referral that is proposed, an urgent one first."""
        return next((outcome for outcome in self.next_actions if outcome.kind in ("referral-urgent", "referral")), None)

    @cached_property
    def questionnaire(self) -> str | None:
        """The canonical of the form that the stage asks to be filled at a visit."""
        below = list(self.stage.walk()) if self.stage else []
        named = [outcome.action.definition or "" for outcome in below if outcome.taken == "taken"]
        return next((definition for definition in named if "/Questionnaire/" in definition), None)

    @property
    def version(self) -> str:
        """``url|version`` of the pathway that was run."""
        return canonical(self.enrolment.pathway)

    @cached_property
    def fingerprint(self) -> str:
        """Changes when what is proposed changes: a page left open is recognised by it."""
        parts = [self.version, str(self.stage.id if self.stage else "")]
        for outcome in self.next_actions:
            parts += [outcome.path, *(str(resource) for resource in self.proposed(outcome))]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    def proposed(self, outcome: ActionOutcome) -> list[Resource]:
        """The requests that an action and those below it propose."""
        held = self.applied.resources
        return [held[ref] for below in outcome.walk() for ref in below.resources if ref in held]

    @cached_property
    def awaiting(self) -> Awaiting:
        """The open requests and the results of the record that the pathway was run on."""
        return Awaiting(self.applied.frame.asked.facts, self.on)

    def settled(self, outcome: ActionOutcome) -> bool:
        """Whether a test or a measurement that applies is asked for already, or known."""
        return self.awaiting.settled(outcome, self.proposed(outcome))

    def _all(self) -> Iterator[ActionOutcome]:
        for top in self.applied.actions:
            yield from top.walk()


def evaluate(
    repo: Repository,
    enrolment: Enrolment,
    *,
    language: str,
    encounter: str | None = None,
    on: date | None = None,
    calendar: Calendar | None = None,
    record: list[Resource] | None = None,
    overrides: Mapping[str, Any] | None = None,
    terms: Terms | None = None,
    watched: bool = True,
) -> Standing:
    """Run the pathway in force for a patient. ``on``: the day timings count from (the visit), today by default.

    ``record`` are the patient's resources where the caller holds them already (a batch). ``overrides``: variable ->
    value that wins over the pathway's own (another pathway's stricter target). ``terms``: what queries (``:in``) and
    ``memberOf`` ask; without it an action that asks for it fails, by name. ``watched``: whether reasons will be asked
    for; they are told all the same where not, but later.
    """
    patient_id = enrolment.patient.split("/")[1]
    held = repo.record_of(patient_id) if record is None else record
    subject = next(resource for resource in held if resource["resourceType"] == "Patient")
    day = on or repo.today
    request = ApplyRequest(
        subject=subject,
        facts=Facts(held, repo.now, None if terms is None else terms.codes_in),
        definitions=repo.canonical,
        now=repo.now,
        language=language,
        encounter=encounter,
        practitioner=repo.actor.practitioner,
        organization=repo.actor.organization,
        calendar=calendar or Calendar(),
        anchor=day,
        overrides=overrides or {},
        terminology=None if terms is None else terms.port(),
    )
    return Standing(enrolment, apply(enrolment.pathway, request, watched=watched), day)
