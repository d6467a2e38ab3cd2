"""What a search cannot answer: refused with all reasons at once, or named and left out."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.access.actor import SYSTEM
from app.errors import Malformed
from app.store import work
from tests.store.builders import an_observation


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("Observation?color=red", "'color' is no search parameter of Observation"),
        ("Observation?status:exact=final", "takes no ':exact'"),
        ("Observation?date=yesterday", "is not a date"),
        ("Observation?date=2024-02-30", "in no calendar"),
        ("Observation?value-quantity=much", "is no number"),
        ("Observation?value-quantity=1|2", "is no quantity"),
        ("Observation?component-code-value-quantity=8480-6", "needs 2 parts"),
        ("Observation?status:missing=maybe", "write true or false"),
        ("Observation?_sort=color", "cannot be sorted"),
        ("Observation?_count=many", "whole number"),
        ("Observation?_include=Observation:color", "no reference parameter"),
        ("Observation?_include=Nothing:color", "write _include"),
        ("Observation?status=", "has no value"),
        ("Observation?_cursor=x", "another search"),
        ("Observation?code.name=x", "is no reference"),
        ("Observation?patient.color=x", "has the parameter 'color'"),
        ("Patient?_has:Observation:status:code=x", "no reference parameter"),
        ("Patient?identifier:of-type=a|b", "three parts"),
        ("Unicorn?name=x", "no resource type"),
        ("?_type=Unicorn", "no resource type"),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_cannot_be_answered_says_why(app: Flask, query: str, text: str) -> None:
    with pytest.raises(Malformed, match=text), work(SYSTEM, reading=True) as repo:
        repo.search(query)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_all_that_is_wrong_is_said_at_once(app: Flask) -> None:
    with pytest.raises(Malformed) as refused, work(SYSTEM, reading=True) as repo:
        repo.search("Observation?color=red&date=soon&_count=x")
    assert {issue.expression for issue in refused.value.issues} >= {"http.color", "http._count"}
    assert len(refused.value.issues) == 3


def test_lenient_search_names_what_it_left_out(app: Flask, stored: Callable[..., Any]) -> None:
    stored(an_observation("o1"))
    with work(SYSTEM, reading=True) as repo:
        page = repo.page("Observation?color=red&status=final")
    assert [s.id for s in page.matches] == ["o1"]
    assert [(i.severity, i.expression) for i in page.issues] == [("warning", "http.color")]
