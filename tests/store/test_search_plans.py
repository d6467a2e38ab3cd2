"""What a search costs: where it begins, and how its text is read."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.access.actor import SYSTEM
from app.store import work
from app.store.search.request import pairs_of
from app.store.search.run import planned, prepared
from tests.store.builders import BLOOD_PRESSURE, a_patient, an_observation


def test_the_newest_of_a_code_begin_at_their_patient(app: Flask, stored: Callable[..., Any]) -> None:
    """SQLite took the index to everybody's values of the code, where a condition spoke of all patients as well."""
    stored(a_patient("p1"), an_observation("o1"))
    query = f"Observation?patient=p1&code={BLOOD_PRESSURE}&_sort=-date"
    with work(SYSTEM, reading=True) as repo:
        unit = repo.unit
        request, pieces, _ = prepared(unit, query, strict=True)
        plan = planned(unit, request, pieces)
        if unit.driver.name != "sqlite":
            pytest.skip("PostgreSQL chooses by its statistics")
        told = unit.driver.rows(f"explain query plan select t.key from {plan.source} where {plan.where}", plan.values)
    assert "ix_token" in told[0][3] and "patient=?" in told[0][3], told


@given(st.text(st.sampled_from("ab=&%+2Cé ,|"), max_size=24))
def test_a_query_is_read_as_the_standard_library_reads_it(text: str) -> None:
    try:
        known = parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        return
    assert pairs_of(text, 100) == known
