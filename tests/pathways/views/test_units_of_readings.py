"""A value of the leading measurement that another system sent in a unit that cannot be compared: shown, and said."""

from __future__ import annotations

import copy
from decimal import Decimal

import pytest

from tests.pathways.views.browser import said
from tests.pathways.views.conftest import Clinic, Followed, measured


@pytest.mark.parametrize(
    ("language", "words"), [("fr", "unité non comparable"), ("ar", "وحدة لا يمكن مقارنتها")], ids=["fr", "ar"]
)
def test_a_reading_in_doubt_is_said_wherever_it_is_shown(
    clinic: Clinic, zineb: Followed, language: str, words: str
) -> None:
    physician = clinic.browser("physician", language)
    physician.send(zineb.visit, **measured(150, 94))
    assert words not in said(physician.see(zineb.record))
    (kept,) = clinic.stored("Observation?code=http://loinc.org|85354-9")
    odd = {key: value for key, value in copy.deepcopy(kept).items() if key not in ("id", "meta", "identifier")}
    for part in odd["component"]:
        part["valueQuantity"] |= {"value": Decimal("2.5"), "unit": "mL", "code": "mL"}
    clinic.store(odd | {"effectiveDateTime": "2026-09-07T09:40:00+01:00"})
    for page in (zineb.record, "/my-day"):
        shown = said(physician.see(page))
        assert words in shown and "2,5 mL" in shown.replace("mL/", "mL /"), shown
    assert "150/94" in said(physician.see(f"{zineb.record}?all=1"))
