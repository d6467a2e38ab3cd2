"""Each kind of parameter, by what it finds among a handful of resources. Cases are query -> ids."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.access.actor import SYSTEM
from app.store import work
from tests.store.builders import LOINC, a_patient, a_quantity, an_observation, ids

UCUM = "http://unitsofmeasure.org"
GENDER = "http://hl7.org/fhir/administrative-gender"
Finder = Callable[..., dict[str, list[str]]]


@pytest.fixture
def found(app: Flask, stored: Callable[..., Any]) -> Finder:
    """Store resources, then answer queries with sorted ids."""

    def find(resources: list[dict[str, Any]], queries: Any) -> dict[str, list[str]]:
        stored(*resources)
        with work(SYSTEM, reading=True) as repo:
            return {query: sorted(ids(repo.search(query).resources)) for query in queries}

    return find


def test_tokens(found: Finder) -> None:
    cases = {
        f"Observation?code={LOINC}|85354-9": ["o1"],
        "Observation?code=85354-9": ["o1", "o2"],
        "Observation?code=|85354-9": ["o2"],
        f"Observation?code={LOINC}|": ["o1", "o3"],
        "Observation?code=8867-4,29463-7": ["o3"],
        "Observation?code=85354-9&code=nothing": [],
        "Observation?code:not=85354-9": ["o3"],
        "Observation?status=final": ["o1", "o2", "o3"],
        "Observation?status=http://hl7.org/fhir/observation-status|final": ["o1", "o2", "o3"],
        "Observation?status=http://example.org/status|final": [],
        "Observation?code:text=heart": ["o3"],
        "Observation?code:text=rate": ["o3"],
        "Observation?code:text=art": [],
        "Observation?combo-code=8480-6": ["o2"],
        "Observation?component-code=8480-6": ["o2"],
        "Observation?category:missing=true": ["o1", "o2"],
        "Observation?category:missing=false": ["o3"],
        "Observation?_tag=demo": ["o3"],
        "Observation?_id=o1,o3": ["o1", "o3"],
        "Observation?_profile=http://example.org/bp": ["o1"],
        "Observation?_source=urn:here": ["o1"],
    }
    resources = [
        an_observation("o1", meta={"profile": ["http://example.org/bp|1.0"], "source": "urn:here"}),
        an_observation("o2", code="x") | {"code": {"coding": [{"code": "85354-9"}]}}
        | {"component": [{"code": {"coding": [{"system": LOINC, "code": "8480-6"}]}}]},
        an_observation("o3", meta={"tag": [{"system": "urn:t", "code": "demo"}]})
        | {"category": [{"coding": [{"code": "vital-signs"}]}]}
        | {"code": {"coding": [{"system": LOINC, "code": "8867-4", "display": "Heart rate"}], "text": "Pouls"}},
    ]  # fmt: skip
    assert found(resources, cases) == cases


def test_tokens_of_people(found: Finder) -> None:
    cases = {
        "Patient?identifier=urn:cnie|AB1": ["p1"],
        "Patient?identifier=AB1": ["p1", "p2"],
        "Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|NI|AB1": ["p1"],
        "Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|AB1": [],
        "Patient?gender=male": ["p1"],
        f"Patient?gender={GENDER}|male": ["p1"],
        "Patient?active=true": ["p1"],
        "Patient?active=false": ["p2"],
        "Patient?deceased=true": ["p2"],
        "Patient?deceased=false": ["p1"],
        "Patient?telecom=0612345678": ["p1"],
        "Patient?phone=0612345678": ["p1"],
        "Patient?email=0612345678": [],
        "Patient?email=a@b.ma": ["p1"],
        "Patient?language=ar": ["p2"],
    }
    kind = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "NI"}]}
    resources = [
        a_patient(
            "p1",
            identifier=[{"system": "urn:cnie", "value": "AB1", "type": kind}],
            gender="male",
            active=True,
            telecom=[{"system": "phone", "value": "0612345678"}, {"system": "email", "value": "a@b.ma"}],
        ),
        a_patient(
            "p2",
            identifier=[{"system": "urn:idcs", "value": "AB1"}],
            active=False,
            deceasedDateTime="2024-01-01",
            communication=[{"language": {"coding": [{"code": "ar"}]}}],
        ),
    ]
    assert found(resources, cases) == cases


def test_dates_with_prefixes_and_precision(found: Finder) -> None:
    cases = {
        "Observation?date=2024-03-10": ["day", "hour"],
        "Observation?date=2024-03": ["day", "hour", "month"],
        "Observation?date=2024": ["day", "hour", "month", "period"],
        "Observation?date=ge2024-03-10": ["day", "hour", "month", "open", "period"],
        "Observation?date=gt2024-03-10": ["month", "open", "period"],
        "Observation?date=lt2024-03-10": ["month", "period"],
        "Observation?date=le2024-03-10": ["day", "hour", "month", "period"],
        "Observation?date=sa2024-03-10": ["open"],
        "Observation?date=eb2024-03-10": [],
        "Observation?date=ne2024-03-10": ["month", "open", "period"],
        "Observation?date=2024-03-10T23:30:00Z": [],  # the 11th in Casablanca
        "Observation?date=2024-03-10T09:30:00Z": ["hour"],
        "Observation?date=2024-03-10T09:30": ["hour"],  # no zone: Casablanca, on UTC in that Ramadan
        "Observation?date=ge2024-03-10&date=lt2024-03-11": ["day", "hour", "month", "period"],
        "Observation?date=2024-03-10,2024-02": ["day", "hour"],
        "Observation?date:missing=true": ["none"],
    }
    resources = [
        an_observation("day", date="2024-03-10"),
        an_observation("hour", date="2024-03-10T09:30:00Z"),
        an_observation("month", date="2024-03"),
        an_observation("period") | {"effectivePeriod": {"start": "2024-02-01", "end": "2024-03-20"}},
        an_observation("open") | {"effectivePeriod": {"start": "2024-04-01"}},
        an_observation("none"),
    ]
    for resource in resources[3:]:
        del resource["effectiveDateTime"]
    assert found(resources, cases) == cases


def test_strings_in_both_scripts(found: Finder) -> None:
    cases = {
        "Patient?family=el fas": ["p1"],
        "Patient?family=EL-FASSÍ": ["p1"],
        "Patient?family=fassi": [],
        "Patient?family:contains=fass": ["p1"],
        "Patient?family:exact=El Fassi": ["p1"],
        "Patient?family:exact=el fassi": [],
        "Patient?name=ahmed": ["p1"],
        "Patient?name=احمد": ["p2"],
        "Patient?name=أَحْمَد": ["p2"],
        "Patient?name-key=الفاسي": ["p2"],
        "Patient?name-key=fassi": ["p1"],
        "Patient?name-key=elfasi": ["p1"],
        "Patient?phone-key=+212 6 12-34-56-78": ["p1"],
        "Patient?address-city=salé": ["p1"],
        "Patient?address=sale": ["p1"],
        "Patient?name=el, احمد": ["p1", "p2"],
        "Patient?family:missing=true": ["p2"],
        "Patient?family:contains=50%25": [],
    }
    resources = [
        a_patient(
            "p1", "El Fassi", "Ahmed", telecom=[{"system": "phone", "value": "0612345678"}], address=[{"city": "Salé"}]
        ),
        {"resourceType": "Patient", "id": "p2", "name": [{"text": "أحمد الفاسي"}]},
    ]
    assert found(resources, cases) == cases


def test_numbers_and_quantities(found: Finder) -> None:
    cases = {
        "Observation?value-quantity=140": ["bp"],
        f"Observation?value-quantity=140|{UCUM}|mm[Hg]": ["bp"],
        "Observation?value-quantity=140||mm[Hg]": ["bp"],
        f"Observation?value-quantity=140|{UCUM}|kg": [],
        "Observation?value-quantity=gt139": ["bp", "mg"],
        "Observation?value-quantity=gt140": ["mg"],
        "Observation?value-quantity=ge140": ["bp", "mg"],
        "Observation?value-quantity=lt1": ["g"],
        "Observation?value-quantity=1.4e2": ["bp"],
        "Observation?value-quantity=ap150": ["bp"],
        f"Observation?value-quantity=0.5|{UCUM}|g": ["g", "mg"],
        f"Observation?value-quantity=500|{UCUM}|mg": ["g", "mg"],
        f"Observation?value-quantity=lt500|{UCUM}|mg": [],
        f"Observation?value-quantity=le0.0005|{UCUM}|kg": ["g", "mg"],
        "Observation?value-quantity=ne140": ["g", "mg"],
        "RiskAssessment?probability=gt0.8": ["high"],
        "RiskAssessment?probability=0.85": [],
        "RiskAssessment?probability=0.8": ["high"],
        "RiskAssessment?probability=0.80": [],
    }
    resources = [
        an_observation("bp", valueQuantity=a_quantity(140)),
        an_observation("g", valueQuantity=a_quantity(0.5, "g")),
        an_observation("mg", valueQuantity=a_quantity(500, "mg")),
        {"resourceType": "RiskAssessment", "id": "high", "prediction": [{"probabilityDecimal": 0.84}]},
    ]
    assert found(resources, cases) == cases


def test_references(found: Finder) -> None:
    cases = {
        "Observation?subject=Patient/p1": ["o1"],
        "Observation?patient=p1": ["o1"],
        "Observation?patient=Patient/p1,Patient/p2": ["o1", "o2"],
        "Observation?subject:Patient=p1": ["o1"],
        "Observation?subject:Group=p1": [],
        "Observation?subject=Group/g1": ["o3"],
        "Observation?patient=Group/g1": [],
        "Observation?patient=Patient/unknown": [],
        "Observation?performer=Practitioner/d1": ["o1"],
        "Observation?performer=d1": ["o1"],
        "Observation?performer:identifier=urn:inpe|7": ["o2"],
        "Observation?performer=https://elsewhere.org/fhir/Practitioner/9": ["o3"],
        "Observation?performer:missing=true": [],
        "CarePlan?instantiates-canonical=http://x/PlanDefinition/a": ["c1", "c2"],
        "CarePlan?instantiates-canonical=http://x/PlanDefinition/a|2.0": ["c2"],
        "PlanDefinition?url=http://x/PlanDefinition/a": ["d1"],
        "PlanDefinition?url:below=http://x": ["d1"],
        "PlanDefinition?url:below=http://x/Plan": [],
        "PlanDefinition?url:above=http://x/PlanDefinition/a/b": ["d1"],
    }
    resources = [
        an_observation("o1", performer=[{"reference": "Practitioner/d1"}]),
        an_observation("o2", "p2", performer=[{"identifier": {"system": "urn:inpe", "value": "7"}}]),
        an_observation("o3", performer=[{"reference": "https://elsewhere.org/fhir/Practitioner/9"}])
        | {"subject": {"reference": "Group/g1"}},
        {"resourceType": "CarePlan", "id": "c1", "instantiatesCanonical": ["http://x/PlanDefinition/a"]},
        {"resourceType": "CarePlan", "id": "c2", "instantiatesCanonical": ["http://x/PlanDefinition/a|2.0"]},
        {"resourceType": "PlanDefinition", "id": "d1", "url": "http://x/PlanDefinition/a", "version": "2.0"},
    ]
    assert found(resources, cases) == cases


def test_composites_bind_their_parts(found: Finder) -> None:
    def pressure(high: int, low: int) -> list[dict[str, Any]]:
        return [
            {"code": {"coding": [{"system": LOINC, "code": code}]}, "valueQuantity": a_quantity(value)}
            for code, value in (("8480-6", high), ("8462-4", low))
        ]

    cases = {
        "Observation?component-code-value-quantity=8480-6$gt150": ["high"],
        f"Observation?component-code-value-quantity={LOINC}|8462-4$lt85": ["high"],
        "Observation?component-code-value-quantity=8462-4$gt100": [],
        "Observation?component-code-value-quantity=8480-6$135,8462-4$80": ["high", "low"],
        "Observation?combo-code-value-quantity=8480-6$gt150": ["high"],
        "Observation?combo-code-value-quantity=8867-4$72": ["pulse"],
        "Observation?code-value-quantity=8867-4$72": ["pulse"],
        "Observation?code-value-quantity=8867-4$73": [],
    }
    resources = [
        an_observation("high", component=pressure(160, 80)),
        an_observation("low", component=pressure(135, 90)),
        an_observation("pulse", code="8867-4", valueQuantity=a_quantity(72, "/min")),
    ]
    assert found(resources, cases) == cases
