"""Whatever is sent, the answer is a success or an OperationOutcome below 500. FUZZ_CASES says how many are tried."""

from __future__ import annotations

import json
import os
from copy import deepcopy
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.fhir.definitions import load

from .conftest import Fhir
from .scenes import resource

CASES = int(os.environ.get("FUZZ_CASES", "60"))
TRIED = settings(max_examples=CASES, suppress_health_check=list(HealthCheck))

VALID = [
    resource({"Patient": {"name": [{"family": "A", "given": ["B"]}], "birthDate": "1960-01-01", "gender": "male"}}),
    resource(
        {
            "Observation": {
                "valueQuantity": {"value": 1, "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
                "effectiveDateTime": "2026-01-05T10:00:00+01:00",
                "subject": {"reference": "Patient/fuzzed"},
                "component": [{"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}}],
            }
        }
    ),
    resource({"ValueSet": {"url": "urn:v", "compose": {"include": [{"system": "urn:s", "concept": [{"code": "a"}]}]}}}),
    resource(
        {
            "Bundle": {
                "entry": [
                    {
                        "fullUrl": "urn:uuid:11111111-1111-4111-8111-111111111111",
                        "resource": {"Patient": {}},
                        "request": {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=a|b"},
                    },
                    {"request": {"method": "GET", "url": "Patient?name=x"}},
                    {
                        "resource": {"Observation": {"subject": {"reference": "Patient?identifier=a|b"}}},
                        "request": {"method": "PUT", "url": "Observation/fuzzed"},
                    },
                ]
            }
        }
    ),
    resource(
        {
            "Parameters": {
                "parameter": [
                    {
                        "name": "operation",
                        "part": [
                            {"name": "type", "valueCode": "replace"},
                            {"name": "path", "valueString": "Patient.gender"},
                            {"name": "value", "valueCode": "female"},
                        ],
                    },
                    {"name": "url", "valueUri": "urn:v"},
                    {"name": "code", "valueCode": "a"},
                ]
            }
        }
    ),
]
STRANGE = [
    *(None, "", " ", 0, -1, 2**63, 2**70, 1e300, True, [], {}, [None], [[]], {"": ""}, "\x00", "\ud800", "é" * 300),
    *("9999-12-31", "0001-01-01T00:00:00+14:00", "2026-02-30", "urn:uuid:x", "#", "Patient/", "Patient?x=y", "../.."),
    *("a" * 70_000, "%resource", "((((", 'W/"1"', "{x}", {"resourceType": "Patient"}, {"reference": 5}, "http://["),
]
ODD: st.SearchStrategy[Any] = st.one_of(st.sampled_from(STRANGE), st.text(max_size=12), st.integers())
NAMES = sorted({code for table in load("search_parameters").values() for code in table})


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += places(item, (*path, key))
    return found


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    whole = deepcopy(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(1, 4))):
        options = places(whole)
        if not options:
            break
        *path, last = draw(st.sampled_from(options))
        owner = whole
        for key in path:
            owner = owner[key]
        change = draw(st.sampled_from(["odd", "drop", "rename", "wrap"]))
        if change == "odd":
            owner[last] = deepcopy(draw(ODD))
        elif change == "wrap":
            owner[last] = [owner[last]]
        elif change == "drop" or not isinstance(owner, dict):
            del owner[last]
        else:
            owner[
                draw(st.sampled_from(["extra", "_gender", "valueDate", "id", "meta", "extension", "resourceType"]))
            ] = owner.pop(last)
    return whole


def harmless(answer: Any) -> None:
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400 and answer.data:
        body = json.loads(answer.data)
        assert body["resourceType"] == "OperationOutcome"
        assert all(issue["details"]["text"] for issue in body["issue"])


ADDRESSES = [
    ("POST", "/Patient"),
    ("POST", "/Observation"),
    ("PUT", "/Patient/fuzzed"),
    ("PUT", "/Observation/fuzzed"),
    ("POST", "/"),
    ("PATCH", "/Patient/fuzzed"),
    ("POST", "/Patient/$validate"),
    ("POST", "/ValueSet/$expand"),
    ("POST", "/ValueSet/$validate-code"),
    ("POST", "/ConceptMap/$translate"),
    ("POST", "/CodeSystem/$lookup"),
    ("POST", "/CodeSystem/$subsumes"),
    ("POST", "/Patient/fuzzed/$meta-add"),
]


@TRIED
@given(body=mutated(), address=st.sampled_from(ADDRESSES), batch=st.booleans())
def test_mutated_resources(shared_fhir: Fhir, body: Any, address: tuple[str, str], batch: bool) -> None:
    if batch and isinstance(body, dict) and body.get("type") == "transaction":
        body["type"] = "batch"
    shared_fhir("PUT", "/Patient/fuzzed", resource({"Patient": {"id": "fuzzed", "gender": "male"}}))
    harmless(shared_fhir(*address, json.dumps(body)))


VALUES = st.one_of(
    st.sampled_from(
        [
            "",
            "|",
            "a|",
            "|a",
            "a|b|c",
            "gt",
            "ge2020",
            "le2020-13",
            "5.4|u|",
            "-",
            ",",
            "\\",
            "\\,",
            "$",
            "a$b",
            "*",
            "true",
        ]
    ),
    st.sampled_from(
        ["name eq a", "not (gender eq", 'name co "a" or (x pr true)', "name%3Da", "((((((", "birthdate po 2020"]
    ),
    st.sampled_from(
        ["Patient/1", "9" * 40, "1e400", "ap0", "%00", "Patient:x", "Observation:subject", "eb9999", "\x00"]
    ),
    st.sampled_from(
        [
            "Patient:organization:Nope",
            "Patient:*",
            "Observation:subject:Patient",
            "a:b:c:d",
            "*:*",
            "$x",
            "both",
            "contained",
        ]
    ),
    st.text(max_size=10),
)
MODIFIERS = st.sampled_from(
    [
        "",
        ":exact",
        ":missing",
        ":not",
        ":in",
        ":of-type",
        ":Patient",
        ":x",
        ":above",
        ":below",
        ".name",
        ":text",
        ":identifier",
        ":contains",
    ]
)
SPECIAL = [
    *("_sort", "_count", "_include", "_revinclude", "_has:Observation:patient:code", "_elements", "_summary", "_total"),
    *(
        "_page",
        "_cursor",
        "_type",
        "_format",
        "_compartment",
        "_filter",
        "_list",
        "_text",
        "_content",
        "_contained",
        "_containedType",
        "_include:iterate",
        "_has:X:y:z",
        "_has:Observation:patient:_has:Patient:link:name",
        "_query",
        "_any",
    ),
]


@TRIED
@given(
    type=st.sampled_from(["Patient", "Observation", "Task", "PlanDefinition", "AuditEvent", "Bundle", "Parameters"]),
    query=st.lists(st.tuples(st.sampled_from(NAMES + SPECIAL * 8), MODIFIERS, VALUES), max_size=4),
    strict=st.booleans(),
)
def test_any_query(shared_fhir: Fhir, type: str, query: list[tuple[str, str, str]], strict: bool) -> None:
    text = "&".join(f"{name}{modifier}={quote(value)}" for name, modifier, value in query)
    harmless(shared_fhir("GET", f"/{type}?{text}", headers={"Prefer": "handling=strict"} if strict else {}))


@TRIED
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]),
    path=st.lists(
        st.one_of(st.sampled_from(["Patient", "_history", "$meta", "fuzzed", "_search"]), st.text(max_size=6))
    ),
    headers=st.dictionaries(
        st.sampled_from(["If-Match", "If-None-Match", "If-None-Exist", "Accept", "Prefer", "If-Modified-Since"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12),
        max_size=2,
    ),
)
def test_any_address(shared_fhir: Fhir, method: str, path: list[str], headers: dict[str, str]) -> None:
    harmless(shared_fhir(method, "/" + "/".join(quote(part, safe="") for part in path), headers=headers))
