"""A parameter of another type than its definition says is refused, whichever the operation; nothing of it is a 500."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from .conftest import Fhir
from .scenes import resource

CALLS: dict[str, dict[str, Any]] = {
    "/Patient/typed/$meta-add": {"meta": {"valueMeta": {"tag": [{"code": "a"}]}}},
    "/Patient/typed/$everything": {
        "start": {"valueDate": "2020-01-01"},
        "_since": {"valueInstant": "2020-01-01T00:00:00Z"},
        "_type": {"valueCode": "Patient"},
        "_count": {"valueInteger": 5},
    },
    "/EpisodeOfCare/typed/$everything": {"_since": {"valueInstant": "2020-01-01T00:00:00Z"}},
    "/CodeSystem/$lookup": {"coding": {"valueCoding": {"system": "urn:typed", "code": "a"}}},
    "/CodeSystem/$subsumes": {
        "codingA": {"valueCoding": {"system": "urn:typed", "code": "a"}},
        "codingB": {"valueCoding": {"system": "urn:typed", "code": "a"}},
    },
    "/CodeSystem/$validate-code": {"url": {"valueUri": "urn:typed"}, "code": {"valueCode": "a"}},
    "/ValueSet/$validate-code": {
        "url": {"valueUri": "urn:vs:typed"},
        "codeableConcept": {"valueCodeableConcept": {"coding": [{"system": "urn:typed", "code": "a"}]}},
        "display": {"valueString": "A"},
        "displayLanguage": {"valueCode": "fr"},
        "abstract": {"valueBoolean": True},
    },
    "/ValueSet/$expand": {
        "url": {"valueUri": "urn:vs:typed"},
        "filter": {"valueString": "a"},
        "activeOnly": {"valueBoolean": True},
        "count": {"valueInteger": 1},
    },
    "/ConceptMap/$translate": {"coding": {"valueCoding": {"system": "urn:typed", "code": "a"}}},
    "/Observation/$lastn": {"patient": {"valueString": "Patient/typed"}, "max": {"valuePositiveInt": 1}},
}
OTHERS: tuple[dict[str, Any], ...] = (
    {"valueQuantity": {"value": 1}},
    {"valueCoding": {"display": "x"}},
    {"valueCodeableConcept": {"text": "x"}},
    {"valueReference": {"reference": "Patient/typed"}},
    {"valueDecimal": 1.5},
    {"valueBoolean": True},
    {"valueInteger": 5},
    {"valueString": "x"},
)
CASES = [(call, name) for call, given in CALLS.items() for name in given if name != "patient"]


@pytest.fixture(scope="module")
def fhir(shared_fhir: Fhir) -> Fhir:
    shared_fhir.put(resource({"Patient": {"id": "typed"}}))
    shared_fhir.put(resource({"EpisodeOfCare": {"id": "typed", "patient": {"reference": "Patient/typed"}}}))
    system = {"id": "typed", "url": "urn:typed", "concept": [{"code": "a", "display": "A"}]}
    shared_fhir.put(resource({"CodeSystem": system}))
    values = {"id": "typed", "url": "urn:vs:typed", "compose": {"include": [{"system": "urn:typed"}]}}
    shared_fhir.put(resource({"ValueSet": values}))
    return shared_fhir


def called(fhir: Fhir, call: str, given: dict[str, Any]) -> TestResponse:
    listed = [{"name": name, **value} for name, value in given.items()]
    return fhir("POST", call, {"resourceType": "Parameters", "parameter": listed})


@pytest.mark.parametrize("call", CALLS)
def test_of_their_types_they_are_taken(fhir: Fhir, call: str) -> None:
    assert called(fhir, call, CALLS[call]).status_code == 200


@pytest.mark.parametrize(("call", "name"), CASES)
def test_of_another_type_they_are_refused_by_name(fhir: Fhir, call: str, name: str) -> None:
    (right,) = CALLS[call][name]
    kinds = {"valueInteger": int, "valuePositiveInt": int, "valueBoolean": bool}
    for other in OTHERS:
        (suffix,) = other
        if suffix == right or (
            suffix == "valueString" and right not in ("valueCoding", "valueCodeableConcept", "valueMeta")
        ):
            continue  # a text is read as what it is to be
        if suffix == "valueInteger" and kinds.get(right) is int:
            continue
        answer = called(fhir, call, CALLS[call] | {name: other})
        assert answer.status_code == 400, (other, answer.text)
        (issue,) = answer.get_json()["issue"]
        assert (
            issue["expression"] == [f"Parameters.parameter('{name}')"] and f"'{name}' is a " in issue["details"]["text"]
        )


@pytest.mark.parametrize(("call", "name"), [case for case in CASES if "$meta-add" not in case[0]])
def test_in_an_address_nothing_is_a_failure_of_the_server(fhir: Fhir, call: str, name: str) -> None:
    others = {key: next(iter(value.values())) for key, value in CALLS[call].items() if key != name}
    texts = {key: value for key, value in others.items() if isinstance(value, str)}
    for text in ("x", "", "|", "2020-13", "5"):
        assert fhir("GET", f"{call}?{urlencode(texts | {name: text})}").status_code < 500
