"""The next step as the panel shows it: what, why, from which source, by when; and what could not be decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pathways.apply.outcome import ActionOutcome
from pathways.progression import Standing


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an action is (not) taken. ``values``: (title, value with unit, day)."""

    title: str
    text: str
    values: list[tuple[str, str, str]]
    sources: list[Any]
    to_be_confirmed: bool


@dataclass(frozen=True, slots=True)
class ActionLine:
    """One action of the next step."""

    id: str
    kind: str
    title: str
    description: str
    urgent: bool
    earliest: date | None
    latest: date | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class NextStep:
    """Everything that the panel shows. ``tests``: examinations, in one list; ``others``: looked at and not taken."""

    stage: str
    stage_reason: str
    actions: list[ActionLine]
    tests: list[ActionLine]
    missing: list[ActionLine]
    failed: list[ActionLine]
    others: list[ActionLine]
    fingerprint: str


def present(standing: Standing) -> NextStep:
    """The outcome of a pathway, in the language in which it was run."""
    stage = standing.stage
    taken = {id(outcome) for outcome in standing.next_actions}
    below = list(stage.walk()) if stage else []
    others = [o for o in below if o.taken == "not-taken" and o.kind and id(o) not in taken and o.condition and o.reason]
    return NextStep(
        stage=stage.title if stage else "",
        stage_reason=stage.reason if stage else "",
        actions=[line(outcome) for outcome in standing.next_actions if outcome.kind != "test"],
        tests=[line(outcome) for outcome in standing.next_actions if outcome.kind == "test"],
        missing=[line(outcome) for outcome in standing.missing],
        failed=[line(outcome) for outcome in standing.failed],
        others=[line(outcome) for outcome in others],
        fingerprint=standing.fingerprint,
    )


def line(outcome: ActionOutcome) -> ActionLine:
    """One action with its reason."""
    return ActionLine(
        id=outcome.id,
        kind=outcome.kind or "",
        title=outcome.title,
        description=outcome.description or "",
        urgent=outcome.urgent,
        earliest=outcome.due.earliest,
        latest=outcome.due.latest,
        reason=Reason(
            outcome.title,
            outcome.reason,
            [(value.title, _value(value), str(value.date)[:10]) for value in outcome.values if _shown(value)],
            outcome.sources,
            outcome.to_be_confirmed,
        ),
    )


def _shown(value: Any) -> bool:
    """Measured numbers with their day; codes say nothing to a reader, and the sentence has said the rest."""
    return value.date is not None and isinstance(value.value, (int, Decimal)) and not isinstance(value.value, bool)


def _value(value: Any) -> str:
    return f"{value.value} {value.unit or ''}".strip()
