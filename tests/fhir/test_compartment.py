"""Whose record a resource belongs to."""

from __future__ import annotations

from typing import Any

import pytest

from app.fhir.compartment import members_of, patient_of, types_in

ONE = {"reference": "Patient/1"}


@pytest.mark.parametrize(
    ("resource", "patients"),
    [
        ({"resourceType": "Patient", "id": "1", "link": [{"other": {"reference": "Patient/2"}}]}, ["1"]),
        ({"resourceType": "Observation", "subject": ONE, "performer": [{"reference": "Practitioner/3"}]}, ["1"]),
        ({"resourceType": "Observation", "subject": {"reference": "https://a.ma/fhir/Patient/1/_history/2"}}, ["1"]),
        ({"resourceType": "Observation", "subject": {"reference": "Group/1"}}, []),
        ({"resourceType": "Observation", "subject": {"reference": "#p"}}, []),
        ({"resourceType": "Observation", "subject": {"display": "A. B."}}, []),
        ({"resourceType": "Coverage", "beneficiary": ONE, "subscriber": {"reference": "Patient/2"}}, ["2", "1"]),
        ({"resourceType": "Task", "for": ONE, "owner": {"reference": "Organization/1"}}, ["1"]),
        ({"resourceType": "EpisodeOfCare", "patient": ONE}, ["1"]),
        ({"resourceType": "Appointment", "participant": [{"actor": ONE}, {"actor": {"reference": "Device/1"}}]}, ["1"]),
        ({"resourceType": "QuestionnaireResponse", "subject": ONE, "author": ONE}, ["1"]),
        ({"resourceType": "Composition", "subject": ONE}, ["1"]),
        ({"resourceType": "Provenance", "target": [{"reference": "Patient/1"}, {"reference": "Observation/2"}]}, ["1"]),
        ({"resourceType": "AuditEvent", "entity": [{"what": ONE}]}, ["1"]),
        ({"resourceType": "Communication", "subject": ONE, "recipient": [{"reference": "Practitioner/1"}]}, ["1"]),
        ({"resourceType": "PlanDefinition", "subjectReference": {"reference": "Group/1"}}, []),
        ({"resourceType": "Organization", "id": "1"}, []),
    ],
)  # fmt: skip
def test_patients(resource: dict[str, Any], patients: list[str]) -> None:
    assert patient_of(resource) == patients


def test_other_compartments() -> None:
    assert members_of("Encounter", {"resourceType": "Observation", "encounter": {"reference": "Encounter/5"}}) == ["5"]
    assert members_of("Practitioner", {"resourceType": "Account", "subject": {"reference": "Practitioner/2"}}) == ["2"]


@pytest.mark.parametrize("compartment", ["Patient", "Encounter", "Practitioner", "RelatedPerson", "Device"])
def test_every_type_of_a_compartment_can_be_asked(compartment: str) -> None:
    assert len(types_in(compartment)) > 10
    for name in types_in(compartment):
        assert members_of(compartment, {"resourceType": name}) == []
