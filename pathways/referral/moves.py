"""The moves of a referral, as one table (``transitions.csv``: the harmonised transitions of a referral Task).

A move is named by its event; whoever plays it is the *initiator* (the establishment that refers) or the *recipient*.
What is not in the table is refused, by the name of the move and of the state.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.errors import Conflict, msgid
from app.fhir.resource import Resource, code_in, concept
from pathways.vocabulary import REFERRAL_STATUS

INITIATOR, RECIPIENT = "initiator", "recipient"

SEND = "send referral package"
ACCEPT = "send acceptance"
DECLINE = "send decline"
REQUEST_CANCELLATION = "send cancellation request"
CONFIRM_CANCELLATION = "send cancellation confirmation"
SCHEDULE = "send schedule visit information"
RESCHEDULE = "send rescheduled visit information"
NO_SHOW = "send no-show information"
CANCEL_APPOINTMENT = "send appointment cancel"
NOTE = "send interim consultation note"
ANSWER = "send referral outcome"

STATES = {
    "": msgid("being written"),
    "2.0": msgid("received"),
    "3.0": msgid("accepted"),
    "4.0": msgid("declined"),
    "5.1": msgid("in progress"),
    "5.1.1": msgid("appointment given"),
    "5.1.2": msgid("did not come"),
    "5.1.3": msgid("appointment cancelled"),
    "5.1.4": msgid("seen, answer to come"),
    "5.2": msgid("cancellation asked for"),
    "6.0": msgid("cancelled"),
    "7.0": msgid("answered"),
}
"""Business status -> words (English msgids, translated by who shows them)."""


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table; ``before`` and ``after`` are (Task.status, business status)."""

    id: str
    actor: str
    event: str
    before: tuple[str, str]
    after: tuple[str, str]


@cache
def moves() -> tuple[Move, ...]:
    """The table."""
    with (Path(__file__).parent / "transitions.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Move(
                row["id"],
                row["actor"],
                row["event"],
                (row["from_status"], row["from_business_status"]),
                (row["to_status"], row["to_business_status"]),
            )
            for row in csv.DictReader(file)
        )


def state(task: Resource) -> tuple[str, str]:
    """(status, business status) of a referral Task; the second is empty on a draft."""
    return task["status"], code_in(task.get("businessStatus"), REFERRAL_STATUS) or ""


def possible(task: Resource, actor: str | None = None) -> list[Move]:
    """The moves open from the present state, of one side or of both."""
    return [move for move in moves() if move.before == state(task) and actor in (None, move.actor)]


def find(task: Resource, event: str, actor: str) -> Move:
    """The move that an event makes from the present state. Raises Conflict naming the move and the state."""
    for move in possible(task, actor):
        if move.event == event:
            return move
    status, business = state(task)
    raise Conflict(
        "a referral in the state “{state}” ({status} {business}) does not allow “{event}” by the {actor}",
        state=STATES.get(business, business),
        status=status,
        business=business or "-",
        event=event,
        actor=actor,
    )


def made(task: Resource, move: Move, **changes: Any) -> Resource:
    """Another Task, after the move."""
    status, business = move.after
    return task | {"status": status, "businessStatus": concept(REFERRAL_STATUS, business)} | changes
