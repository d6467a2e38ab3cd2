"""Whose records an actor may open, through every door of the repository."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from app.access.actor import SYSTEM, Actor
from app.errors import Forbidden
from app.store import work
from app.store.repository import StoreRepository
from tests.store.builders import BLOOD_PRESSURE, a_patient, an_observation, an_organization, ids

NURSE = Actor("account:1", "Nadia", organizations=frozenset({"Organization/csu"}), organization="Organization/csu")
HOSPITAL = replace(NURSE, key="account:2", organizations=frozenset({"Organization/chp"}))


@pytest.fixture
def records(app: Flask, stored: Callable[..., Any]) -> None:
    """Nadia's patient and somebody else's, each with a measurement."""
    stored(
        an_organization("csu"),
        an_organization("chp"),
        a_patient("mine", "Alaoui", managingOrganization={"reference": "Organization/csu"}),
        a_patient("other", "Bennani", managingOrganization={"reference": "Organization/far"}),
        an_observation("o-mine", "mine"),
        an_observation("o-other", "other"),
        {"resourceType": "Provenance", "id": "v-other", "target": [{"reference": "Observation/o-other"}]},
    )


DOORS: dict[str, Callable[[StoreRepository], Any]] = {
    "read": lambda repo: repo.read("Observation/o-other"),
    "vread": lambda repo: repo.read("Observation/o-other/_history/1"),
    "raw": lambda repo: repo.raw("Patient", "other"),
    "peek": lambda repo: repo.peek("Patient", "other"),
    "find": lambda repo: repo.find("Patient/other"),
    "read_many": lambda repo: repo.read_many(["Patient/mine", "Patient/other"]),
    "record_of": lambda repo: repo.record_of("other"),
    "history": lambda repo: repo.history("Observation/o-other"),
    "search by patient": lambda repo: repo.search("Observation?patient=Patient/other"),
    "provenance": lambda repo: repo.read("Provenance/v-other"),
    "update": lambda repo: repo.update(an_observation("o-other", "other", status="amended")),
    "take over": lambda repo: repo.update(an_observation("o-other", "mine")),
    "delete": lambda repo: repo.delete("Observation/o-other"),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_record_of_elsewhere_is_refused_and_named(records: None, door: str) -> None:
    with pytest.raises(Forbidden) as refused, work(NURSE) as repo:
        DOORS[door](repo)
    assert refused.value.details["patient"] == "other"


def test_a_change_of_a_record_of_elsewhere_is_refused(records: None) -> None:
    for resource in (an_observation("new", "other"), an_observation("o-mine", "other")):
        with pytest.raises(Forbidden), work(NURSE) as repo:
            repo.update(resource)
    with work(SYSTEM) as repo:
        assert repo.find("Observation/new") is None
        assert repo.read("Observation/o-mine")["subject"] == {"reference": "Patient/mine"}


def test_a_search_leaves_out_what_may_not_be_seen(records: None) -> None:
    with work(NURSE, reading=True) as repo:
        assert ids(repo.search("Observation").resources) == ["o-mine"]
        assert ids(repo.search("Patient?name=a,b").resources) == ["mine"]
        assert repo.count("Observation?status=final") == 1
        assert ids(repo.search("Organization?_revinclude=Patient:organization").included) == ["mine"]
        assert ids(repo.search("?_type=Patient,Organization").resources) == ["csu", "chp", "mine"]
        assert [stored.id for stored in repo.history_page("Patient").matches] == ["mine"]
        assert repo.search("Provenance").resources == []
        found = repo.latest("Observation", ["mine", "other"], BLOOD_PRESSURE)
        assert list(found) == ["mine"]


def test_her_own_patients_are_open(records: None) -> None:
    with work(NURSE) as repo:
        assert repo.read("Patient/mine")
        repo.create(an_observation("o2", "mine"))
        repo.create(a_patient("newborn"))
        repo.create(an_observation("o3", "newborn"))
        assert sorted(ids(repo.search("Observation?patient=Patient/mine").resources)) == ["o-mine", "o2"]


def test_definitions_and_organizations_are_open_to_all(records: None) -> None:
    with work(NURSE) as repo:
        assert repo.read("Organization/chp")


def test_an_emergency_access_opens_one_record(records: None) -> None:
    with work(replace(NURSE, emergency=frozenset({"other"}))) as repo:
        assert repo.read("Observation/o-other")
        assert sorted(ids(repo.search("Observation").resources)) == ["o-mine", "o-other"]


@pytest.mark.parametrize(
    "bridge",
    [
        {"resourceType": "Task", "for": {"reference": "Patient/mine"}, "owner": {"reference": "Organization/chp"}},
        {
            "resourceType": "EpisodeOfCare",
            "patient": {"reference": "Patient/mine"},
            "managingOrganization": {"reference": "Organization/chp"},
        },
    ],
    ids=["referral", "episode"],
)
def test_a_referral_opens_the_record_to_the_hospital(records: None, bridge: dict[str, Any]) -> None:
    with pytest.raises(Forbidden), work(HOSPITAL) as repo:
        repo.read("Patient/mine")
    with work(NURSE) as repo:
        made = repo.create(bridge)
    with work(HOSPITAL) as repo:
        assert repo.read("Patient/mine") and repo.read("Observation/o-mine")
    with work(SYSTEM) as repo:
        repo.delete(f"{made['resourceType']}/{made['id']}")
    with pytest.raises(Forbidden), work(HOSPITAL) as repo:
        repo.read("Patient/mine")


def test_the_directory_finds_people_everywhere_without_opening_records(app: Flask, stored: Callable[..., Any]) -> None:
    stored(
        a_patient("mine", "Alaoui", "Ahmed", birthDate="1960-05-02", gender="male")
        | {"managingOrganization": {"reference": "Organization/csu"}},
        a_patient("other", "Alaoui", "Amina", birthDate="1971", managingOrganization={"reference": "Organization/far"}),
    )
    with work(NURSE, reading=True) as repo:
        rows = repo.search_directory("Patient?name-key=alaoui")
        assert [(row.id, row.name, row.birth_year, row.sex, row.establishment, row.visible) for row in rows] == [
            ("mine", "Alaoui Ahmed", "1960", "male", "Organization/csu", True),
            ("other", "Alaoui Amina", "1971", "unknown", "Organization/far", False),
        ]
        for query in ("Patient?address=rabat", "Patient", "Observation?_id=1"):
            with pytest.raises(Exception, match="directory is searched by"):
                repo.search_directory(query)


@pytest.mark.parametrize("alone", ["container", "contained"])
@pytest.mark.parametrize("where", ["true", "both"])
def test_what_is_contained_in_a_record_of_elsewhere_is_left_out(
    records: None, stored: Callable[..., Any], alone: str, where: str
) -> None:
    held = {"resourceType": "Practitioner", "id": "d", "name": [{"family": "Kabbaj"}]}
    for of in ("mine", "other"):
        stored(an_observation(f"c-{of}", of, contained=[held], performer=[{"reference": "#d"}]))
    query = f"Practitioner?family=kabbaj&_contained={where}&_containedType={alone}&_total=accurate"
    with work(NURSE, reading=True) as repo:
        found = repo.page(query)
    assert (found.total, [one.id for one in found.matches]) == (
        1,
        ["c-mine" if alone == "container" else "#Observation/c-mine#d"],
    )
    with work(SYSTEM, reading=True) as repo:
        assert repo.count(query) == 2
