"""The patient is the health centre's again: a Task there, with the day by which to see them.

After an answer the hospital says the day; after a refusal or a cancellation the limit of ``limits.json`` holds. Without
this Task a patient whose referral was declined would stand in nobody's list.
"""

from __future__ import annotations

from datetime import date, timedelta

from app.clock import moment_text
from app.fhir.repository import Repository
from app.fhir.resource import Resource, reference
from pathways.referral.deadlines import limits
from pathways.vocabulary import RETURN, task_kind


def give_back(repo: Repository, task: Resource, *, focus: Resource, mark: Resource, by: date | None = None) -> Resource:
    """Store the Task of the return. ``focus``: a Reference to what is read first: the letter, or what was refused."""
    priority = task.get("priority", "routine")
    last = by or repo.today + timedelta(hours=limits()[priority]["return"])
    plans = [item for item in task.get("basedOn", []) if item["reference"].startswith("CarePlan/")]
    made: Resource = {
        "resourceType": "Task",
        "identifier": [mark],
        "partOf": [{"reference": reference(task)}],
        "status": "requested",
        "intent": "order",
        "priority": "routine" if priority == "routine" else "urgent",
        "code": task_kind(RETURN),
        "focus": focus,
        "for": task["for"],
        "authoredOn": moment_text(repo.now),
        "requester": {"reference": task["owner"]["reference"]},
        "owner": {"reference": task["requester"]["reference"]},
        "restriction": {"period": {"start": repo.today.isoformat(), "end": last.isoformat()}},
    }
    return repo.create(made | ({"basedOn": plans} if plans else {}))
