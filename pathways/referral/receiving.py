"""Moves after the sending, by either side: accept, decline, give an appointment, see the patient, cancel."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from urllib.parse import quote

from app.clock import moment_text
from app.errors import Forbidden, Invalid
from app.fhir.repository import Repository
from app.fhir.resource import Resource
from pathways.provenance import record_act
from pathways.referral import moves
from pathways.referral.deadlines import deadline
from pathways.referral.returning import give_back
from pathways.referral.sending import ON_ITS_WAY
from pathways.vocabulary import REFERRAL, form_identifier, kind_token

NEEDS_REASON = {moves.DECLINE, moves.REQUEST_CANCELLATION, moves.CANCEL_APPOINTMENT}
NEEDS_DAY = {moves.SCHEDULE, moves.RESCHEDULE}
GRANT = {moves.INITIATOR: "referral:send", moves.RECIPIENT: "referral:receive"}
ENDS_WITHOUT_ANSWER = {moves.DECLINE, moves.CONFIRM_CANCELLATION}
ORDER_STATUS = {"4.0": "revoked", "6.0": "revoked", "7.0": "completed"}


def side(repo: Repository, task: Resource) -> str:
    """Which side of a referral the actor stands on. Raises Forbidden when on neither."""
    mine = repo.actor.organization
    if mine and mine == task.get("owner", {}).get("reference"):
        return moves.RECIPIENT
    if mine and mine == task.get("requester", {}).get("reference"):
        return moves.INITIATOR
    raise Forbidden("this referral is between two other establishments")


def play(
    repo: Repository,
    task_reference: str,
    event: str,
    *,
    form_key: str,
    reason: str = "",
    day: date | None = None,
    seen_version: int | None = None,
) -> Resource:
    """Make a move; the Task after it comes back. The same form sent twice moves once.

    ``seen_version`` is the version on the page: when somebody else has moved since, PreconditionFailed is raised.
    Raises Conflict (not in the table from this state), Forbidden (not this side, or no grant), Invalid (a reason or a
    day is missing).
    """
    task = repo.read(task_reference)
    mark = form_identifier(form_key, "move")
    if mark in task.get("identifier", []):
        return task
    actor = side(repo, task)
    if not repo.actor.may(GRANT[actor]):
        raise Forbidden("you may not make this move")
    move = moves.find(task, event, actor)
    _refuse_incomplete(event, reason, day, repo.today)
    moved = advance(repo, task, move, mark=mark, reason=reason, day=day, seen_version=seen_version)
    if event in ENDS_WITHOUT_ANSWER:
        give_back(repo, moved, focus={"reference": task_reference}, mark=form_identifier(form_key, "return"))
    return moved


def advance(
    repo: Repository,
    task: Resource,
    move: moves.Move,
    *,
    mark: Resource,
    reason: str = "",
    day: date | None = None,
    seen_version: int | None = None,
    **changes: object,
) -> Resource:
    """Write the Task after a move that has been found and allowed."""
    after = moves.made(task, move, lastModified=moment_text(repo.now), **changes)
    after["identifier"] = [*task.get("identifier", []), mark]
    limit = deadline(move.after[1], task.get("priority", "routine"), repo.now)
    after.pop("restriction", None)
    if day:
        after["executionPeriod"] = {"start": day.isoformat(), "end": day.isoformat()}
    elif move.event == moves.CANCEL_APPOINTMENT:
        after.pop("executionPeriod", None)
    if limit:
        after["restriction"] = {"period": {"end": moment_text(limit)}}
    if reason.strip():
        after["statusReason"] = {"text": reason.strip()}
        note = {"time": moment_text(repo.now), "text": f"{move.event}: {reason.strip()}"}
        after["note"] = [*task.get("note", []), note]
    stored = repo.update(after, if_match=seen_version)
    touched = [stored]
    if order_status := ORDER_STATUS.get(move.after[1]):
        order = repo.read(task["focus"]["reference"])
        touched.append(repo.update(order | {"status": order_status}))
    record_act(repo, move.event.replace(" ", "-"), touched, reason=reason.strip() or None)
    return stored


def _refuse_incomplete(event: str, reason: str, day: date | None, today: date) -> None:
    if event in NEEDS_REASON and not reason.strip():
        raise Invalid("say why, so that the other side can act on it", expression="reason")
    if event in NEEDS_DAY and day is None:
        raise Invalid("give the day of the appointment", expression="day")
    if day is not None and day < today:
        raise Invalid("an appointment cannot be in the past", expression="day")


def waiting_for(
    repo: Repository,
    organizations: Iterable[str],
    *,
    sent: bool = False,
    ended: bool = False,
    after: str | None = None,
    count: int = 20,
) -> tuple[list[Resource], str | None]:
    """(referrals, key of the next page) of some establishments, received or sent: the most pressing first."""
    party = "requester" if sent else "owner"
    status = "completed,rejected,cancelled" if ended else ON_ITS_WAY
    order = "-modified" if ended else "due"
    query = f"Task?{party}={','.join(organizations)}&code={kind_token(REFERRAL)}&status={status}&_sort={order}"
    page = repo.search(f"{query}&_count={count}" + (f"&_cursor={quote(after)}" if after else ""))
    return list(page.resources), page.cursor
