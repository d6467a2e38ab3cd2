"""Every golden patient walked by the real engine; the expectations were written from the sources, not from its answers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.golden.golden import DECISIONS, due, medicines, missing, patients, said, stage, taken, walked

PATIENTS = dict(patients("hypertension"))


@pytest.mark.parametrize("patient", PATIENTS.values(), ids=PATIENTS.keys())
def test_the_next_step_is_the_one_the_sources_say(patient: dict[str, Any]) -> None:
    expected, applied = patient["expect"], walked("hypertension", patient)
    decisions = taken(applied, *DECISIONS)
    found = {one.id: one for one in applied.walk() if one.taken == "taken"}
    kinds = {one.kind for one in decisions}
    referral = "urgent" if "referral-urgent" in kinds else "routine" if "referral" in kinds else None

    assert stage(applied) == [expected["stage"]]
    assert sorted(one.id for one in decisions) == expected["taken"]
    assert sorted(missing(applied)) == expected["missing"]
    assert referral == expected["referral"]
    assert not applied.issues
    if "medications" in expected:
        assert medicines(applied) == expected["medications"]
    if "tests" in expected:
        wanted = ("baseline", "before-ras", "after-ras")
        assert sorted(one.id for one in taken(applied, "test") if one.id in wanted) == expected["tests"]
    assert {id: due(found[id]) for id in expected.get("due", {})} == expected.get("due", {})
    for id, wording in expected.get("reason", {}).items():
        assert {language: said(found[id], language) for language in wording} == wording
