"""How pressing it is that a patient comes, by which those who did not come are ordered.

It stands on the Task of the visit, and in an index, because a list of thousands is ordered by it: running the pathways
of everybody whenever the page is opened is out of the question. It is worked out when the Task is made, again when
another system sends results (``pathways.arriving``), and once a day for those overdue of whom values have come by any
other road, such as an import.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from app.fhir.repository import Repository
from app.fhir.resource import Resource, extension, with_extension
from pathways import enrolment, measurement
from pathways.apply.asking import Terms
from pathways.progression import TREATMENT, Standing
from pathways.together.standings import Standings, evaluate_all
from pathways.vocabulary import ABOVE, REACHED, RISK, SEVERE, UNKNOWN, VISIT, kind_token

TOGETHER = 100
"""Patients of one search."""
TOPIC, PORTION = "risk", 20
"""The job of the worker, and how many visits one of them brings up to date."""


def risk(standings: Standings) -> int:
    """SEVERE, ABOVE, UNKNOWN or REACHED: the most pressing of the pathways that the patient follows."""
    return min((_of_one(standing) for standing in standings.each), default=UNKNOWN)


def _of_one(standing: Standing) -> int:
    """Urgent where the pathway refers or treats urgently; else what the last value says of the target."""
    if any(one.kind == "referral-urgent" or (one.kind == TREATMENT and one.urgent) for one in standing.next_actions):
        return SEVERE
    of = measurement.leading(standing.enrolment.pathway)
    if of is None:
        return UNKNOWN
    frame = standing.applied.frame
    record = frame.asked.facts.of_type("Observation")
    found = [one for one in measurement.readings(record, of, standing.on) if one.known]
    if not found:
        return UNKNOWN
    last = found[-1].values
    if any(value is not None and value > limit for value, limit in zip(last, of.severe, strict=False)):
        return SEVERE
    above = measurement.above(last, measurement.targets(frame.scope, of))
    return UNKNOWN if above is None else ABOVE if above else REACHED


def renew(repo: Repository, patient: str, terms: Terms | None = None) -> None:
    """Bring the risk of the visit that a patient waits for up to date. ``terms``: what the pathways' queries ask for
    the codes of a value set."""
    for task in list(repo.search_all(f"Task?patient={patient}&code={kind_token(VISIT)}&status=requested")):
        _brought_up(repo, task, terms)


def note_overdue(repo: Repository) -> int:
    """Have the worker bring up to date the risk of those overdue of whom values came in the last day, a portion of
    patients in each transaction: one over all of them would keep everybody else waiting. How many visits that is.
    """
    plans = [
        plan
        for plan in repo.search_all("PlanDefinition?status=active&type=workflow-definition")
        if measurement.leading(plan)
    ]
    tokens = {of.token for plan in plans if (of := measurement.leading(plan))}
    if not tokens:
        return 0
    since = (repo.today - timedelta(days=1)).isoformat()
    came = repo.search_all(f"Observation?code={','.join(sorted(tokens))}&_lastUpdated=ge{since}")
    patients = sorted({one["subject"]["reference"] for one in came if "reference" in one.get("subject", {})})
    noted = 0
    for first in range(0, len(patients), TOGETHER):
        waiting = [task["id"] for task in _overdue(repo, patients[first : first + TOGETHER])]
        for start in range(0, len(waiting), PORTION):
            repo.enqueue(TOPIC, {"tasks": waiting[start : start + PORTION]})
        noted += len(waiting)
    return noted


def renew_overdue(repo: Repository, payload: Mapping[str, Any], terms: Terms | None = None) -> int:
    """The worker's part, over the Tasks of ``note_overdue`` that still wait; how many changed."""
    tasks = repo.read_many(f"Task/{id}" for id in payload["tasks"]).values()
    return sum(_brought_up(repo, task, terms) for task in tasks if task["status"] == "requested")


def _overdue(repo: Repository, patients: Iterable[str]) -> list[Resource]:
    """The visits that these patients have missed."""
    asked = (
        f"Task?patient={','.join(patients)}&code={kind_token(VISIT)}&status=requested&due=eb{repo.today.isoformat()}"
    )
    return list(repo.search_all(asked))


def _brought_up(repo: Repository, task: Resource, terms: Terms | None) -> bool:
    held = enrolment.enrolments(repo, task["for"]["reference"])
    now = risk(evaluate_all(repo, held, language="fr", terms=terms, watched=False))
    if now == extension(task, RISK):
        return False
    repo.update(with_extension(task, RISK, valueInteger=now))
    return True
