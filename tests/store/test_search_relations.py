"""Chains, reverse chains, includes: what resources have to do with each other."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.access.actor import SYSTEM, Actor
from app.errors import Malformed
from app.store import work
from tests.store.builders import BLOOD_PRESSURE, LOINC, a_patient, an_observation, an_organization, ids


@pytest.fixture
def region(app: Flask, stored: Callable[..., Any]) -> None:
    """Two establishments under a region, three patients, their measurements and an encounter."""
    stored(
        an_organization("region", name="Rabat-Salé-Kénitra"),
        an_organization("csu", name="CSU Agdal", partOf={"reference": "Organization/region"}),
        an_organization("chp", name="CHP Témara", partOf={"reference": "Organization/region"}),
        a_patient("p1", "Alaoui", managingOrganization={"reference": "Organization/csu"}),
        a_patient("p2", "Bennani", managingOrganization={"reference": "Organization/chp"}),
        a_patient("p3", "Chraibi"),
        {"resourceType": "Encounter", "id": "e1", "subject": {"reference": "Patient/p1"}},
        an_observation("o1", "p1", "2024-01-01", encounter={"reference": "Encounter/e1"}),
        an_observation("o2", "p2", "2024-02-01"),
        an_observation("o3", "p1", "2024-03-01", code="8867-4", derivedFrom=[{"reference": "Observation/o1"}]),
        {"resourceType": "List", "id": "l1", "entry": [{"item": {"reference": "Patient/p2"}}]},
    )


def test_chains_and_reverse_chains(region: None) -> None:
    cases = {
        "Observation?patient.family=alaoui": ["o1", "o3"],
        "Observation?subject:Patient.family=bennani": ["o2"],
        "Observation?subject.family=alaoui": ["o1", "o3"],
        "Observation?patient.organization.name=csu": ["o1", "o3"],
        "Observation?patient.organization.partof.name=rabat": ["o1", "o2", "o3"],
        "Observation?patient.organization=Organization/chp": ["o2"],
        "Observation?encounter.subject=Patient/p1": ["o1"],
        "Observation?patient._id=p2": ["o2"],
        "Patient?_has:Observation:patient:code=8867-4": ["p1"],
        f"Patient?_has:Observation:subject:code={BLOOD_PRESSURE}": ["p1", "p2"],
        "Patient?_has:Observation:patient:date=gt2024-01-15&_has:Observation:patient:code=85354-9": ["p1", "p2"],
        "Patient?_has:Observation:patient:encounter.subject=Patient/p1": ["p1"],
        "Organization?_has:Patient:organization:_has:Observation:patient:code=8867-4": ["csu"],
        "Organization?_has:Patient:organization:family=bennani": ["chp"],
        "Observation?patient._has:Encounter:patient:_id=e1": ["o1", "o3"],
        "Patient?_list=l1": ["p2"],
        "Observation?derived-from.code=85354-9": ["o3"],
    }
    with work(SYSTEM, reading=True) as repo:
        assert {query: sorted(ids(repo.search(query).resources)) for query in cases} == cases


def test_includes(region: None) -> None:
    cases = {
        "Observation?_id=o1&_include=Observation:patient": ["p1"],
        "Observation?_id=o1&_include=Observation:subject:Patient": ["p1"],
        "Observation?_id=o1&_include=Observation:subject:Group": [],
        "Observation?_id=o1&_include=Observation:patient&_include=Observation:encounter": ["e1", "p1"],
        "Observation?_id=o1&_include=*": ["e1", "p1"],
        "Observation?_id=o1&_include=Observation:*": ["e1", "p1"],
        "Observation?_id=o1&_include=Observation:patient&_include=Patient:organization": ["p1"],
        "Observation?_id=o1&_include=Observation:patient&_include:iterate=Patient:organization": ["csu", "p1"],
        "Observation?_id=o1&_include=Observation:patient&_include:iterate=Patient:organization"
        "&_include:iterate=Organization:partof": ["csu", "p1", "region"],
        "Patient?_id=p1&_revinclude=Observation:patient": ["o1", "o3"],
        "Patient?_id=p1&_revinclude=Observation:subject&_revinclude=Encounter:subject": ["e1", "o1", "o3"],
        "Patient?_id=p1,p2&_revinclude=Observation:patient": ["o1", "o2", "o3"],
        "Observation?_id=o3&_include:iterate=Observation:derived-from": ["o1"],
        "Observation?_id=none&_include=Observation:patient": [],
        "Observation?_include=Observation:derived-from&_count=1&_sort=-date": ["o1"],
    }
    with work(SYSTEM, reading=True) as repo:
        assert {query: sorted(ids(repo.search(query).included)) for query in cases} == cases


def test_what_is_a_match_is_not_included_again(region: None) -> None:
    with work(SYSTEM, reading=True) as repo:
        page = repo.search("Observation?_include=Observation:derived-from")
        assert sorted(ids(page.resources)) == ["o1", "o2", "o3"] and page.included == []


def test_a_search_across_types(region: None) -> None:
    with work(SYSTEM, reading=True) as repo:
        assert ids(repo.search("?_type=Encounter,List").resources) == ["e1", "l1"]
        assert repo.count("?_lastUpdated=gt2020") == 11
        assert ids(repo.search("?_type=Observation,Encounter&patient=p1&_sort=_id").resources) == ["e1", "o1", "o3"]
        with pytest.raises(Malformed, match="'family' is no search parameter"):
            repo.search("?_type=Patient,Observation&family=x")


def test_counts_by_what_is_referred_to(region: None) -> None:
    with work(SYSTEM, reading=True) as repo:
        assert repo.count_by("Observation?code=http://loinc.org|8867-4,http://loinc.org|85354-9", "patient") == {
            f"Patient/{one.id}": len(repo.search(f"Observation?patient={one.id}").resources)
            for one in (repo.raw("Patient", "p1"), repo.raw("Patient", "p2"))
        }
        assert repo.count_by("Observation?encounter=e1", "patient") == {"Patient/p1": 1}
        assert repo.count_by("Patient?family=chraibi", "organization") == {}
        for wrong in ("code", "nothing"):
            with pytest.raises(Malformed, match="no reference parameter of Observation"):
                repo.count_by("Observation?patient=p1", wrong)


def test_counts_keep_to_what_the_actor_may_see(region: None) -> None:
    of_one = Actor("account:x", "x", frozenset(), frozenset({"*"}), organizations=frozenset({"Organization/csu"}))
    with work(of_one, reading=True) as repo:
        assert repo.count_by("Observation?status=final", "patient") == {"Patient/p1": 2}


def test_a_chain_goes_only_so_deep(region: None) -> None:
    deep = "Organization?" + "partof." * 12 + "name=x"
    with work(SYSTEM, reading=True) as repo, pytest.raises(Malformed, match="deep at most"):
        repo.search(deep)


def test_the_compartment_of_a_patient(region: None) -> None:
    with work(SYSTEM, reading=True) as repo:
        assert sorted(ids(repo.search(f"Observation?_compartment=Patient/p1&code={LOINC}|8867-4").resources)) == ["o3"]
        record = repo.record_of("p1")
        assert sorted(ids(record)) == ["e1", "o1", "o3", "p1"]
        assert sorted(ids(repo.record_of("p1", ["Encounter"]))) == ["e1"]
