"""What holds whatever is sent: the order of a transaction's entries, GET and POST searches, writers at once."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import Fhir
from .scenes import resource

TAGS = itertools.count()
FEW = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])


def family(tag: str) -> list[dict[str, Any]]:
    """Entries of every method, that refer to each other in a circle and by condition, and read what others delete."""
    mother, child = "urn:uuid:11111111-1111-4111-8111-111111111111", "urn:uuid:22222222-2222-4222-8222-222222222222"
    link = {"type": "seealso"}
    identified = [{"system": "urn:t", "value": tag}]
    return [
        {
            "fullUrl": mother,
            "resource": resource(
                {"Patient": {"identifier": identified, "link": [{"other": {"reference": child}, **link}]}}
            ),
            "request": {"method": "POST", "url": "Patient"},
        },
        {
            "fullUrl": child,
            "resource": resource({"Patient": {"gender": "male", "link": [{"other": {"reference": mother}, **link}]}}),
            "request": {"method": "POST", "url": "Patient"},
        },
        {
            "resource": resource(
                {"Observation": {"id": f"{tag}-o", "subject": {"reference": f"Patient?identifier=urn:t|{tag}"}}}
            ),
            "request": {"method": "PUT", "url": f"Observation/{tag}-o"},
        },
        {"request": {"method": "DELETE", "url": f"Basic/{tag}-gone"}},
        {"request": {"method": "GET", "url": f"Basic?_id={tag}-gone"}},
        {"request": {"method": "GET", "url": f"Patient?identifier=urn:t|{tag}"}},
    ]


@FEW
@given(order=st.permutations(range(6)))
def test_the_order_of_entries_does_not_matter(shared_fhir: Fhir, order: list[int]) -> None:
    tag = f"p{next(TAGS)}"
    shared_fhir.put(resource({"Basic": {"id": f"{tag}-gone"}}))
    entries = family(tag)
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entries[place] for place in order]}
    answer = shared_fhir("POST", "/", bundle)
    assert answer.status_code == 200, answer.text
    by_entry = dict(zip(order, answer.get_json()["entry"], strict=True))
    statuses = [by_entry[place]["response"]["status"].split()[0] for place in range(6)]
    assert statuses == ["201", "201", "201", "204", "200", "200"]
    assert "entry" not in by_entry[4]["resource"]
    mother = by_entry[5]["resource"]["entry"][0]["resource"]
    child = shared_fhir.get(f"/{mother['link'][0]['other']['reference']}")
    assert child["gender"] == "male"
    assert child["link"][0]["other"]["reference"] == f"Patient/{mother['id']}"
    observation = shared_fhir.get(f"/Observation/{tag}-o")
    assert observation["subject"]["reference"] == f"Patient/{mother['id']}"


CRITERIA = st.lists(
    st.sampled_from(
        [
            ("gender", "male"),
            ("gender:not", "male"),
            ("birthdate", "ge1960"),
            ("birthdate", "lt1980-06"),
            ("family:contains", "é"),
            ("name", "أمينة"),
            ("active", "true"),
            ("_sort", "-birthdate,family"),
            ("_count", "2"),
            ("_total", "accurate"),
            ("_elements", "name"),
            ("_summary", "count"),
            ("shoe-size", "44"),
            ("family", "a,b\\,c|$"),
        ]
    ),
    max_size=5,
)


@FEW
@given(criteria=CRITERIA)
def test_get_and_post_searches_agree(shared_fhir: Fhir, criteria: list[tuple[str, str]]) -> None:
    if shared_fhir("GET", "/Patient/same-0").status_code == 404:
        for place, (name, gender) in enumerate([("Zékri", "male"), ("Aïcha", "female"), ("أمينة", "female")]):
            whole = {"id": f"same-{place}", "gender": gender, "birthDate": f"19{60 + 9 * place}-02-03"}
            shared_fhir.put(resource({"Patient": whole | {"name": [{"family": name}]}}))
    query = urlencode(criteria)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    got, posted = shared_fhir("GET", f"/Patient?{query}"), shared_fhir("POST", "/Patient/_search", query, headers=form)
    assert got.status_code == posted.status_code
    assert got.get_json() == posted.get_json()


def test_pages_neither_skip_nor_repeat_while_others_write(fhir: Fhir) -> None:
    for place in range(30):
        fhir.put(resource({"Patient": {"id": f"page-{place:02}", "birthDate": f"19{50 + place}-01-01"}}))
    found: list[str] = []
    path = "/Patient?_sort=birthdate&_count=7"
    while path:
        page = fhir.get(path)
        found += [entry["resource"]["id"] for entry in page["entry"]]
        fhir.put(resource({"Patient": {"id": f"early-{len(found)}", "birthDate": "1900-01-01"}}))
        fhir("DELETE", f"/Patient/{found[0]}")
        links = {link["relation"]: link["url"] for link in page["link"]}
        path = links.get("next", "").removeprefix("http://localhost/fhir")
    assert found == [f"page-{place:02}" for place in range(30)]


def test_of_many_conditional_creates_at_once_one_creates(fhir: Fhir) -> None:
    body = resource({"Patient": {"identifier": [{"system": "urn:t", "value": "once"}]}})

    def create(_: int) -> int:
        return fhir("POST", "/Patient", body, headers={"If-None-Exist": "identifier=urn:t|once"}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(create, range(32)))
    assert sorted(statuses) == [200] * 31 + [201]


def test_of_many_updates_of_one_version_one_succeeds(fhir: Fhir) -> None:
    fhir.put(resource({"Patient": {"id": "contended"}}))

    def update(place: int) -> int:
        body = resource({"Patient": {"id": "contended", "birthDate": f"19{10 + place}"}})
        return fhir("PUT", "/Patient/contended", body, headers={"If-Match": 'W/"1"'}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(update, range(16)))
    assert sorted(statuses) == [200] + [412] * 15
