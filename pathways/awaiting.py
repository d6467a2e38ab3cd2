"""What a patient's record holds already of what a pathway asks for, so that nothing is asked for twice.

An action of kind *test* or *measure* asks for nothing new

- while a request for the same is open (by definition or code, whichever pathway asked first), or
- when its result was taken on the day itself: nobody measures the same twice in a consultation, or
- when it is done once (``cardinalityBehavior`` single) and its result was taken since the patient is followed.

Content needs no rule for it: its conditions say when something is due again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time

from app.clock import CASABLANCA
from app.errors import MaslakError
from app.fhir import dates
from app.fhir.resource import Resource
from pathways.apply.expression import ExpressionFailed
from pathways.apply.outcome import ActionOutcome, Applied
from pathways.facts import Facts
from pathways.results import KINDS, WAITING, Results, asked_codes, awaited, definitions_of, required, same

ASKING = frozenset({"test", "measure"})
"""Kinds of action that ask for a result."""
REQUESTS = ("Task", "ServiceRequest")
FOLLOWED = frozenset({"active", "onhold", "planned", "waitlist"})


class Awaiting:
    """The open requests and the results of a record on a day."""

    def __init__(self, facts: Facts, day: date):
        self.results = Results((one for kind in KINDS for one in facts.of_type(kind)), facts.now)
        requests = [one for kind in REQUESTS for one in facts.of_type(kind) if one.get("status") in WAITING]
        self.open = [one for one in requests if not self.results.answering(one)]
        """Requests that wait for their results still."""
        self._begin = datetime.combine(day, time(0), CASABLANCA)
        begun = (one.get("period", {}) for one in facts.of_type("EpisodeOfCare") if one.get("status") in FOLLOWED)
        starts = [dates.parse(period["start"]).low for period in begun if "start" in period]
        self._followed = min([*starts, self._begin])

    def settled(self, outcome: ActionOutcome, proposed: Iterable[Resource]) -> bool:
        """Whether all that an action proposes is asked for or known already."""
        proposed = list(proposed)
        if outcome.kind not in ASKING or not proposed:
            return False
        return all(self.request_of(one) is not None or self.known(outcome, one) for one in proposed)

    def request_of(self, proposed: Resource) -> Resource | None:
        """The open request for the same."""
        return next((one for one in self.open if same(one, proposed)), None)

    def waits_for(self, proposed: Iterable[Resource]) -> Resource | None:
        """The first open request for any of what is proposed."""
        return next((found for one in proposed if (found := self.request_of(one)) is not None), None)

    def known(self, outcome: ActionOutcome, proposed: Resource) -> list[str]:
        """References of the results because of which nothing is asked for; none for what is asked since it is missing:
        a result that the pathway cannot use (in another unit) answers nothing."""
        if outcome.asked_by is not None:
            return []
        single = outcome.action.source.get("cardinalityBehavior") == "single"
        return self.results.since(_wanted(outcome, proposed), self._followed if single else self._begin)


def _wanted(outcome: ActionOutcome, proposed: Resource) -> list[frozenset[tuple[str | None, str | None]]]:
    """The results that a proposal asks for: those that its definition requires, else its own codes."""
    for canonical in definitions_of(proposed):
        try:
            definition = outcome.frame.run.definitions.find(canonical, outcome.frame.plan.source)
        except MaslakError:
            continue
        if named := required(definition):
            return [asked_codes({"code": one}) for one in named]
    return awaited(proposed)


def known_by_now(applied: Applied, definition: str) -> bool:
    """Whether a pathway knows all that it asks for with an ActivityDefinition; not where it asks nothing with it.

    What an ask wants may be no result at all, such as a dose to be completed: no code says that it has come.
    """
    frames = [applied.frame, *(one.nested for one in applied.walk() if one.nested is not None)]
    asked = [
        (frame.scope, name)
        for frame in frames
        for name, variable in frame.plan.variables.items()
        if (variable.ask_with or "").partition("|")[0] == definition
    ]
    try:
        return bool(asked) and all(scope.answer(name).items for scope, name in asked)
    except ExpressionFailed:
        return False
