"""Step: schedule. Puts due days on actions and on what they propose; relations to other actions are settled last."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from app.errors import Invalid
from app.fhir.resource import period
from pathways.apply.outcome import ActionOutcome
from pathways.apply.timing import OPEN, Due, related, working, working_before
from pathways.facts.paths import element_of

if TYPE_CHECKING:
    from pathways.apply.frame import Run

Resource = dict[str, Any]
Known = dict[tuple[int, str], ActionOutcome]
"""Actions that are taken, by their plan and id: a relation names an action of its own plan."""


def schedule_by_timing(outcome: ActionOutcome) -> None:
    """Set the due days that an action's own timing gives. Raises Invalid on a timing that cannot be read."""
    timing, frame = outcome.action.timing, outcome.frame
    if timing is not None:
        outcome.due = timing.due(frame.anchor, frame.asked.subject.get("birthDate")) or OPEN


def schedule(run: Run) -> None:
    """Settle all due days: timing, else relation to another action, else the definition's timing; then move off closed
    days. Of all that was taken in ``run``, in the order of the plan, only what is timed or related is looked at."""
    timed = [
        one
        for one in run.taken
        if (one.due is not OPEN or one.timed_by is not None or one.action.related) and one.taken == "taken"
    ]
    known: Known = {}
    if any(one.action.related for one in timed):
        for one in run.taken:
            if one.taken == "taken":
                known.setdefault((id(one.frame), one.id), one)
    settled: dict[int, Due] = {}
    for one in timed:
        due = _settle(one, known, settled, ())
        if due == OPEN:
            continue
        calendar = one.frame.asked.calendar
        moved = working(due, calendar, urgent=False, avoid_ramadan=one.action.avoid_ramadan)
        one.due = due if moved == due or one.urgent else moved
        if _comes_before(one):
            earlier = working_before(due, calendar, one.urgent)
            if earlier.latest is not None and earlier.latest >= one.frame.anchor:
                one.due = earlier
        for reference in one.resources:
            if reference in run.resources:
                mark(run.resources[reference], one.due)


def _comes_before(one: ActionOutcome) -> bool:
    """Whether its days come from being done before other actions, and from nothing else."""
    relations = one.action.source.get("relatedAction", ()) if one.action.related and one.action.timing is None else ()
    return bool(relations) and all(str(each.get("relationship")).startswith("before") for each in relations)


def _settle(one: ActionOutcome, known: Known, settled: dict[int, Due], chain: tuple[int, ...]) -> Due:
    if id(one) in settled:
        return settled[id(one)]
    due = one.due
    if due == OPEN and id(one) not in chain:
        try:
            due = _by_relation(one, known, settled, (*chain, id(one))) or _by_definition(one) or due
        except Invalid as error:
            one.frame.report(one, error.message, expression="relatedAction")
    if chain and id(one) in chain:
        return due
    settled[id(one)] = due
    return due


def _by_relation(one: ActionOutcome, known: Known, settled: dict[int, Due], chain: tuple[int, ...]) -> Due | None:
    """All relations must hold: the latest of the earliest days, the earliest of the latest."""
    found = []
    for relation in one.action.source.get("relatedAction", ()):
        other = known.get((id(one.frame), relation.get("actionId", "")))
        if other is None:
            _report_unknown(one, str(relation.get("actionId")))
        if other is None or id(other) in chain:
            continue
        base = _settle(other, known, settled, chain)
        if base == OPEN:
            base = Due(one.frame.anchor, one.frame.anchor)
        found.append(related(relation, relation.get("relationship", "after"), base))
    if not found:
        return None
    earliest = max((due.earliest for due in found if due.earliest), default=None)
    latest = min((due.latest for due in found if due.latest), default=None)
    return Due(earliest, max(latest, earliest) if latest and earliest else latest)


def _report_unknown(one: ActionOutcome, name: str) -> None:
    """Report a relation to an action that the plan does not have; one that is not taken is no fault."""
    waiting = list(one.frame.plan.actions)
    while waiting:
        action = waiting.pop()
        if action.id == name:
            return
        waiting += action.children
    one.frame.report(one, f"there is no action '{name}' to be related to", expression="relatedAction", code="not-found")


def _by_definition(one: ActionOutcome) -> Due | None:
    """The timing of the ActivityDefinition, for what is done once (a Task, an Appointment)."""
    if one.timed_by is None:
        return None
    return one.timed_by.due(one.frame.anchor, one.frame.asked.subject.get("birthDate"))


def mark(resource: Resource, due: Due) -> None:
    """Write the due days into a request: ``Task.restriction.period`` and ``executionPeriod``, ``occurrence[x]``,
    Appointment.start."""
    kind = resource["resourceType"]
    window = period(_text(due.earliest), _text(due.latest))
    if kind == "Task":
        resource["restriction"] = {**resource.get("restriction", {}), "period": window}
        resource["executionPeriod"] = window
        return
    if kind == "Appointment":
        resource["requestedPeriod"] = [window]
        return
    about = element_of(kind, "occurrence")
    if about is None or any(key.startswith("occurrence") for key in resource):
        return
    if due.earliest is not None and due.earliest == due.latest and "dateTime" in about["t"]:
        resource["occurrenceDateTime"] = window["start"]
    elif "Period" in about["t"]:
        resource["occurrencePeriod"] = window


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None
