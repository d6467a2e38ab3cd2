"""The steps of a stage as the patient's page lists them: what, in which state, by when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from app.fhir.resource import Resource
from pathways import steps
from pathways.progression import Standing


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step. ``kind``: colour of the state's tag; ``can_skip``: whether the table has that move."""

    id: str
    title: str
    state: str
    kind: str
    due: date | None
    reason: str
    can_skip: bool


def present(standing: Standing, record: Iterable[Resource], today: date) -> list[StepLine]:
    """The steps of the stage that are or were to be done; those that do not apply are left out."""
    words = {
        steps.NOT_STARTED: _("not started"),
        steps.DUE: _("due"),
        steps.DONE: _("done"),
        steps.SKIPPED: _("skipped"),
        steps.STOPPED: _("stopped"),
    }
    kinds = {steps.DUE: "now", steps.DONE: "good", steps.STOPPED: "danger"}
    return [
        StepLine(
            id=step.outcome.id,
            title=step.outcome.title,
            state=_("overdue") if step.overdue(today) else words[step.state],
            kind="late" if step.overdue(today) else kinds.get(step.state, "quiet"),
            due=step.due if step.state == steps.DUE else None,
            reason=step.reason,
            can_skip=step.state == steps.DUE,
        )
        for step in steps.steps(standing, record)
        if step.state in words
    ]
