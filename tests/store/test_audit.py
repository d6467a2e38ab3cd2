"""One AuditEvent for each kind of action of a transaction, valid, in the same transaction, found again."""

from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from app.access.actor import SYSTEM, Actor
from app.errors import Conflict, Forbidden, NotFound
from app.fhir.json import loads
from app.fhir.validation import check
from app.store import work
from tests.store.builders import a_patient, an_observation, an_organization

DOCTOR = Actor("account:7", 'Dr "Samir" أمين', organizations=None, practitioner="Practitioner/d7", origin="10.0.0.9")


def events(query: str = "AuditEvent") -> list[dict[str, Any]]:
    with work(SYSTEM, reading=True) as repo:
        return [loads(stored.body) for stored in repo.page(query).matches]


def actions(query: str = "AuditEvent") -> list[str]:
    return [event["action"] for event in events(query)]


def test_every_change_of_a_record_leaves_one_event_a_kind(app: Flask) -> None:
    with work(DOCTOR) as repo:
        repo.create(a_patient("p1"))
        repo.create(an_observation("o1"))
    with work(DOCTOR) as repo:
        repo.update(an_observation("o1", status="amended"))
        repo.create(an_observation("o2"))
        repo.delete("Observation/o1")
    assert sorted(actions()) == ["C", "C", "D", "U"]
    event = events("AuditEvent?action=U")[0]
    assert [entity["what"]["reference"] for entity in event["entity"]] == ["Patient/p1", "Observation/o1"]


def test_every_read_of_a_record_leaves_an_event(app: Flask, stored: Callable[..., Any]) -> None:
    stored(a_patient("p1"), an_organization("csu"))
    for act in (
        lambda repo: repo.raw("Patient", "p1"),
        lambda repo: repo.read_many(["Patient/p1"]),
        lambda repo: repo.record_of("p1"),
        lambda repo: repo.search("Patient?family=al"),
    ):
        before = len(events())
        with work(DOCTOR, reading=True) as repo:
            act(repo)
        assert len(events()) == before + 1
    with work(DOCTOR, reading=True) as repo:
        repo.read("Organization/csu")
        repo.search("Organization")
        repo.peek("Patient", "p1")
    assert len(events()) == before + 1


def test_an_event_says_who_what_and_whence_and_is_valid(app: Flask, stored: Callable[..., Any]) -> None:
    stored(a_patient("p1"))
    with work(DOCTOR, reading=True) as repo:
        repo.search("Patient?family=al&_sort=-_id")
    event = events("AuditEvent?agent=account:7")[0]
    agent = event["agent"][0]
    assert agent["who"]["reference"] == "Practitioner/d7"
    assert (agent["name"], agent["network"]["address"]) == ('Dr "Samir" أمين', "10.0.0.9")
    assert event["entity"][0]["what"] == {"reference": "Patient/p1"}
    assert b64decode(event["entity"][-1]["query"]) == b"Patient?family=al&_sort=-_id"
    check(event)


def test_what_fails_leaves_no_event(app: Flask) -> None:
    def half_way() -> None:
        with work(DOCTOR) as repo:
            repo.create(a_patient("p1"))
            raise Conflict("no")

    with pytest.raises(Conflict):
        half_way()
    assert events() == []


def test_events_are_searched_read_and_paged(app: Flask, stored: Callable[..., Any]) -> None:
    stored(a_patient("p1"), a_patient("p2"))
    for n in range(3):
        with work(DOCTOR) as repo:
            repo.create(an_observation(f"o{n}", "p1"))
    assert actions("AuditEvent?patient=p1&agent=account:7") == ["C", "C", "C"]
    assert actions("AuditEvent?patient=Patient/p2") == ["C"]
    assert actions("AuditEvent?entity=Observation/o1") == ["C"]
    assert actions("AuditEvent?date=lt2020") == []
    assert len(actions("AuditEvent?date=gt2020&action=C")) == 4
    with work(SYSTEM, reading=True) as repo:
        page = repo.page("AuditEvent?agent=account:7&_count=2&_total=accurate")
        assert (len(page.matches), page.total) == (2, 3)
        rest = repo.page(f"AuditEvent?agent=account:7&_count=2&_cursor={page.next}")
        assert len(rest.matches) == 1 and rest.next is None
        one = page.matches[0]
        assert repo.raw("AuditEvent", one.id).body == one.body
        assert repo.read(f"AuditEvent/{one.id}")["id"] == one.id
        with pytest.raises(NotFound):
            repo.read("AuditEvent/none")


def test_nobody_writes_or_changes_events(app: Flask, stored: Callable[..., Any]) -> None:
    stored(a_patient("p1"))
    event = events()[0]
    for act in (
        lambda repo: repo.update(event),
        lambda repo: repo.create({"resourceType": "AuditEvent"}),
        lambda repo: repo.delete(f"AuditEvent/{event['id']}"),
    ):
        with pytest.raises((Conflict, NotFound)), work(SYSTEM) as repo:
            act(repo)
    assert events()[-1] == event


def test_events_of_a_record_out_of_scope_stay_closed(app: Flask, stored: Callable[..., Any]) -> None:
    stored(a_patient("p1", managingOrganization={"reference": "Organization/far"}))
    limited = replace(DOCTOR, organizations=frozenset({"Organization/csu"}))
    event = events()[0]
    with pytest.raises(Forbidden), work(limited, reading=True) as repo:
        repo.page("AuditEvent?patient=p1")
    with pytest.raises(Forbidden), work(limited, reading=True) as repo:
        repo.read(f"AuditEvent/{event['id']}")
    with work(limited, reading=True) as repo:
        assert repo.page("AuditEvent").matches == []
