"""What was asked for (a Task to measure, an order of a test), whether it is still open, and what answers it.

A result answers a request by code: an Observation, a Procedure or a DiagnosticReport of the same patient with the code
that was asked for, taken after it was asked. A Task may wait for several results: each stands in its ``input``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from app.clock import moment_text
from app.fhir import dates
from app.fhir.repository import Repository
from app.fhir.resource import Resource, codings
from pathways.apply.values import date_of
from pathways.vocabulary import FORM, MEASURE, OPEN, TASK_KIND, kind_token

KINDS = ("Observation", "Procedure", "DiagnosticReport")
STATED = frozenset({"final", "amended", "corrected", "appended", "completed"})
"""Statuses in which a result counts."""
WAITING = frozenset({*OPEN, "active"})
"""Statuses of a request that is still to be answered."""
RESULT = {"text": "result"}
"""The type of a Task's inputs that name the results it waits for, and of its outputs that name those that came."""

Code = tuple[str | None, str | None]


def asked_codes(request: Mapping[str, Any]) -> frozenset[Code]:
    """The codes of what a request asks for; the kind of a Task is none of them."""
    return frozenset(pair for pair in codings(request.get("code")) if pair[0] != TASK_KIND and pair[1])


def definitions_of(request: Mapping[str, Any]) -> frozenset[str]:
    """The ActivityDefinitions that a request comes from, without version."""
    named = request.get("instantiatesCanonical") or ()
    return frozenset(url.partition("|")[0] for url in ([named] if isinstance(named, str) else named))


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two requests ask for the same: by their definition, or by a code, whichever pathway they come from."""
    if one["resourceType"] != other["resourceType"]:
        return False
    return bool(definitions_of(one) & definitions_of(other) or asked_codes(one) & asked_codes(other))


def required(definition: Mapping[str, Any]) -> list[Resource]:
    """The codes of the results that an ActivityDefinition says must come, each: its contained ObservationDefinitions
    (https://hl7.org/fhir/R4/activitydefinition-definitions.html#ActivityDefinition.observationResultRequirement)."""
    held = {f"#{one.get('id')}": one for one in definition.get("contained", ())}
    named = (one.get("reference", "") for one in definition.get("observationResultRequirement", ()))
    return [held[name]["code"] for name in named if name in held]


def awaited(request: Mapping[str, Any]) -> list[frozenset[Code]]:
    """The results that a request waits for, each by any of its codes; nothing where it names none."""
    inputs = (one.get("valueCodeableConcept") for one in request.get("input", ()) if one.get("type") == RESULT)
    several = [frozenset(codings(one)) for one in inputs if one]
    own = asked_codes(request)
    return several or ([own] if own else [])


class Results:
    """The results of a record, found by code and time. ``until``: what is dated after it is none yet."""

    def __init__(self, record: Iterable[Mapping[str, Any]], until: datetime):
        self._by_code: dict[Code, list[tuple[dates.Range, str]]] = {}
        for one in record:
            if one["resourceType"] not in KINDS or one.get("status") not in STATED:
                continue
            if (taken := _taken(one)) is not None and taken.low <= until:
                for pair in codings(one.get("code")):
                    self._by_code.setdefault(pair, []).append((taken, f"{one['resourceType']}/{one.get('id')}"))

    def since(self, wanted: Iterable[frozenset[Code]], begin: datetime) -> list[str]:
        """References of the results for all that is wanted, at ``begin`` or later; empty while one has not come."""
        found = []
        for codes in wanted:
            held = [each for code in codes for each in self._by_code.get(code, ()) if each[0].high > begin]
            if not held:
                return []
            found.append(max(held, key=lambda each: each[0].low)[1])
        return found

    def answering(self, request: Mapping[str, Any]) -> list[str]:
        """References of the results that came after a request; empty where it waits still, or names none."""
        asked = request.get("authoredOn")
        return self.since(awaited(request), dates.parse(str(asked)).low) if asked else []


def close_answered(repo: Repository, patient: str, encounter: str | None = None) -> list[Resource]:
    """Complete the tests and measurements of a patient whose results are there by now, whoever wrote them down.

    ``encounter``: the visit at which they came. What is still open. Orders that another system has written are its own:
    it may have meant them to be repeated.
    """
    tasks = repo.search_all(f"Task?patient={patient}&code={kind_token(MEASURE)}&status={','.join(OPEN)}")
    waiting = [*tasks, *repo.search_all(f"ServiceRequest?patient={patient}&status=active,on-hold")]
    if not any(awaited(one) for one in waiting):
        return waiting
    results = Results(repo.record_of(patient.partition("/")[2], KINDS), repo.now)
    left = []
    for one in waiting:
        if not (came := results.answering(one)):
            left.append(one)
        elif _ours(one):
            complete(repo, one, came, encounter)
    return left


def _ours(request: Resource) -> bool:
    return any(one.get("system") == FORM for one in request.get("identifier", ()))


def complete(repo: Repository, request: Resource, results: list[str], encounter: str | None = None) -> Resource:
    """Close a request; ``results`` answer it."""
    if request["resourceType"] != "Task":
        return repo.update(request | {"status": "completed"})
    done: Resource = {"status": "completed", "lastModified": moment_text(repo.now)}
    if results:
        came = [{"type": RESULT, "valueReference": {"reference": one}} for one in results]
        done["output"] = [*request.get("output", ()), *came]
    if encounter:
        done["encounter"] = {"reference": encounter}
    return repo.update(request | done)


def _taken(result: Mapping[str, Any]) -> dates.Range | None:
    """When a result was taken; a period counts by its end, as its date does."""
    period = result.get("performedPeriod") or result.get("effectivePeriod") or {}
    text = date_of(dict(result)) or period.get("end") or period.get("start")
    return dates.parse(text) if text else None
