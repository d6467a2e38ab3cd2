"""Referrals in words: their state, what is awaited and until when, which moves are open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.fhir.resource import Resource
from app.fhir.translation import text
from app.web import facility_tree
from pathways.referral import moves, receiving

STATE_KINDS = {
    "2.0": "now",
    "3.0": "good",
    "4.0": "danger",
    "5.1.2": "late",
    "5.2": "late",
    "6.0": "quiet",
    "7.0": "good",
}
URGENCY_WORDS = {"routine": _l("not urgent"), "urgent": _l("urgent"), "asap": _l("soon"), "stat": _l("at once")}
MOVE_WORDS = {
    moves.ACCEPT: _l("Accept"),
    moves.DECLINE: _l("Decline"),
    moves.SCHEDULE: _l("Give an appointment"),
    moves.RESCHEDULE: _l("Change the appointment"),
    moves.NO_SHOW: _l("The patient did not come"),
    moves.CANCEL_APPOINTMENT: _l("Cancel the appointment"),
    moves.NOTE: _l("The patient has been seen"),
    moves.ANSWER: _l("Write the answer"),
    moves.REQUEST_CANCELLATION: _l("Ask for cancellation"),
    moves.CONFIRM_CANCELLATION: _l("Confirm the cancellation"),
}


LEADING = {
    "2.0": moves.ACCEPT,
    "3.0": moves.SCHEDULE,
    "5.1": moves.NOTE,
    "5.1.1": moves.NOTE,
    "5.1.2": moves.RESCHEDULE,
    "5.1.3": moves.SCHEDULE,
    "5.1.4": moves.ANSWER,
    "5.2": moves.CONFIRM_CANCELLATION,
}
"""State → the move that one expects next: the one primary button."""
LAST = (moves.NO_SHOW, moves.CANCEL_APPOINTMENT, moves.REQUEST_CANCELLATION, moves.DECLINE)
"""Moves that undo something stand apart, after the others."""
SEEN = "5.1.4"


@dataclass(frozen=True, slots=True)
class Open:
    """A move that may be made now. ``needs``: what it asks for (reason, day, note, nothing)."""

    event: str
    label: str
    needs: str
    primary: bool
    apart: bool


def open_moves(task: Resource, side: str) -> list[Open]:
    """The moves that a side may make from the present state: the expected one first, those that undo last."""
    _status, business = moves.state(task)
    events = list(dict.fromkeys(move.event for move in moves.possible(task, side)))
    found = []
    for event in events:
        noted = event == moves.NOTE and business == SEEN
        label = _("Add a consultation note") if noted else str(MOVE_WORDS.get(event, event))
        needs = "reason" if event in receiving.NEEDS_REASON else "day" if event in receiving.NEEDS_DAY else ""
        found.append(Open(event, label, "note" if noted else needs, event == LEADING.get(business), event in LAST))
    return sorted(found, key=lambda one: (not one.primary, one.apart, LAST.index(one.event) if one.apart else 0))


def refused(task: Resource, event: str) -> str:
    """Why a move is not possible, in the page's language."""
    state = state_words(moves.state(task)[1])
    label = str(MOVE_WORDS.get(event, event))
    return _("The referral is now “%(state)s”: “%(move)s” is not possible. Look at it again.", state=state, move=label)


@dataclass(frozen=True, slots=True)
class Note:
    """What was said with a move: when, which, the words."""

    when: str
    title: str
    text: str


def notes(task: Resource) -> list[Note]:
    """What both sides have written, newest first."""
    found = []
    for one in task.get("note", ()):
        event, _colon, words = one.get("text", "").partition(": ")
        known = event in MOVE_WORDS
        found.append(
            Note(one.get("time", ""), str(MOVE_WORDS[event]) if known else "", words if known else one["text"])
        )
    return found[::-1]


@dataclass(frozen=True, slots=True)
class ReferralLine:
    """A referral as a row or a heading. ``deadline`` is an instant; ``overdue`` whether it has passed."""

    id: str
    version: str
    patient: str
    sender: str
    recipient: str
    reason: list[tuple[str, str]]
    urgency: str
    priority: str
    state: str
    state_kind: str
    sent: str
    deadline: str
    overdue: bool
    appointment: str
    letter: str


def state_words(business: str) -> str:
    """The state in the page's language."""
    return _(moves.STATES[business]) if business in moves.STATES else business


def present(task: Resource, now: datetime, language: str) -> ReferralLine:
    """A referral Task in a language."""
    status, business = moves.state(task)
    deadline = task.get("restriction", {}).get("period", {}).get("end", "")
    letter = next((o["valueReference"]["reference"] for o in task.get("output", ()) if "valueReference" in o), "")
    priority = task.get("priority", "routine")
    return ReferralLine(
        id=task["id"],
        version=task.get("meta", {}).get("versionId", ""),
        patient=task["for"]["reference"].split("/")[-1],
        sender=facility_tree.name_of(task.get("requester", {}).get("reference")),
        recipient=facility_tree.name_of(task.get("owner", {}).get("reference")),
        reason=lines(task, "description", language, task.get("language", "fr")),
        urgency=str(URGENCY_WORDS.get(priority, priority)),
        priority=priority,
        state=state_words(business),
        state_kind=STATE_KINDS.get(business, "quiet"),
        sent=task.get("authoredOn", ""),
        deadline=deadline,
        overdue=bool(deadline) and status != "completed" and datetime.fromisoformat(deadline) < now,
        appointment=task.get("executionPeriod", {}).get("start", "")[:10],
        letter=letter.split("/")[-1],
    )


def lines(owner: Resource, field: str, language: str, primary: str) -> list[tuple[str, str]]:
    """(line, its language) of a text that people and the record wrote together: what was drawn from the record comes in
    the reader's language, what people wrote as they wrote it; ``""`` for a line in the reader's language."""
    written = owner.get(field, "").splitlines()
    said = (text(owner, field, language, primary=primary) or "").splitlines()
    foreign = primary if primary != language else ""
    return [(line, foreign if line in written else "") for line in said]


def summary(order: Resource, language: str) -> list[tuple[str, str]]:
    """The lines of the summary of a request, as ``lines``."""
    primary = order.get("language", "fr")
    return [line for note in order.get("note", ()) for line in lines(note, "text", language, primary)]


def section_words() -> dict[str, str]:
    """Sections of the letter."""
    return {
        "findings": _("What was found"),
        "treatment": _("Treatment recommended"),
        "advice": _("Advice for the follow-up"),
    }
