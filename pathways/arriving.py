"""Results that another system sends: what was asked for is closed soon after, by the worker, and how pressing the next
visit is, is worked out anew.

The write itself only notes the patient, once a transaction: a bundle of a thousand results waits for no search.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from app.fhir.repository import Repository
from app.fhir.resource import Resource
from pathways import risk
from pathways.apply.asking import Terms
from pathways.results import STATED, close_answered

TOPIC = "result-arrived"
_noted: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
"""The transactions that run, and the patients that each has noted."""


def note_arrival(repo: Repository, before: Resource | None, after: Resource | None) -> None:
    """A guard that lets everything pass: it notes whose result has come, was changed or taken back."""
    stated = [one for one in (after, before) if one is not None and one.get("status") in STATED]
    if not stated:
        return
    patient = str(stated[0].get("subject", {}).get("reference", ""))
    noted = _noted.setdefault(repo, set())
    if patient.startswith("Patient/") and patient not in noted:
        noted.add(patient)
        repo.enqueue(TOPIC, {"patient": patient})


def close_arrived(repo: Repository, payload: Mapping[str, Any], terms: Terms | None = None) -> None:
    """The worker's part: complete the requests of the patient that have their results, order the visits that wait."""
    close_answered(repo, payload["patient"])
    risk.renew(repo, payload["patient"], terms)
