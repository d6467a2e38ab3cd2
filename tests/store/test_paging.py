"""The laws of paging: every match once, in order, whatever is written between two pages."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.access.actor import SYSTEM
from app.store import work
from tests.store.builders import BLOOD_PRESSURE, a_patient, a_quantity, an_observation, ids

SORTS = [
    "",
    "_id",
    "-_id",
    "date",
    "-date",
    "status,-date",
    "-status,date",
    "-value-quantity",
    "code,_id",
    "-_lastUpdated",
]
FEW = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])


def pages(query: str, between: Callable[[], Any] = lambda: None) -> list[list[str]]:
    """The ids of each page, with something done after each."""
    found, following = [], query
    while following:
        with work(SYSTEM, reading=True) as repo:
            page = repo.search(following)
        found.append(ids(page.resources))
        following = page.next or ""
        between()
    return found


def observations(days: list[int], statuses: list[str]) -> list[dict[str, Any]]:
    made = []
    for n, (day, status) in enumerate(zip(days, statuses, strict=True)):
        one = an_observation(f"o{n:03}", date=f"2024-03-{day:02}", status=status)
        made.append(one | ({"valueQuantity": a_quantity(day % 3)} if day % 2 else {}))
    return made


def cleared() -> None:
    """Empty the store between two examples."""
    with work(SYSTEM) as repo:
        for observation in list(repo.search_all("Observation?_count=200")):
            repo.delete(f"Observation/{observation['id']}")


@pytest.mark.parametrize("sort", SORTS)
@given(data=st.data(), size=st.integers(1, 4))
@FEW
def test_pages_together_are_the_whole_search(
    app: Flask, stored: Callable[..., Any], sort: str, data: Any, size: int
) -> None:
    days = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=12))
    statuses = data.draw(st.lists(st.sampled_from(["final", "amended"]), min_size=len(days), max_size=len(days)))
    cleared()
    stored(a_patient("p1"), *observations(days, statuses))
    query = f"Observation?patient=p1{f'&_sort={sort}' if sort else ''}"
    whole = pages(f"{query}&_count=1000")[0]
    paged = pages(f"{query}&_count={size}")
    assert [id for page in paged for id in page] == whole
    assert len(whole) == len(set(whole)) == len(days)
    assert all(len(page) == size for page in paged[:-1])


@pytest.mark.parametrize("sort", ["", "date", "-date", "-status,date"])
@given(days=st.lists(st.integers(1, 5), min_size=4, max_size=10), extra=st.lists(st.integers(1, 5), max_size=4))
@FEW
def test_writes_between_pages_neither_skip_nor_repeat(
    app: Flask, stored: Callable[..., Any], sort: str, days: list[int], extra: list[int]
) -> None:
    cleared()
    first = observations(days, ["final"] * len(days))
    stored(a_patient("p1"), *first)
    waiting = list(enumerate(extra))

    def write() -> None:
        if waiting:
            n, day = waiting.pop()
            stored(an_observation(f"new{n}", date=f"2024-03-{day:02}"))
            changed = first[n % len(first)]
            stored(changed | {"note": [{"text": f"changed {n}"}]})

    found = [
        id for page in pages(f"Observation?patient=p1&_count=2{f'&_sort={sort}' if sort else ''}", write) for id in page
    ]
    assert len(found) == len(set(found))
    assert set(found) >= {one["id"] for one in first}


def test_the_sorted_walk_of_one_code_of_one_patient(app: Flask, stored: Callable[..., Any]) -> None:
    stored(
        *[an_observation(f"a{n}", "p1", f"2024-03-{n:02}") for n in range(1, 8)],
        *[an_observation(f"b{n}", "p2", f"2024-03-{n:02}") for n in range(1, 4)],
        *[an_observation(f"c{n}", "p1", f"2024-03-{n:02}", code="8867-4") for n in range(1, 4)],
    )
    found = pages(f"Observation?patient=Patient/p1&code={BLOOD_PRESSURE}&_sort=-date&_count=3")
    assert found == [["a7", "a6", "a5"], ["a4", "a3", "a2"], ["a1"]]


def test_those_without_the_value_come_last(app: Flask, stored: Callable[..., Any]) -> None:
    undated = {key: value for key, value in an_observation("none").items() if key != "effectiveDateTime"}
    stored(undated, an_observation("early", date="2024-01"), an_observation("late", date="2024-02"))
    assert pages("Observation?_sort=date")[0] == ["early", "late", "none"]
    assert pages("Observation?_sort=-date")[0] == ["late", "early", "none"]


def test_names_sort_as_they_are_compared(app: Flask, stored: Callable[..., Any]) -> None:
    stored(a_patient("p1", "Élan"), a_patient("p2", "dar"), a_patient("p3", "Fès"))
    assert pages("Patient?_sort=family")[0] == ["p2", "p1", "p3"]
    assert pages("Patient?_sort=-family")[0] == ["p3", "p1", "p2"]


def test_totals_and_counts(app: Flask, stored: Callable[..., Any]) -> None:
    stored(*[an_observation(f"o{n}") for n in range(7)])
    with work(SYSTEM, reading=True) as repo:
        assert repo.search("Observation?_count=2&_total=accurate").total == 7
        assert repo.search("Observation?_count=2").total is None
        only = repo.search("Observation?_summary=count")
        assert (only.total, only.resources, only.next) == (7, [], None)
        assert repo.search("Observation?_count=0").resources == []
        assert repo.count("Observation?status=final") == 7
        assert len(list(repo.search_all("Observation?_count=3"))) == 7
        assert repo.first("Observation?_sort=-_id") is not None
        assert repo.first("Observation?status=amended") is None


@pytest.mark.parametrize("code", ["85354-9", "85354-9,8480-6", f"{BLOOD_PRESSURE},http://example.org|8480-6"])
@pytest.mark.parametrize("sort", ["", "&_sort=-date"])
def test_one_patient_s_code_without_its_system_finds_each_resource_once(
    app: Flask, stored: Callable[..., Any], code: str, sort: str
) -> None:
    twice = {"coding": [{"system": s, "code": c} for s in ("http://loinc.org", "urn:x") for c in ("85354-9", "8480-6")]}
    stored(a_patient("p1"), a_patient("p2"), an_observation("other", patient="p2"))
    stored(*(an_observation(f"o{n}", date=f"2024-03-{n + 1:02}") | {"code": twice} for n in range(5)))
    query = f"Observation?patient=p1&code={code}{sort}"
    found = pages(f"{query}&_count=2")
    assert [len(page) for page in found] == [2, 2, 1]
    assert [one for page in found for one in page] == [f"o{n}" for n in (range(4, -1, -1) if sort else range(5))]
    with work(SYSTEM, reading=True) as repo:
        assert repo.count(query) == 5
