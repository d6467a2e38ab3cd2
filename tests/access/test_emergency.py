"""Emergency access: a reason, a row, an AuditEvent, some hours."""

import pytest
from flask import Flask

from app.access import accounts, authentication, emergency
from app.access.actor import SYSTEM, Actor
from app.errors import Forbidden, Invalid, NotFound
from app.store import work
from app.store.break_glass import record_emergency


@pytest.fixture
def physician(people: Flask) -> Actor:
    with work(SYSTEM) as repo:
        repo.create({"resourceType": "Organization", "id": "here"})
        repo.create({"resourceType": "Organization", "id": "there"})
        there = {"reference": "Organization/there"}
        repo.create({"resourceType": "Patient", "id": "p", "managingOrganization": there})
        roles, place = ["physician"], "Organization/here"
        account = accounts.create(username="f.alaoui", name="Fatima", roles=roles, organization=place)
    return authentication.actor_of(account)


def test_it_opens_the_record_and_is_told_in_the_audit(physician: Actor) -> None:
    with pytest.raises(Forbidden) as refused, work(physician, reading=True) as repo:
        repo.read("Patient/p")
    assert refused.value.details["patient"] == "p"
    with work(physician) as repo:
        event = record_emergency(repo, "p", "douleur thoracique")
        emergency.open_record(repo, "p", "douleur thoracique")
    opened = authentication.actor_of(accounts.by_name("f.alaoui"))
    assert opened.emergency == {"p"}
    with work(opened, reading=True) as repo:
        assert repo.read("Patient/p")["id"] == "p"
        assert [found.id for found in repo.page("AuditEvent?patient=p&_id=" + event).matches] == [event]


def test_without_a_true_reason_nothing_opens(physician: Actor) -> None:
    with pytest.raises(Invalid), work(physician) as repo:
        emergency.open_record(repo, "p", "  a   b  ")
    assert authentication.actor_of(accounts.by_name("f.alaoui")).emergency == frozenset()


def test_a_system_or_a_role_without_the_grant_opens_nothing(physician: Actor) -> None:
    for actor in (SYSTEM, Actor("account:1", "A", frozenset({"administrator"}))):
        with pytest.raises(Forbidden), work(actor) as repo:
            emergency.open_record(repo, "p", "douleur thoracique")


def test_an_unknown_patient_is_not_found(physician: Actor) -> None:
    with pytest.raises(NotFound), work(physician) as repo:
        record_emergency(repo, "nobody", "douleur thoracique")
