"""The next step as the panel shows it: what, why, from which source, by when; and what could not be decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from app.fhir.resource import Resource
from app.i18n import num
from pathways.apply.outcome import ActionOutcome
from pathways.progression import FOLLOW_UP, Standing
from pathways.results import same
from pathways.together.standings import Standings


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
        actions=once(line(outcome) for outcome in standing.next_actions if outcome.kind != "test"),
        tests=[line(outcome) for outcome in standing.next_actions if outcome.kind == "test"],
        missing=[line(outcome) for outcome in standing.missing],
        failed=[line(outcome) for outcome in standing.failed],
        others=[line(outcome) for outcome in others],
        fingerprint=standing.fingerprint,
    )


def once(lines: Iterable[ActionLine]) -> list[ActionLine]:
    """What several plans ask for in the same words and by the same day is one thing to do, with all their sources."""
    found: dict[tuple[Any, ...], ActionLine] = {}
    for one in lines:
        key = (one.kind, one.title, one.description, one.urgent, one.earliest, one.latest, one.reason.text)
        before = found.get(key)
        if before is None:
            found[key] = one
            continue
        sources = [*before.reason.sources, *(new for new in one.reason.sources if new not in before.reason.sources)]
        found[key] = replace(before, reason=replace(before.reason, sources=sources))
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Section:
    """What one pathway contributes: its title as the plan that carries it, its step, the treatment apart."""

    pathway: Resource
    step: NextStep


@dataclass(frozen=True, slots=True)
class NextVisit:
    """The one next visit; ``asked``: (pathway, why it wants the patient to come then)."""

    earliest: date
    latest: date
    asked: list[tuple[Resource, ActionLine]]


@dataclass(frozen=True, slots=True)
class WholeStep:
    """The next step of all pathways: a section each, the examinations once, one next visit."""

    sections: list[Section]
    tests: list[ActionLine]
    next_visit: NextVisit | None
    fingerprint: str

    @property
    def several(self) -> bool:
        """Whether more than one pathway is followed."""
        return len(self.sections) > 1

    @property
    def nothing(self) -> bool:
        """Whether no pathway proposes anything."""
        return not self.tests and not any(section.step.actions for section in self.sections)


def present_all(standings: Standings) -> WholeStep:
    """The outcome of all pathways, in the language in which they were run."""
    window = standings.next_visit
    asked: list[tuple[Resource, ActionLine]] = [
        (standing.enrolment.pathway, line(outcome))
        for standing, outcome in standings.next_actions
        if outcome.kind == FOLLOW_UP and outcome.due.latest
    ]
    return WholeStep(
        sections=[Section(standing.enrolment.pathway, present(standing)) for standing in standings.each],
        tests=[line(outcome) for outcome in tests_once(standings)],
        next_visit=NextVisit(window.start, window.end, sorted(asked, key=_latest)) if window else None,
        fingerprint=standings.fingerprint,
    )


def _latest(asked: tuple[Resource, ActionLine]) -> date:
    return asked[1].latest or date.max


def tests_once(standings: Standings) -> list[ActionOutcome]:
    """The examinations of all pathways; one that another pathway has asked for already is left out."""
    found: list[ActionOutcome] = []
    known: list[Resource] = []
    for standing, outcome in standings.next_actions:
        if outcome.kind == "test":
            proposed = standing.proposed(outcome)
            if not proposed or not all(any(same(one, other) for other in known) for one in proposed):
                found.append(outcome)
            known += proposed
    return found


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
    return f"{num(value.value)} {value.unit or ''}".strip()
