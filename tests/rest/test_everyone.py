"""``Patient/$everything``: all that the actor may see, page by page, each once, whatever is written meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.access import tokens
from app.access.actor import Actor
from app.db import db
from app.rest.everyone import patient_everything
from app.rest.operations import OperationRequest
from app.store import work

from .conftest import Fhir
from .scenes import resource


@pytest.fixture
def people(fhir: Fhir) -> Fhir:
    """A patient of a health centre, one of a hospital, one of no establishment; one doctor has measured both."""
    for id in ("csu", "chp"):
        fhir.put(resource({"Organization": {"id": id}}))
    fhir.put(resource({"Practitioner": {"id": "d"}}))
    for id, place in (("p1", "csu"), ("p2", "chp")):
        fhir.put(resource({"Patient": {"id": id, "managingOrganization": {"reference": f"Organization/{place}"}}}))
    fhir.put(resource({"Patient": {"id": "p3"}}))
    for id in ("o1a", "o1b", "o2a"):
        who = {"subject": {"reference": f"Patient/p{id[1]}"}, "performer": [{"reference": "Practitioner/d"}]}
        fhir.put(resource({"Observation": {"id": id, **who}}))
    return fhir


def ids(page: dict[str, Any]) -> list[str]:
    return [entry["resource"]["id"] for entry in page.get("entry", [])]


def following(page: dict[str, Any]) -> str | None:
    links = {link["relation"]: link["url"] for link in page["link"]}
    return links["next"].partition("/fhir")[2] if "next" in links else None


def pages(fhir: Fhir, path: str, **options: Any) -> list[list[str]]:
    found: list[list[str]] = []
    following_path: str | None = path
    while following_path:
        page = fhir.get(following_path, **options)
        found.append(ids(page))
        following_path = following(page)
    return found


def test_one_page_has_each_resource_once(people: Fhir) -> None:
    page = people.get("/Patient/$everything")
    assert sorted(ids(page)) == sorted(["p1", "p2", "p3", "o1a", "o1b", "o2a", "d", "csu", "chp"])
    assert "total" not in page and following(page) is None
    assert page["entry"][0]["fullUrl"] == "http://localhost/fhir/Patient/p1"


@pytest.mark.parametrize("count", range(1, 12))
def test_pages_come_to_the_same(people: Fhir, count: int) -> None:
    found = pages(people, f"/Patient/$everything?_count={count}")
    assert all(len(page) == count for page in found[:-1]) and 1 <= len(found[-1]) <= count
    listed = [id for page in found for id in page]
    assert [id for id in listed if id[0] in "po"] == ["p1", "o1a", "o1b", "p2", "o2a", "p3"]
    assert set(listed) == {"p1", "p2", "p3", "o1a", "o1b", "o2a", "d", "csu", "chp"}
    assert all(len(set(page)) == len(page) for page in found)


def test_the_parameters_go_on_from_page_to_page(people: Fhir) -> None:
    parameters = [{"name": "_type", "valueCode": "Observation"}, {"name": "_count", "valueInteger": 2}]
    answer = people("POST", "/Patient/$everything", {"resourceType": "Parameters", "parameter": parameters})
    first = answer.get_json()
    assert ids(first) == ["p1", "o1a"]
    assert pages(people, following(first) or "") == [["o1b", "p2"], ["o2a", "p3"]]
    assert ids(people.get("/Patient/$everything?_count=0")) == []


def test_a_patient_that_goes_between_two_pages_takes_nobody_else_along(people: Fhir) -> None:
    first = people.get("/Patient/$everything?_count=2")
    assert ids(first) == ["p1", "o1a"]
    for gone in ("Observation/o1a", "Observation/o1b", "Patient/p1"):
        assert people("DELETE", f"/{gone}").status_code == 204
    people.put(resource({"Patient": {"id": "p0"}}))
    listed = [id for page in pages(people, following(first) or "") for id in page]
    assert [id for id in listed if id[0] in "po"] == ["p2", "o2a", "p3", "p0"]


def test_an_establishment_sees_its_own(people: Fhir) -> None:
    nurse = Actor("account:1", "Nadia", grants=frozenset({"fhir:read"}), organizations=frozenset({"Organization/csu"}))
    with people.flask.test_request_context("/fhir"), work(nurse, reading=True) as repo:
        listed = ids(patient_everything(repo, OperationRequest(type="Patient", base="http://localhost/fhir")))
    assert {"p1", "o1a", "o1b"} <= set(listed) and not {"p2", "o2a"} & set(listed)


def test_scopes_hold_for_all_of_them(people: Fhir) -> None:
    assert people("GET", "/Patient/$everything", by="observations").status_code == 403
    assert people("GET", "/Patient/$everything", by="finals").status_code == 403, "it may read patients, not list them"
    assert set(ids(people.get("/Patient/$everything", by="reader"))) >= {"p1", "p2", "p3", "o2a"}


def test_a_scope_with_a_query_lists_those_it_finds(people: Fhir) -> None:
    people.put(resource({"Patient": {"id": "p2", "gender": "female"}}))
    with people.flask.app_context():
        scopes = "system/Patient.rs?gender=female system/Observation.r"
        people.held["women"] = tokens.issue(label="women", scopes=scopes, lifetime=timedelta(hours=1))[0]
        db.session.commit()
    assert pages(people, "/Patient/$everything", by="women") == [["p2", "o2a"]]


def test_a_link_of_another_call_is_refused(people: Fhir) -> None:
    token = (following(people.get("/Patient/$everything?_count=1")) or "").partition("?")[2]
    assert people("GET", f"/Patient/p1/$everything?{token}").status_code == 400
    assert people("GET", "/Patient/$everything?_page=x").status_code == 400
    assert people("GET", "/Patient/$everything?_type=Nope").status_code == 400
