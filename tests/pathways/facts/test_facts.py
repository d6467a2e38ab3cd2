"""The record in memory, searched as a server would search it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Malformed, NotSupported
from pathways.facts import Facts
from pathways.facts.query import place
from tests.pathways.apply.domain import a_lab, a_patient, a_reading

NOW = datetime(2026, 9, 15, tzinfo=UTC)
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"


def an_order(id: str, status: str, day: str, code: str = "C08CA01") -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": id,
        "status": status,
        "intent": "order",
        "subject": {"reference": "Patient/amina"},
        "authoredOn": day,
        "medicationCodeableConcept": {
            "coding": [{"system": "http://www.whocc.no/atc", "code": code}],
            "text": "Médicament",
        },
    }


RECORD = [
    a_patient(name=[{"family": "Benzaïd", "given": ["Amina"]}]),
    a_reading(150, 95, "2026-09-01"),
    a_reading(140, 90, "2026-09-10"),
    a_reading(130, 80, "2025-01-01"),
    a_lab("4548-4", "7.2", "%", "2026-08-01"),
    a_lab("2160-0", "12", "mg/L", "2026-08-01"),
    {**a_reading(190, 120, "2026-09-12"), "status": "entered-in-error", "id": "wrong"},
    {**a_reading(120, 70, "2026-09-13"), "subject": {"reference": "Patient/other"}, "id": "other"},
    an_order("m1", "active", "2026-01-01"),
    an_order("m2", "stopped", "2025-01-01", "C09CA07"),
    {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished",
        "subject": {"reference": "Patient/amina"},
        "period": {"start": "2026-09-01T08:00:00Z", "end": "2026-09-01T09:00:00Z"},
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
    },
    {
        "resourceType": "Task",
        "id": "t1",
        "status": "requested",
        "for": {"reference": "Patient/amina"},
        "restriction": {"period": {"start": "2026-09-20", "end": "2026-09-25"}},
    },
]
FACTS = Facts(RECORD, NOW)


def ids(query: str) -> list[str]:
    return [entry["resource"]["id"] for entry in FACTS.query(query).get("entry", ())]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"Observation?patient=amina&code={LOINC}|85354-9&status=final&_sort=-date",
         ["bp-2026-09-10", "bp-2026-09-01", "bp-2025-01-01"]),
        (f"Observation?patient=Patient/amina&code={LOINC}|85354-9&status=final&_sort=date&_count=1", ["bp-2025-01-01"]),
        (f"Observation?subject=http://ehr.ma/fhir/Patient/amina&code={LOINC}|85354-9", []),
        (f"Observation?code={LOINC}|4548-4,{LOINC}|2160-0", ["lab-4548-4-2026-08-01", "lab-2160-0-2026-08-01"]),
        ("Observation?code=4548-4", ["lab-4548-4-2026-08-01"]),
        ("Observation?status:not=final", ["wrong"]),
        ("Observation?status=final&date=ge2026-09-01&date=lt2026-09-10", ["bp-2026-09-01"]),
        ("Observation?date=2025", ["bp-2025-01-01"]),
        ("Observation?date=sa2026-09-12", ["other"]),
        ("Observation?date=eb2025-06", ["bp-2025-01-01"]),
        ("Observation?value-quantity=gt7||%", ["lab-4548-4-2026-08-01"]),
        (f"Observation?value-quantity=7.2|{UCUM}|%", ["lab-4548-4-2026-08-01"]),
        ("Observation?value-quantity=lt7||%", []),
        ("Observation?component-value-quantity=ge190", ["wrong"]),
        ("Observation?value-quantity:missing=true&status=final&date=gt2026-09-05", ["bp-2026-09-10", "other"]),
        ("MedicationRequest?status=active,on-hold", ["m1"]),
        ("MedicationRequest?code=http://www.whocc.no/atc|C09CA07", ["m2"]),
        ("MedicationRequest?code:text=medic", ["m1", "m2"]),
        ("MedicationRequest?_sort=authoredon", ["m2", "m1"]),
        ("MedicationRequest?_sort=-status,authoredon", ["m2", "m1"]),
        ("Encounter?date=2026-09-01&class=AMB", ["e1"]),
        ("Encounter?date=2026-09-02", []),
        ("Task?due=le2026-09-25&status=requested", ["t1"]),
        ("Patient?name=benza&gender=female", ["amina"]),
        ("Patient?family:exact=Benzaid", []),
        ("Patient?birthdate=1966-03", ["amina"]),
        ("Patient?_id=amina", ["amina"]),
        ("Condition?patient=amina", []),
        ("Observation?_count=0", []),
    ],
)  # fmt: skip
def test_a_query_finds_what_a_server_would(query: str, expected: list[str]) -> None:
    assert ids(query) == expected


def test_the_total_counts_all_matches() -> None:
    bundle = FACTS.query("MedicationRequest?_count=1")
    assert bundle["total"] == 2 and len(bundle["entry"]) == 1 and bundle["type"] == "searchset"


def test_included_resources_follow() -> None:
    found = FACTS.query("MedicationRequest?status=active&_include=MedicationRequest:subject")
    assert [(e["search"]["mode"], e["resource"]["id"]) for e in found["entry"]] == [
        ("match", "m1"),
        ("include", "amina"),
    ]


def test_a_value_set_is_asked_for_its_codes() -> None:
    drugs = {"http://x/antihypertensives": [("http://www.whocc.no/atc", "C09CA07")]}
    facts = Facts(RECORD, NOW, value_sets=lambda url: drugs[url])
    inside = facts.query("MedicationRequest?code:in=http://x/antihypertensives")
    outside = facts.query("MedicationRequest?code:not-in=http://x/antihypertensives")
    assert [inside["entry"][0]["resource"]["id"], outside["entry"][0]["resource"]["id"]] == ["m2", "m1"]


@pytest.mark.parametrize(
    "query",
    [
        "Observation?nowhere=1", "Observation?code:above=1", "Observation?subject.name=x",
        "Observation?_has:Task:focus:status=x",
        "Observation?_revinclude=Task:focus", "Observation?_include=Task:focus", "MedicationRequest?code:in=http://x",
        "Patient?name:phonetic=x",
    ],
)  # fmt: skip
def test_what_cannot_be_evaluated_is_refused_never_ignored(query: str) -> None:
    with pytest.raises(NotSupported):
        FACTS.query(query)


@pytest.mark.parametrize(
    "query", ["Observation?date=soon", "Observation?value-quantity=ge", "Observation?_count=x", "A?b"]
)
def test_what_cannot_be_read_is_refused(query: str) -> None:
    with pytest.raises(Malformed):
        FACTS.query(query)


def test_a_place_is_filled_for_each_patient() -> None:
    query = f"Observation?patient={place(0)}&status=final&_sort=-date&_count=1"
    assert FACTS.query(query, ["other"])["entry"][0]["resource"]["id"] == "other"
    assert FACTS.query(query, ["amina"])["entry"][0]["resource"]["id"] == "bp-2026-09-10"
    assert FACTS.query(query, ["nobody"])["total"] == 0


def test_request_data_stands_over_stored_data() -> None:
    newer = {**a_reading(100, 60, "2026-09-10")}
    facts = FACTS.and_also([newer])
    assert facts.get("Observation/bp-2026-09-10") is newer
    assert len(facts.of_type("Observation")) == len(FACTS.of_type("Observation"))


def test_references_are_resolved_with_base_and_version() -> None:
    assert FACTS.get("http://ehr.ma/fhir/Patient/amina/_history/3") is RECORD[0]
    assert FACTS.get("Patient/nobody") is None


DAYS = st.dates(date(2020, 1, 1), date(2026, 12, 31))


@given(st.lists(DAYS, max_size=12), DAYS)
def test_law_a_search_agrees_with_a_plain_filter(days: list[date], limit: date) -> None:
    record = [a_reading(120, 80, day.isoformat(), f"n{at}") for at, day in enumerate(days)]
    found = Facts(record, NOW).query(f"Observation?date=ge{limit}&_sort=-date").get("entry", [])
    kept = sorted((day.isoformat() for day in days if day >= limit), reverse=True)
    assert [entry["resource"]["effectiveDateTime"] for entry in found] == kept


@given(st.lists(st.decimals(0, 20, places=1), max_size=12), st.decimals(0, 20, places=1))
def test_law_numbers_fall_on_one_side_of_a_limit(values: list[Decimal], limit: Decimal) -> None:
    labs = [{**a_lab("4548-4", str(value), "%"), "id": f"l{at}"} for at, value in enumerate(values)]
    facts = Facts(labs, NOW)
    above = facts.query(f"Observation?value-quantity=gt{limit}")["total"]
    below = facts.query(f"Observation?value-quantity=le{limit}")["total"]
    assert above == sum(value > limit for value in values) and above + below == len(values)


def test_a_day_that_is_in_no_calendar_sorts_nothing() -> None:
    record = [
        {"resourceType": "Observation", "id": id, "effectiveDateTime": day}
        for id, day in (("a", "2026-01-01"), ("b", "2026-02-31"))
    ]
    with pytest.raises(Malformed, match="2026-02-31"):
        Facts(record, NOW).query("Observation?_sort=-date")
