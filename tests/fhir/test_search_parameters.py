"""The registry: every parameter of R4 on its types, each expression cut to its type and understood by the engine."""

from __future__ import annotations

from typing import Any

import pytest

from app.fhir.definitions import load, resource_types
from app.fhir.search_parameters import by_url, common, parameter, parameters_of

WITHOUT_EXPRESSION = {"_content", "_filter", "_query", "_text", "age", "birthOrderBoolean"}
OBSERVATION = {
    "resourceType": "Observation", "id": "1", "status": "final", "subject": {"reference": "Patient/7"},
    "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]}, "effectiveDateTime": "2024-01-01",
    "meta": {"tag": [{"code": "demo"}], "lastUpdated": "2024-01-01T00:00:00Z"},
    "component": [{"code": {"text": "s"}, "valueQuantity": {"value": 140}}, {"code": {"text": "d"}}],
}  # fmt: skip


def test_every_type_has_its_parameters_and_those_of_all_resources() -> None:
    total = 0
    for name in resource_types():
        found = parameters_of(name)
        total += len(found)
        assert {"_id", "_lastUpdated", "_tag", "_profile", "_security", "_source"} <= found.keys()
        assert ("_text" in found) == (load("elements")[name]["base"] == "DomainResource")
    assert total > 2000
    print(f"{total} search parameters on {len(resource_types())} types")


@pytest.mark.parametrize("name", sorted(resource_types()))
def test_every_expression_is_cut_to_its_type_and_runs(name: str) -> None:
    for code, one in parameters_of(name).items():
        if code in WITHOUT_EXPRESSION:
            assert not one.expression
            continue
        assert one.program({"resourceType": name}) in ([], [False]) or one.type in ("composite", "special")
        assert all(part.split(".")[0].strip("(") in (name, "Resource") for part in one.expression.split(" | "))
        for part in one.components:
            part.program({"resourceType": name})
            assert part.parameter.type in ("token", "date", "quantity", "string", "reference", "number", "uri")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("_id", ["1"]),
        ("_tag", [{"code": "demo"}]),
        ("patient", [{"reference": "Patient/7"}]),
        ("date", ["2024-01-01"]),
        ("component-value-quantity", [{"value": 140}]),
        ("combo-value-quantity", [{"value": 140}]),
        ("value-quantity", []),
    ],
)
def test_an_observation_is_indexed(code: str, expected: list[Any]) -> None:
    found = parameter("Observation", code)
    assert found is not None and found.program(OBSERVATION) == expected


def test_details_of_a_parameter() -> None:
    subject = parameter("Observation", "subject")
    assert subject is not None and subject.type == "reference" and "Patient" in subject.targets
    assert parameter("Observation", "nonsense") is None
    assert by_url()["http://hl7.org/fhir/SearchParameter/Observation-value-quantity"].type == "quantity"
    assert "patient" in common(["Observation", "Condition"]) and "status" not in common(["Observation", "Patient"])
