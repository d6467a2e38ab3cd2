"""Where a patient stands in all pathways that are followed: each is run, and run again where another one's target is
stricter. What is decided at a visit is decided on all of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial

from app.fhir.repository import Repository
from app.fhir.resource import Resource
from pathways.apply.asking import Terms
from pathways.apply.outcome import ActionOutcome
from pathways.calendar import Calendar
from pathways.enrolment import Enrolment
from pathways.progression import FOLLOW_UP, Standing, evaluate
from pathways.together.targets import Disagreement, disagreements, overrides

Proposed = tuple[Standing, ActionOutcome]
"""An action and the pathway that proposes it."""


@dataclass(frozen=True)
class Window:
    """When the next visit is due, and the action that asks for it first."""

    start: date
    end: date
    by: Proposed


@dataclass(frozen=True)
class Standings:
    """The outcomes of all pathways of one patient at one moment; ``disagreeing``: their targets that differed."""

    each: tuple[Standing, ...]
    disagreeing: tuple[Disagreement, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Changes when what is proposed in any pathway changes."""
        if len(self.each) == 1:
            return self.each[0].fingerprint
        return hashlib.sha256("\n".join(one.fingerprint for one in self.each).encode()).hexdigest()[:16]

    @cached_property
    def next_actions(self) -> list[Proposed]:
        """What every pathway asks for now, pathway by pathway."""
        return [(standing, outcome) for standing in self.each for outcome in standing.next_actions]

    @property
    def treatments(self) -> list[Proposed]:
        """The treatment steps that are proposed, one a pathway at most."""
        return [(standing, standing.treatment) for standing in self.each if standing.treatment is not None]

    @cached_property
    def referring(self) -> Proposed | None:
        """The referral that is proposed, with its pathway; an urgent one of any pathway goes before."""
        found = [(one, one.referral) for one in self.each if one.referral is not None]
        return min(found, key=lambda proposed: proposed[1].kind != "referral-urgent", default=None)

    @property
    def referral(self) -> ActionOutcome | None:
        """The referral that is proposed."""
        return self.referring[1] if self.referring else None

    @property
    def questionnaires(self) -> list[str]:
        """The canonicals of the forms that the stages ask for at a visit, each once."""
        return list(dict.fromkeys(one.questionnaire for one in self.each if one.questionnaire))

    @cached_property
    def next_visit(self) -> Window | None:
        """The one next visit: due when the earliest pathway wants it, within the windows of those that agree with it.

        The windows of pathways that ask for a later time are served by visits to come.
        """
        asked = [window for proposed in self.next_actions if (window := _window(proposed)) is not None]
        first = min(asked, key=lambda window: (window.end, window.start), default=None)
        if first is None:
            return None
        start = first.start
        for other in sorted(asked, key=lambda window: window.start):
            if other.start <= first.end:
                start = max(start, other.start)
        return Window(start, first.end, first.by)

    def of(self, url: str) -> Standing | None:
        """The standing in a pathway, by its canonical address."""
        return next((one for one in self.each if one.enrolment.pathway["url"] == url), None)


def evaluate_all(
    repo: Repository,
    enrolments: Sequence[Enrolment],
    *,
    language: str,
    encounter: str | None = None,
    on: date | None = None,
    calendar: Calendar | None = None,
    record: list[Resource] | None = None,
    terms: Terms | None = None,
    watched: bool = True,
) -> Standings:
    """Run the pathways of a patient on one record; the stricter target of a measurement holds in all of them."""
    if record is None and enrolments:
        record = repo.record_of(enrolments[0].patient.split("/")[1])
    run = partial(evaluate, repo, language=language, encounter=encounter, on=on, calendar=calendar, record=record)
    run = partial(run, terms=terms, watched=watched)
    each = [run(one) for one in enrolments]
    found = disagreements(each)
    for number, enrolment in enumerate(enrolments):
        if stricter := overrides(found, enrolment.pathway):
            each[number] = run(enrolment, overrides=stricter)
    return Standings(tuple(each), tuple(found))


def alone(standing: Standing) -> Standings:
    """One pathway as the whole."""
    return Standings((standing,))


def _window(proposed: Proposed) -> Window | None:
    """When an action wants the patient to come; None for an action that is no follow-up, or has no date."""
    outcome = proposed[1]
    if outcome.kind != FOLLOW_UP or outcome.due.latest is None:
        return None
    return Window(outcome.due.earliest or outcome.due.latest, outcome.due.latest, proposed)
