"""The golden patients notice: change one threshold, dose or delay of the content and at least one of them fails.

Each row of ``changes.py`` changes the text of a disease's plans and names the group that must see it.
"""

from __future__ import annotations

from typing import Any

import pytest

from app.fhir import json
from tests.golden.changes import CHANGES
from tests.golden.golden import (
    DECISIONS,
    Find,
    definition,
    due,
    examinations,
    medicines,
    missing,
    patients,
    plans_of,
    stage,
    taken,
    walked,
)

ROWS = [(disease, *row) for disease, rows in CHANGES.items() for row in rows]
NAMES = [f"{disease}: {old} → {new}" for disease, old, new, _ in ROWS]


@pytest.mark.parametrize(("disease", "old", "new", "group"), ROWS, ids=NAMES)
def test_a_changed_rule_is_noticed(disease: str, old: str, new: str, group: str) -> None:
    find = changed(disease, old, new)
    concerned = [one for name, one in patients(disease) if name.startswith(f"{group}/")]
    assert any(not as_expected(disease, one, find) for one in concerned)


def changed(disease: str, old: str, new: str) -> Find:
    """The artefacts with a text of the disease's plans replaced; the text must be there."""
    plans = {plan["url"]: json.dumps(plan).decode() for plan in plans_of(disease)}
    assert any(old in text for text in plans.values()), f"the plans do not say {old}"
    made = {url: json.loads(text.replace(old, new)) for url, text in plans.items() if old in text}
    return lambda canonical: made.get(canonical.split("|")[0]) or definition(canonical)


def as_expected(disease: str, patient: dict[str, Any], find: Find) -> bool:
    """Whether stage, decisions, missing values, medicines, examinations and dates are as written down."""
    expected, applied = patient["expect"], walked(disease, patient, find=find)
    found = {one.id: one for one in applied.walk() if one.taken == "taken"}
    return (
        stage(applied) == [expected["stage"]]
        and sorted(one.id for one in taken(applied, *DECISIONS)) == expected["taken"]
        and sorted(missing(applied)) == expected["missing"]
        and expected.get("medications", medicines(applied)) == medicines(applied)
        and expected.get("tests", examinations(applied)) == examinations(applied)
        and all(id in found and due(found[id]) == days for id, days in expected.get("due", {}).items())
    )
