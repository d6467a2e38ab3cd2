"""The whole road once: stored, found, refused, named in the audit."""

import pytest
from flask import Flask

from app.access.actor import SYSTEM, Actor
from app.errors import Conflict, Forbidden
from app.store import work
from app.store.repository import StoreRepository


def test_what_is_stored_is_found_in_the_same_transaction(repo: StoreRepository) -> None:
    patient = repo.create({"resourceType": "Patient", "name": [{"family": "El Fassi"}]})
    assert repo.read(f"Patient/{patient['id']}") == patient
    assert repo.search("Patient?name=el fas").resources == [patient]


def test_a_record_out_of_scope_is_refused_by_name(app: Flask) -> None:
    with work(SYSTEM) as repo:
        repo.create({"resourceType": "Patient", "id": "p1", "managingOrganization": {"reference": "Organization/o1"}})
    with (
        pytest.raises(Forbidden) as refused,
        work(Actor("a", "A", organizations=frozenset({"Organization/o2"}))) as repo,
    ):
        repo.read("Patient/p1")
    assert refused.value.details == {"patient": "p1"}
    with work(Actor("a", "A", organizations=frozenset({"Organization/o1"}))) as repo:
        assert repo.read("Patient/p1")["id"] == "p1"


def test_nothing_that_is_referred_to_is_deleted(app: Flask) -> None:
    with work(SYSTEM) as repo:
        repo.create({"resourceType": "Patient", "id": "p1"})
        repo.create({"resourceType": "Observation", "subject": {"reference": "Patient/p1"}})
    with pytest.raises(Conflict, match="Patient/p1 cannot be deleted"), work(SYSTEM) as repo:
        repo.delete("Patient/p1")
