"""An EHR sends what cannot be: refused with its path, in the reader's language; every form's answer passes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.access.actor import SYSTEM
from app.fhir.validation import check
from app.store import work
from pathways.plausible import implausible
from pathways.plausible.ranges import FILE, plausible

ROOT = Path(__file__).resolve().parents[3]
UCUM = "http://unitsofmeasure.org"
NOW = datetime(2026, 9, 7, 9, 0, tzinfo=UTC)


def sent(ehr: FlaskClient, body: Any, path: str = "/fhir/Observation", language: str = "en") -> TestResponse:
    headers = {"Content-Type": "application/fhir+json", "Accept-Language": language}
    return ehr.post(path, data=json.dumps(body), headers=headers)


def quantity(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "system": UCUM, "code": unit}


def measured(code: str, value: float, unit: str, **more: Any) -> dict[str, Any]:
    coded = {"coding": [{"system": "http://loinc.org", "code": code}]}
    observation = {"resourceType": "Observation", "status": "final", "code": coded}
    return observation | {"valueQuantity": quantity(value, unit)} | more


def pressure(systolic: float, diastolic: float, unit: str = "mm[Hg]") -> dict[str, Any]:
    whole = measured("85354-9", 0, "")
    whole.pop("valueQuantity")
    parts = (("8480-6", systolic), ("8462-4", diastolic))
    component = [
        {"code": {"coding": [{"system": "http://loinc.org", "code": code}]}, "valueQuantity": quantity(value, unit)}
        for code, value in parts
    ]
    return whole | {"component": component}


def places(answer: TestResponse) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [issue["expression"][0] for issue in answer.get_json()["issue"]]


def test_what_cannot_be_is_refused_with_its_path(ehr: FlaskClient) -> None:
    assert places(sent(ehr, pressure(1400, 90))) == ["Observation.component[0].valueQuantity.value"]
    assert places(sent(ehr, pressure(14, 9))) == [
        "Observation.component[0].valueQuantity.value",
        "Observation.component[1].valueQuantity.value",
    ]
    assert places(sent(ehr, pressure(80, 130))) == ["Observation.component[0].valueQuantity.value"]
    assert places(sent(ehr, pressure(140, 90, "kg"))) == [
        "Observation.component[0].valueQuantity.code",
        "Observation.component[1].valueQuantity.code",
    ]
    tomorrow = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    late = pressure(140, 90) | {"effectiveDateTime": tomorrow}
    assert places(sent(ehr, late)) == ["Observation.effectiveDateTime"]
    assert sent(ehr, pressure(140, 90)).status_code == 201


def test_it_can_be_asked_before(ehr: FlaskClient) -> None:
    answer = sent(ehr, pressure(1400, 90), "/fhir/Observation/$validate")
    assert answer.status_code == 200
    assert [(i["severity"], i["expression"][0]) for i in answer.get_json()["issue"]] == [
        ("error", "Observation.component[0].valueQuantity.value")
    ]
    french = sent(ehr, pressure(1400, 90), "/fhir/Observation/$validate", "fr").get_json()
    assert "n’est pas possible" in french["issue"][0]["details"]["text"]


def test_in_a_transaction_nothing_is_stored(ehr: FlaskClient) -> None:
    entries = [
        {"resource": one, "request": {"method": "POST", "url": "Observation"}}
        for one in (pressure(140, 90), pressure(1400, 90))
    ]
    answer = sent(ehr, {"resourceType": "Bundle", "type": "transaction", "entry": entries}, "/fhir")
    assert places(answer) == ["Bundle.entry[1].resource.component[0].valueQuantity.value"]
    with work(SYSTEM, reading=True) as repo:
        assert repo.count("Observation") == 0


def test_it_is_said_in_both_languages(ehr: FlaskClient) -> None:
    def text(language: str) -> str:
        return str(sent(ehr, pressure(1400, 90), language=language).get_json()["issue"][0]["details"]["text"])

    assert "n’est pas possible" in text("fr") and "1400 mm[Hg]" in text("fr")
    assert "غير ممكنة" in text("ar") and "1400 mm[Hg]" in text("ar")


def test_a_slip_can_be_taken_back(ehr: FlaskClient) -> None:
    with work(SYSTEM) as repo:
        slip = repo.create(pressure(1400, 90))
    headers = {"Content-Type": "application/fhir+json"}
    body = json.dumps(slip | {"status": "entered-in-error"})
    assert ehr.put(f"/fhir/Observation/{slip['id']}", data=body, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("observation", "wrong"),
    [
        (measured("1558-6", 1.26, "g/L"), None),
        (measured("1558-6", 126, "mg/dL"), None),
        (measured("1558-6", 7, "mmol/L"), None),
        (measured("1558-6", 126, "g/L"), "value"),
        (measured("1558-6", 7, "mmol"), "code"),
        (measured("4548-4", 7.1, "%"), None),
        (measured("4548-4", 54, "mmol/mol"), "code"),
        (measured("29463-7", 3400, "g"), None),
        (measured("29463-7", 3400, "kg"), "value"),
        (measured("8310-5", 98.6, "[degF]"), None),
        (measured("8310-5", 98.6, "Cel"), "value"),
        (measured("98979-8", 60, "mL/min/{1.73_m2}"), None),
        (measured("2160-0", 88, "umol/L"), None),
        (measured("0000-0", 1e9, "kg"), None),
    ],
)
def test_units_and_values(observation: dict[str, Any], wrong: str | None) -> None:
    expected = [f"Observation.valueQuantity.{wrong}"] if wrong else []
    assert [issue.expression for issue in implausible(observation, NOW)] == expected


def test_what_is_measured_below_a_limit_of_the_method_is_not_judged() -> None:
    below = measured("1558-6", 0.01, "g/L")
    below["valueQuantity"]["comparator"] = "<"
    assert implausible(below, NOW) == []


def test_a_unit_for_people_alone_is_understood() -> None:
    said = measured("8867-4", 700, "") | {"valueQuantity": {"value": 700, "unit": "/min"}}
    assert [issue.expression for issue in implausible(said, NOW)] == ["Observation.valueQuantity.value"]
    assert implausible(said | {"valueQuantity": {"value": 700, "unit": "beats"}}, NOW) == []


@pytest.mark.parametrize(("day", "refused"), [("2026-09-08", False), ("2026-09-10", True), ("2027", True)])
def test_a_day_of_tolerance(day: str, refused: bool) -> None:
    assert bool(implausible(measured("29463-7", 80, "kg", effectiveDateTime=day), NOW)) is refused
    period = measured("29463-7", 80, "kg", effectivePeriod={"start": day})
    assert bool(implausible(period, NOW)) is refused


def numbers_of(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if item["type"] in ("integer", "decimal", "quantity"):
        yield item
    for inner in item.get("item", ()):
        yield from numbers_of(inner)


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("protocols/content/*/questionnaire-*.json")), ids=lambda path: path.name
)
def test_every_number_of_the_forms_lies_within_the_ranges(path: Path) -> None:
    asked = [one for item in json.loads(path.read_text())["item"] for one in numbers_of(item) if one.get("code")]
    for item in asked:
        code = item["code"][0]
        allowed = plausible().get((code["system"], code["code"]))
        if allowed is None:  # it is not judged
            continue
        given: dict[str, list[Any]] = {}
        for extension in item.get("extension", ()):
            value = next((held for key, held in extension.items() if key.startswith("value")), None)
            given.setdefault(extension["url"].rpartition("/")[2], []).append(value)
        for unit in (*given.get("questionnaire-unit", ()), *given.get("questionnaire-unitOption", ())):
            interval = allowed.interval(unit["code"])
            assert interval is not None, (item["linkId"], unit["code"])
            for limit in (*given.get("minValue", ()), *given.get("maxValue", ())):
                assert interval.holds(Decimal(str(limit)), unit["code"]), (item["linkId"], limit)


def test_the_file_is_valid_fhir_and_names_its_sources() -> None:
    for entry in json.loads(FILE.read_text())["entry"]:
        check(entry["resource"])
        for interval in entry["resource"]["qualifiedInterval"]:
            urls = {extension["url"].rpartition("/")[2] for extension in interval["extension"]}
            assert "source" in urls
