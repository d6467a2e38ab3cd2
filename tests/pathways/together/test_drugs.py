"""Which drugs are one too many."""

from __future__ import annotations

import pytest

from pathways.together.drugs import taken_twice


def order(code: str) -> dict:
    return {"medicationCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": code}]}}


@pytest.mark.parametrize(
    ("first", "second", "group"),
    [
        ("C09AA02", "C09CA07", "renin-angiotensin"),
        ("C03BA04", "C03AA03", "thiazides"),
        ("C09DB04", "C08CA01", "calcium-channel"),
        ("C09BA04", "C03BA11", "thiazides"),
        ("A10BD02", "A10BA02", "biguanides"),
        ("A02BC01", "A02BC05", "A02BC"),
    ],
)
def test_two_of_one_group(first: str, second: str, group: str) -> None:
    (twice,) = taken_twice([order(first), order(second)])
    assert (twice.group, twice.same) == (group, False)


def test_the_same_drug_twice_and_drugs_that_go_together() -> None:
    (twice,) = taken_twice([order("A10BA02"), order("A10BA02")])
    assert twice.same and twice.title("fr") and twice.title("ar")
    assert not taken_twice([order(code) for code in ("C08CA01", "C09CA07", "C03BA04", "A10BA02", "A10BB09", "C10AA01")])
