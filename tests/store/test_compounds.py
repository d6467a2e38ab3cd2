"""Worklists: what an establishment owns, of some kinds, still to be done, by the day on which it is due."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from flask import Flask

from app.access.actor import SYSTEM
from app.store import work
from app.store.search.compound import beginning
from app.store.search.run import prepared
from tests.store.builders import a_patient, an_organization, ids

KIND = "https://maslak.ma/fhir/CodeSystem/task"
VISIT, CALL = f"{KIND}|visit", f"{KIND}|call"


def a_task(
    id: str, owner: str, status: str, *kinds: str, due: str | None = None, patient: str = "p1"
) -> dict[str, Any]:
    return {
        "resourceType": "Task",
        "id": id,
        "status": status,
        "intent": "order",
        "code": {"coding": [{"system": KIND, "code": kind} for kind in kinds]},
        "for": {"reference": f"Patient/{patient}"},
        "owner": {"reference": f"Organization/{owner}"},
    } | ({"restriction": {"period": {"start": due, "end": due}}} if due else {})


@pytest.fixture
def tasks(app: Flask, stored: Callable[..., Any]) -> None:
    made = [
        a_task(f"{owner}-{status}-{kind}-{day}", owner, status, kind, due=f"2026-03-{day:02}")
        for owner, status, kind, day in product(
            "ab", ("requested", "completed"), ("visit", "call", "decide"), (3, 9, 17)
        )
    ]
    both = a_task("both", "a", "requested", "visit", "call", due="2026-03-05")
    stored(
        a_patient("p1"),
        an_organization("a"),
        an_organization("b"),
        *made,
        both,
        a_task("someday", "a", "requested", "visit"),
    )


def pages(query: str) -> list[list[str]]:
    found, following = [], query
    while following:
        with work(SYSTEM, reading=True) as repo:
            page = repo.search(following)
        found.append(ids(page.resources))
        following = page.next or ""
    return found


CASES = {
    f"owner=Organization/a&status=requested&code={VISIT}":
        "a-requested-visit-3 both a-requested-visit-9 a-requested-visit-17 someday",
    f"owner=Organization/a&status=requested&code={VISIT},{CALL}&due=eb2026-03-09":
        "a-requested-visit-3 a-requested-call-3 both",
    f"owner=Organization/a,Organization/b&status=requested,completed&code={CALL}&due=ge2026-03-10":
        "a-requested-call-17 a-completed-call-17 b-requested-call-17 b-completed-call-17",
    f"owner=Organization/b&status=requested&code={VISIT}&due=ge2026-03-09&due=le2026-03-09": "b-requested-visit-9",
    f"owner=Organization/none&status=requested&code={VISIT}": "",
    f"owner=Organization/a&status=draft&code={VISIT}": "",
}  # fmt: skip


@pytest.mark.parametrize("query", CASES)
def test_a_worklist_is_what_its_parts_say(tasks: None, query: str) -> None:
    found = pages(f"Task?{query}&_sort=due&_count=2")
    expected = CASES[query].split()
    assert [one for page in found for one in page] == expected
    assert all(len(page) == 2 for page in found[:-1])
    with work(SYSTEM, reading=True) as repo:
        assert repo.count(f"Task?{query}") == len(expected)
        assert begins(repo, f"Task?{query}")


@pytest.mark.parametrize(
    "query",
    [
        f"owner=Organization/a&status=requested&code={VISIT}&_sort=-due",
        f"owner=Organization/a&status=requested&code={VISIT}&due=eb2026-03-09&_sort=-due",
        f"owner=Organization/a,Organization/b&status=requested&code={VISIT},{CALL}&due:missing=false&_sort=-due",
    ],
)
def test_a_compound_finds_what_the_single_indexes_find(tasks: None, query: str) -> None:
    apart = query.replace("status=requested", "status=http://hl7.org/fhir/task-status|requested")
    with work(SYSTEM, reading=True) as repo:
        assert begins(repo, f"Task?{query}") and not begins(repo, f"Task?{apart}")
    assert pages(f"Task?{query}&_count=3") == pages(f"Task?{apart}&_count=3")


def test_what_is_done_leaves_the_list_and_a_deletion_too(tasks: None) -> None:
    query = f"Task?owner=Organization/a&status=requested&code={VISIT}&_sort=due"
    with work(SYSTEM) as repo:
        repo.update(repo.read("Task/both") | {"status": "completed"})
        repo.update(repo.read("Task/someday") | {"owner": {"reference": "Organization/b"}})
        repo.delete("Task/a-requested-visit-9")
    assert pages(query) == [["a-requested-visit-3", "a-requested-visit-17"]]


def test_establishments_are_counted_once_for_a_task_of_two_kinds(tasks: None) -> None:
    with work(SYSTEM, reading=True) as repo:
        counted = repo.count_by(
            f"Task?owner=Organization/a,Organization/b&code={VISIT},{CALL}&status=requested", "owner"
        )
    assert counted == {"Organization/a": 8, "Organization/b": 6}


def begins(repo: Any, query: str) -> bool:
    request, pieces, _ = prepared(repo.unit, query, strict=True, repo=repo)
    return beginning(repo.unit, request, pieces) is not None
