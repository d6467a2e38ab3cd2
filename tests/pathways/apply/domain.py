"""Plans, patients and readings in the words of the domain, for the tests of the engine."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from app.config import CANONICAL_BASE as BASE
from app.errors import NotFound
from pathways.apply import Applied, ApplyRequest, apply
from pathways.calendar import Calendar
from pathways.facts import Facts

NOW = datetime(2026, 9, 15, 10, tzinfo=UTC)
"""A Tuesday morning, far from holidays."""
FHIRPATH = "text/fhirpath"
SD = f"{BASE}/StructureDefinition"


def a_patient(**about: Any) -> dict[str, Any]:
    """A woman of sixty."""
    return {"resourceType": "Patient", "id": "amina", "gender": "female", "birthDate": "1966-03-01"} | about


def a_reading(systolic: int, diastolic: int, day: str = "2026-09-15", id: str = "bp") -> dict[str, Any]:
    """One blood pressure."""
    return {
        "resourceType": "Observation",
        "id": f"{id}-{day}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "subject": {"reference": "Patient/amina"},
        "effectiveDateTime": day,
        "component": [_component("8480-6", systolic), _component("8462-4", diastolic)],
    }


def _component(code: str, value: int) -> dict[str, Any]:
    quantity = {"value": Decimal(value), "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}
    return {"code": {"coding": [{"system": "http://loinc.org", "code": code}]}, "valueQuantity": quantity}


def a_lab(code: str, value: str, unit: str, day: str = "2026-09-01") -> dict[str, Any]:
    """One laboratory value."""
    return {
        "resourceType": "Observation",
        "id": f"lab-{code}-{day}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": "Patient/amina"},
        "effectiveDateTime": day,
        "valueQuantity": {"value": Decimal(value), "unit": unit, "code": unit, "system": "http://unitsofmeasure.org"},
    }


def in_both(field: str, french: str, arabic: str) -> dict[str, Any]:
    """A text in French with its Arabic translation."""
    parts = [{"url": "lang", "valueCode": "ar"}, {"url": "content", "valueString": arabic}]
    url = "http://hl7.org/fhir/StructureDefinition/translation"
    return {field: french, f"_{field}": {"extension": [{"url": url, "extension": parts}]}}


def a_variable(
    name: str, expression: str, *, needed: bool = False, ask: str | None = None, **more: Any
) -> dict[str, Any]:
    """A variable of a plan; a query where the text reads like one."""
    query = "?" in expression and expression[0].isupper()
    about: dict[str, Any] = {
        "name": name,
        "language": "application/x-fhir-query" if query else FHIRPATH,
        "expression": expression,
        **more,
    }
    marks = [{"url": f"{SD}/needed", "valueBoolean": True}] if needed else []
    marks += [{"url": f"{SD}/ask-with", "valueCanonical": ask}] if ask else []
    about |= {"extension": marks} if marks else {}
    return {"url": "http://hl7.org/fhir/StructureDefinition/variable", "valueExpression": about}


def pressure_variables() -> list[dict[str, Any]]:
    """The newest blood pressure; the pressure is needed, and asked for."""
    query = "Observation?patient={{%patient.id}}&code=http://loinc.org|85354-9&status=final&_sort=-date&_count=5"
    last = "%bp.entry.resource.first()"
    part = last + ".component.where(code.coding.where(code='{}').exists()).value.value"
    measure = f"{BASE}/ActivityDefinition/measure-bp"
    return [
        a_variable("bp", query),
        a_variable(
            "sbp", part.format("8480-6"), needed=True, ask=measure, **in_both("description", "Systolique", "الانقباضي")
        ),
        a_variable("dbp", part.format("8462-4"), needed=True, ask=measure),
        a_variable("bpDate", last + ".effective"),
    ]


def when(*expressions: str) -> dict[str, Any]:
    """The conditions of an action."""
    return {
        "condition": [
            {"kind": "applicability", "expression": {"language": FHIRPATH, "expression": text}} for text in expressions
        ]
    }


def an_action(title: str = "Act", **about: Any) -> dict[str, Any]:
    """One action of a plan."""
    return {"title": title} | about


def a_plan(*actions: dict[str, Any], name: str = "plan", variables: Iterable[Any] = (), **about: Any) -> dict[str, Any]:
    """A PlanDefinition with these actions."""
    plan = {
        "resourceType": "PlanDefinition",
        "id": name,
        "url": f"{BASE}/PlanDefinition/{name}",
        "version": "1.0.0",
        "status": "active",
        "language": "fr",
        "title": name,
        "action": list(actions),
    }
    extensions = [*variables, *about.pop("extension", [])]
    return plan | ({"extension": extensions} if extensions else {}) | about


def an_activity(name: str, kind: str = "Task", **about: Any) -> dict[str, Any]:
    """An ActivityDefinition."""
    return {
        "resourceType": "ActivityDefinition",
        "id": name,
        "url": f"{BASE}/ActivityDefinition/{name}",
        "version": "1.0.0",
        "status": "active",
        "title": name,
        "kind": kind,
    } | about


MEASURE_BP = an_activity("measure-bp", code={"coding": [{"system": f"{BASE}/CodeSystem/task-kind", "code": "measure"}]})


def uses(definition: dict[str, Any]) -> dict[str, Any]:
    """The element by which an action points at a definition."""
    return {"definitionCanonical": definition["url"]}


def asked(
    *record: dict[str, Any],
    definitions: Iterable[dict[str, Any]] = (),
    patient: dict[str, Any] | None = None,
    now: datetime = NOW,
    **more: Any,
) -> ApplyRequest:
    """A request for a patient with this record."""
    by_url = {one["url"]: one for one in (MEASURE_BP, *definitions)}

    def find(canonical: str) -> dict[str, Any]:
        url, _, version = canonical.partition("|")
        found = by_url.get(url)
        if found is None or (version and found["version"] != version):
            raise NotFound(f"there is no definition {canonical}")
        return found

    who = patient or a_patient()
    return ApplyRequest(who, Facts([who, *record], now), find, now, calendar=more.pop("calendar", Calendar()), **more)


def run(plan: dict[str, Any], *record: dict[str, Any], **more: Any) -> Applied:
    """The plan applied to a patient with this record."""
    return apply(plan, asked(*record, **more))


def statuses(applied: Applied) -> dict[str, str]:
    """Action title → taken, not-taken, missing, failed; at every depth."""
    return {one.title: one.taken for one in applied.walk()}


def resources_of(applied: Applied, kind: str) -> list[dict[str, Any]]:
    """The resources of a type in the answer."""
    return [one["resource"] for one in applied.bundle["entry"] if one["resource"]["resourceType"] == kind]


def on(day: str) -> date:
    """A day."""
    return date.fromisoformat(day)
