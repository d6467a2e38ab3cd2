"""What ``fhir.resources`` alone would let through or refuse wrongly: the reasons why it does not judge alone."""

from __future__ import annotations

from typing import Any

import pytest

from app.fhir.validation import validate
from app.fhir.validation.judge import judged

OBSERVATION: dict[str, Any] = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
PATIENT: dict[str, Any] = {"resourceType": "Patient"}
PLAN: dict[str, Any] = {"resourceType": "PlanDefinition", "status": "draft"}
BASIC: dict[str, Any] = {"resourceType": "Basic", "code": {"text": "x"}}
DIV = '<div xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></div>'


@pytest.mark.parametrize(
    "resource",
    [
        PATIENT | {"birthDate": None},
        PATIENT | {"name": []},
        PATIENT | {"maritalStatus": {}},
        PATIENT | {"active": "true"},
        OBSERVATION | {"valueQuantity": {"value": "140"}},
        {"resourceType": "Encounter", "status": "planned", "class_fhir": {"code": "AMB"}},
        PATIENT | {"gender": "f"},
        OBSERVATION | {"subject": {"reference": "Practitioner/1"}},
        OBSERVATION | {"subject": {"reference": "#nobody"}},
        PATIENT | {"text": {"status": "generated", "div": DIV}},
        PATIENT | {"name": [{"given": ["a"], "_given": [None, {"id": "x"}]}]},
        PLAN | {"subjectCanonical": "http://a.ma/x"},
    ],
)
def test_the_library_lets_it_through_and_our_walk_does_not(resource: dict[str, Any]) -> None:
    assert judged(resource) == [] and validate(resource, judge=False) != []


@pytest.mark.parametrize(
    "resource",
    [
        BASIC | {"extension": [{"url": "http://a.ma/x", "valueMeta": {"versionId": "1"}}]},
        BASIC | {"extension": [{"url": "http://a.ma/x", "valueString": "a", "_valueString": {"id": "b"}}]},
        {"resourceType": "SubstanceSpecification"},
        {"resourceType": "Evidence", "status": "draft", "exposureBackground": {"reference": "EvidenceVariable/1"}},
    ],
)
def test_what_the_library_would_refuse_is_r4_and_accepted(resource: dict[str, Any]) -> None:
    assert validate(resource) == []


def test_what_only_the_library_refuses_comes_back_with_a_fhirpath() -> None:
    found = judged(OBSERVATION | {"component": [{"code": {"text": "x"}, "valueQuantity": {"value": "many"}}]})
    assert [problem.path for problem in found] == [".component[0].value.ofType(Quantity).value"]
