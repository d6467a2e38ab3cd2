"""*My day*: who is due, who is overdue, who came back from hospital, what waits for a decision, whom to call.

Overdue is computed when the page is read. A page of a list costs the same few queries however long it is: the tasks
with their patients in one, the last values in another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import quote

from app.fhir.repository import Repository
from app.fhir.resource import Resource, extension
from pathways.vocabulary import CALL, DECIDE, RETURN, RISK, VISIT, kind_token

BACK, DECISIONS, TODAY, LATE, CALLS, SOON = "back", "decisions", "today", "late", "call", "soon"
GROUPS = (BACK, DECISIONS, TODAY, LATE, CALLS, SOON)
COUNTED = (BACK, DECISIONS, TODAY, LATE, CALLS)
"""The groups that are counted for each establishment of a region."""
BY_RISK = (LATE, CALLS)
"""The groups of those who did not come: ordered by risk (``pathways.risk``), then by time."""
PAGE = 25
MOST = 500
"""Establishments that one query takes."""
AHEAD = 7
CALL_AFTER = 28
"""Days after which somebody who did not come is to be called (a working value, to be confirmed by the Ministry)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: a Task and its Patient."""

    task: Resource
    patient: Resource

    @property
    def risk(self) -> int | None:
        """How pressing it is that they come (``pathways.vocabulary.RISK``)."""
        found = extension(self.task, RISK)
        return found if isinstance(found, int) else None

    @property
    def due(self) -> date | None:
        """The last day on which it is in time."""
        end = self.task.get("restriction", {}).get("period", {}).get("end")
        return date.fromisoformat(end[:10]) if end else None


@dataclass(frozen=True, slots=True)
class Listed:
    """One group: a page of its entries, how many there are in all, the key of the next page."""

    group: str
    entries: list[Entry]
    total: int
    next: str | None


def listed(
    repo: Repository, organizations: Iterable[str], group: str, *, count: int = PAGE, after: str | None = None
) -> Listed:
    """One page of a group for some establishments, the longest waiting first; those who did not come, by their risk
    first (``pathways.risk``), both read from an index.
    """
    asked = query_of(group, organizations, repo.today)
    order = "risk,due" if group in BY_RISK else "due"
    query = f"{asked}&_sort={order}&_include=Task:patient&_count={count}"
    page = repo.search(f"{query}&_cursor={quote(after)}" if after else query)
    patients = {f"Patient/{one['id']}": one for one in page.included if one["resourceType"] == "Patient"}
    entries = [Entry(task, patients[task["for"]["reference"]]) for task in page.resources if _known(task, patients)]
    whole = len(entries) if after is None and page.next is None else repo.count(asked)
    return Listed(group, entries, whole, page.cursor)


def counts(repo: Repository, organizations: Iterable[str]) -> dict[str, dict[str, int]]:
    """Establishment -> group -> how many tasks it holds: one query a group, however many establishments there are.

    (A query takes 500 of them; a country of 3,000 is asked for in six parts.)
    """
    held = sorted(organizations)
    found = {one: dict.fromkeys(COUNTED, 0) for one in held}
    for first in range(0, len(held), MOST):
        for group in COUNTED:
            asked = query_of(group, held[first : first + MOST], repo.today)
            for owner, number in repo.count_by(asked, "owner").items():
                found[owner][group] = number
    return found


def together(counted: Iterable[dict[str, int]]) -> dict[str, int]:
    """The counts of several establishments as one."""
    whole = dict.fromkeys(COUNTED, 0)
    for one in counted:
        whole = {group: whole[group] + one[group] for group in COUNTED}
    return whole


def query_of(group: str, organizations: Iterable[str], today: date) -> str:
    """The search that a group is. What counts is the last day on which a visit is in time: a window that has opened and
    ends in two months asks nothing of today."""
    day, tomorrow = today.isoformat(), (today + timedelta(days=1)).isoformat()
    long_ago, later = (today - timedelta(days=CALL_AFTER)).isoformat(), (today + timedelta(days=AHEAD + 1)).isoformat()
    kinds = {BACK: [RETURN], DECISIONS: [DECIDE]}.get(group, [VISIT, CALL])
    codes = ",".join(kind_token(kind) for kind in kinds)
    when = {
        TODAY: f"&due=ge{day}&due=eb{tomorrow}",
        LATE: f"&due=eb{day}&due=ge{long_ago}",
        CALLS: f"&due=eb{long_ago}",
        SOON: f"&due=ge{tomorrow}&due=eb{later}",
    }.get(group, "")
    return f"Task?owner={','.join(sorted(organizations))}&code={codes}&status=requested{when}"


def _known(task: Resource, patients: dict[str, Resource]) -> bool:
    """A patient who is not in the answer is out of the actor's sight; one who has died is not called."""
    patient = patients.get(task.get("for", {}).get("reference", ""))
    return patient is not None and not (patient.get("deceasedBoolean") or patient.get("deceasedDateTime"))
