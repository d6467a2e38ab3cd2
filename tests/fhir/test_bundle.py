"""Bundles are valid R4, keep stored bytes as they are, and are worked through in the order of the specification."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid, Issue, NotFound
from app.fhir import bundle, outcome
from app.fhir.json import dumps, loads
from app.fhir.validation import validate

PATIENT: dict[str, Any] = {"resourceType": "Patient", "id": "1"}
COMPOSITION = {
    "resourceType": "Composition", "id": "c", "status": "final", "type": {"text": "Lettre"}, "date": "2024-01-01",
    "author": [{"reference": "Practitioner/1"}], "title": "Retour",
}  # fmt: skip


@pytest.mark.parametrize(
    "made",
    [
        bundle.searchset([], total=0, links={"self": "http://a.ma/fhir/Patient"}),
        bundle.searchset([bundle.found(PATIENT, "http://a.ma/fhir/Patient/1")], total=1),
        bundle.history(
            [bundle.entry(PATIENT, request={"method": "PUT", "url": "Patient/1"}, response={"status": "200"})]
        ),
        bundle.transaction([bundle.create(PATIENT, "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7", "identifier=1"),
                            bundle.update(PATIENT, 'W/"1"'), bundle.remove("Patient/2")]),
        bundle.batch([bundle.remove("Patient/2")]),
        bundle.collection([PATIENT], timestamp="2024-01-01T00:00:00Z"),
        bundle.transaction_response([bundle.answered("201 Created", PATIENT, location="Patient/1", etag=None)]),
        bundle.batch_response([bundle.answered("404 Not Found", outcome=outcome.of_error(NotFound("No patient.")))]),
        bundle.document(COMPOSITION, [PATIENT], "http://a.ma/fhir", identifier={"system": "http://a.ma", "value": "1"},
                        timestamp="2024-01-01T00:00:00Z"),
    ],
    ids=lambda made: made["type"],
)  # fmt: skip
def test_what_is_built_is_valid(made: dict[str, Any]) -> None:
    assert validate(made) == []


def test_stored_bytes_stand_in_a_searchset_as_they_are() -> None:
    stored = b'{"resourceType":"Observation","valueQuantity":{"value":0.40}}'
    assert stored in dumps(bundle.searchset([bundle.found(stored)]))
    assert loads(dumps(bundle.searchset([bundle.found(stored)])))["entry"][0]["search"] == {"mode": "match"}


@given(st.lists(st.sampled_from(["GET", "PUT", "POST", "DELETE", "PATCH"])))
def test_the_order_of_work_is_delete_post_put_get_and_keeps_places(methods: list[str]) -> None:
    rank = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2, "GET": 3}
    ordered = bundle.in_order([{"request": {"method": method}} for method in methods])
    ranks = [rank[entry["request"]["method"]] for _, entry in ordered]
    assert ranks == sorted(ranks)
    assert sorted(place for place, _ in ordered) == list(range(len(methods)))
    assert all(methods[place] == entry["request"]["method"] for place, entry in ordered)


def test_resources_of_a_type_are_found() -> None:
    made = bundle.collection([PATIENT, COMPOSITION])
    assert list(bundle.resources(made, "Patient")) == [PATIENT] and len(list(bundle.resources(made))) == 2


def test_an_outcome_carries_every_issue_the_worst_first() -> None:
    error = Invalid("x", issues=[Issue("a", "value", "Patient.gender", "warning"), Issue("b", "required", "Patient")])
    made = outcome.of_error(error)
    assert made["issue"] == [
        {"severity": "error", "code": "required", "details": {"text": "b"}, "expression": ["Patient"]},
        {"severity": "warning", "code": "value", "details": {"text": "a"}, "expression": ["Patient.gender"]},
    ]
    assert validate(made) == [] and validate(outcome.informed("done")) == [] and validate(outcome.outcome([])) == []
    assert outcome.has_errors(error.issues) and not outcome.has_errors(error.issues[:1])
