"""The steps of a stage and their states: derived from what the pathway says now and from the requests on record.

Nothing of a state is stored. What is stored are the requests (Task, ServiceRequest) that a decision made, and the Task
that says why a step was skipped. What the record tells of a step are events, and the one table of moves makes a state
of them. Overdue is no state: it is a due step whose last day has passed when it is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from app.clock import CASABLANCA, moment_text
from app.errors import Conflict, Forbidden, Invalid, Issue
from app.fhir.repository import Repository
from app.fhir.resource import Resource, codings, reference
from app.fhir.translation import text
from pathways.apply.conditions import Verdict
from pathways.apply.outcome import ActionOutcome
from pathways.awaiting import ASKING
from pathways.enrolment import Enrolment, refuse_ended
from pathways.progression import FOLLOW_UP, Standing
from pathways.provenance import record_act
from pathways.results import WAITING
from pathways.vocabulary import FORM, OPEN, form_identifier

NOT_STARTED, DUE, DONE, SKIPPED = "not-started", "due", "done", "skipped"
NOT_APPLICABLE, STOPPED = "not-applicable", "stopped"
STATES = (NOT_STARTED, DUE, DONE, SKIPPED, NOT_APPLICABLE, STOPPED)
KINDS = ("test", "measure", FOLLOW_UP)
"""Kinds of action that are steps with a request of their own. Treatment is the regimen; advice asks for nothing."""


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table: who brings a step from one state to the next. ``reasoned``: only with a reason."""

    event: str
    before: tuple[str, ...]
    after: str
    grant: str
    reasoned: bool = False


MOVES = (
    Move("ask", (NOT_STARTED,), DUE, "visit:record"),  # the decision on the next step stores the request
    Move("do", (NOT_STARTED, DUE), DONE, "visit:record"),  # the visit, or a result that comes, asked for or not
    Move("skip", (NOT_STARTED, DUE), SKIPPED, "visit:record", reasoned=True),
    Move("take up", (DONE, SKIPPED), NOT_STARTED, "visit:record"),  # the pathway asks for it anew
    Move("rule out", (NOT_STARTED, SKIPPED), NOT_APPLICABLE, ""),  # by the data; what is asked for stays due
    Move("bring in", (NOT_APPLICABLE,), NOT_STARTED, ""),
    Move("stop", (NOT_STARTED, DUE, SKIPPED), STOPPED, "pathway:enrol", reasoned=True),  # the pathway ends
)
CLOSED = {"completed": "do", "cancelled": "skip", "rejected": "skip", "failed": "skip", "revoked": "skip"}
"""Status of a request -> the event that closed it; what closed it otherwise was done."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the stage. ``request``: the newest Task or ServiceRequest of it; ``due``: its last day;
    ``reason``: why it was skipped or stopped, or why it does not apply."""

    outcome: ActionOutcome
    state: str
    request: Resource | None = None
    due: date | None = None
    reason: str = ""

    def overdue(self, today: date) -> bool:
        """Whether its last day has passed."""
        return self.state == DUE and self.due is not None and self.due < today


def move(event: str, state: str) -> Move:
    """The row of the table. Raises Conflict when a step in this state cannot be moved so."""
    found = next((one for one in MOVES if one.event == event and state in one.before), None)
    if found is None:
        raise Conflict("a step that is {state} cannot be changed in this way", state=state)
    return found


def played(events: Iterable[str]) -> str:
    """The state of a step after these events, from not started; an event without a row changes nothing."""
    state = NOT_STARTED
    for event in events:
        row = next((one for one in MOVES if one.event == event and state in one.before), None)
        state = row.after if row is not None else state
    return state


def steps(standing: Standing, record: Iterable[Resource]) -> list[Step]:
    """The steps of the stage in the order of the pathway; ``record``: the patient's resources."""
    record = list(record)
    requests = [one for one in record if one["resourceType"] in ("Task", "ServiceRequest")]
    seen = max((one["period"]["start"] for one in record if one["resourceType"] == "Encounter"), default="")
    ended = standing.enrolment.episode["status"] not in ("active", "onhold")
    below = (one for outcome in standing.stage.walk() for one in _members(outcome)) if standing.stage else ()
    return [_step(standing, outcome, requests, seen, ended) for outcome in below if outcome.kind in KINDS]


def _members(outcome: ActionOutcome) -> Iterator[ActionOutcome]:
    """An action; of a group its members, which are listed by themselves where the group applies."""
    if not outcome.action.children:
        yield outcome
    elif not outcome.children:
        for action in outcome.action.children:
            yield from _members(ActionOutcome(action, outcome.frame, Verdict("not-taken")))


def skip(repo: Repository, enrolment: Enrolment, step: Step, *, reason: str, form_key: str) -> Resource:
    """Skip a step and say why; the Task that says so. The same form sent twice skips once.

    The open request of the step is cancelled; a step without one gets a Task that is cancelled from the start.
    Raises Conflict (done already, not applicable, the pathway has ended), Forbidden, Invalid (no reason).
    """
    mark = form_identifier(form_key, "skipped")
    if (before := repo.first(f"Task?identifier={FORM}|{mark['value']}")) is not None:
        return before
    row = move("skip", step.state)
    if not repo.actor.may(row.grant):
        raise Forbidden("this account may not skip a step")
    refuse_ended(enrolment)
    if row.reasoned and not reason.strip():
        missing = Issue("say why the step is skipped", "required", "reason")
        raise Invalid("the step cannot be skipped yet", issues=[missing])
    why: Resource = {"statusReason": {"text": reason.strip()}, "lastModified": moment_text(repo.now)}
    if step.request is not None and step.request["resourceType"] == "Task" and step.request["status"] in OPEN:
        known = [*step.request.get("identifier", []), mark]
        stored = repo.update(step.request | why | {"status": "cancelled", "identifier": known})
    else:
        if step.request is not None and step.request["status"] in ("active", "on-hold"):
            repo.update(step.request | {"status": "revoked"})
        stored = repo.create(_skipped(repo, enrolment, step) | why | {"identifier": [mark, _key(form_key, step)]})
    record_act(repo, "step-skipped", [stored], reason=reason.strip())
    return stored


def _key(form_key: str, step: Step) -> Resource:
    """By this the Task is known as the action's."""
    return form_identifier(form_key, f"{step.outcome.id}-0")


def _skipped(repo: Repository, enrolment: Enrolment, step: Step) -> Resource:
    source = step.outcome.action.source
    task: Resource = {
        "resourceType": "Task",
        "basedOn": [{"reference": reference(enrolment.plan)}],
        "status": "cancelled",
        "intent": "order",
        "for": enrolment.episode["patient"],
        "authoredOn": moment_text(repo.now),
        "instantiatesCanonical": step.outcome.action.definition,
    }
    if step.request is not None:
        task["focus"] = {"reference": reference(step.request)}
    return task | {
        name: source[key] for name, key in (("description", "title"), ("_description", "_title")) if key in source
    }


def _step(standing: Standing, outcome: ActionOutcome, requests: list[Resource], seen: str, ended: bool) -> Step:
    held = sorted((one for one in requests if _is_of(one, standing, outcome)), key=lambda one: _moment(_when(one)))
    newest = held[-1] if held else None
    elsewhere = standing.awaiting.waits_for(standing.proposed(outcome)) if outcome.kind in ASKING else None
    state = played(_events(standing, outcome, newest, elsewhere, seen, ended))
    asked = newest if newest is not None and (newest["status"] in WAITING or elsewhere is None) else elsewhere
    day = _last_day(asked) if asked is not None else None
    if state in (NOT_STARTED, NOT_APPLICABLE):
        return Step(outcome, state, due=outcome.due.latest, reason=outcome.reason if state == NOT_APPLICABLE else "")
    why = text(asked.get("statusReason"), "text", "fr") or "" if asked is not None else ""
    return Step(outcome, state, asked, day or (outcome.due.latest if state in (DUE, STOPPED) else None), why)


def _events(
    standing: Standing,
    outcome: ActionOutcome,
    newest: Resource | None,
    elsewhere: Resource | None,
    seen: str,
    ended: bool,
) -> Iterator[str]:
    """What has happened to a step, in order. ``newest``: its last request; ``elsewhere``: an open request for the same
    that another pathway made; ``seen``: when the patient came last (what was skipped before is asked for again)."""
    waiting = newest is not None and newest["status"] in WAITING
    if newest is not None:
        yield "ask"
        if not waiting:
            yield CLOSED.get(newest["status"], "do")
        elif standing.awaiting.results.answering(newest):
            yield "do"
    if outcome.taken == "taken" and not ended and not waiting:
        closed = CLOSED.get(newest["status"], "do") if newest is not None else None
        if elsewhere is not None:
            yield from ("take up", "ask")
        elif standing.settled(outcome):
            yield from ("take up", "do")
        elif closed == "do" or _moment(seen) > _moment(_when(newest or {})):
            yield "take up"
    elif outcome.taken == "not-taken" and not (ended and newest is not None):
        yield "rule out"
    if ended:
        yield "stop"


@lru_cache(1024)
def _key_of(action: str) -> re.Pattern[str]:
    """The keys of the Tasks of an action."""
    return re.compile(rf"(?:.*:)?(?:\d+-)?{re.escape(action)}-(?:visit|\d+)")


def _is_of(request: Resource, standing: Standing, outcome: ActionOutcome) -> bool:
    """Whether a request is of this action.

    A Task carries the action's id in its key, for several actions lead to one kind of visit. An examination is the same
    for every pathway: it is known by its definition and its codes.
    """
    if request["resourceType"] == "Task":
        own = _key_of(outcome.id)
        keys = [one.get("value", "") for one in request.get("identifier", ()) if one.get("system") == FORM]
        plans = {one.get("reference") for one in request.get("basedOn", ())}
        here = not plans or reference(standing.enrolment.plan) in plans
        return here and any(own.fullmatch(key) for key in keys)
    definition = (outcome.action.definition or "").partition("|")[0]
    if definition and definition in {one.partition("|")[0] for one in request.get("instantiatesCanonical", ())}:
        return True
    asked = {pair for one in standing.proposed(outcome) for pair in codings(one.get("code"))}
    return bool(asked & set(codings(request.get("code"))))


def _moment(text_of: str) -> datetime:
    """A FHIR dateTime as an aware moment; the beginning of time for none."""
    if not text_of:
        return datetime.min.replace(tzinfo=UTC)
    found = datetime.fromisoformat(text_of)
    return found if found.tzinfo else found.replace(tzinfo=CASABLANCA)


def _when(request: Resource) -> str:
    return str(request.get("lastModified") or request.get("authoredOn") or "")


def _last_day(request: Resource) -> date | None:
    period: dict[str, Any] = request.get("restriction", {}).get("period", {}) or request.get("occurrencePeriod", {})
    end = period.get("end") or request.get("occurrenceDateTime")
    return date.fromisoformat(str(end)[:10]) if end else None
