"""The golden patients notice: change one threshold, dose or delay of the content and at least one of them fails.

Each row changes the text of the plans (a condition or a parameter) and names the group that must see it.
"""

from __future__ import annotations

from typing import Any

import pytest

from app.fhir import json
from tests.golden.golden import (
    DECISIONS,
    Find,
    contents,
    definition,
    medicines,
    missing,
    patients,
    stage,
    taken,
    walked,
)

PARAMETER = '"name":"{}","language":"text/fhirpath","expression":"{}"'
CHANGES = [
    ("%sbp >= 160 or", "%sbp > 160 or", "diagnosis"),
    ("%sbp >= 160 or", "%sbp >= 159 or", "diagnosis"),
    ("or %dbp >= 100", "or %dbp > 100", "diagnosis"),
    ("or %dbp >= 100", "or %dbp >= 99", "diagnosis"),
    ("%sbp >= 140 or %dbp >= 90", "%sbp > 140 or %dbp >= 90", "diagnosis"),
    ("%sbp >= 140 or %dbp >= 90", "%sbp >= 139 or %dbp >= 90", "referral"),
    ("%sbp >= 140 or %dbp >= 90", "%sbp >= 140 or %dbp > 90", "diagnosis"),
    ("%sbp >= 140 or %dbp >= 90", "%sbp >= 140 or %dbp >= 89", "referral"),
    ("iif(%lowerTarget, 130, 140)", "iif(%lowerTarget, 131, 140)", "targets"),
    ("iif(%lowerTarget, 130, 140)", "iif(%lowerTarget, 129, 140)", "targets"),
    ("iif(%lowerTarget, 130, 140)", "iif(%lowerTarget, 130, 141)", "targets"),
    ("iif(%lowerTarget, 130, 140)", "iif(%lowerTarget, 130, 139)", "targets"),
    ("%diabetesDbp, 90)", "%diabetesDbp, 91)", "targets"),
    ("%diabetesDbp, 90)", "%diabetesDbp, 89)", "targets"),
    ("iif(%sbp <= 110,", "iif(%sbp < 110,", "targets"),
    ("iif(%sbp <= 110,", "iif(%sbp <= 111,", "targets"),
    ("%previousSbp <= 110,", "%previousSbp < 110,", "targets"),
    ("%previousSbp <= 110,", "%previousSbp <= 111,", "targets"),
    ("%sbp > 180 or", "%sbp >= 180 or", "danger"),
    ("%sbp > 180 or", "%sbp > 181 or", "danger"),
    ("%dbp > 110", "%dbp >= 110", "danger"),
    ("%dbp > 110", "%dbp > 111", "danger"),
    ("%sbp > %urgentSbp", "%sbp >= %urgentSbp", "danger"),
    ("%sbp > %urgentSbp", "%sbp > %urgentSbp + 1", "danger"),
    ("%dbp > %urgentDbp", "%dbp >= %urgentDbp", "danger"),
    ("%dbp > %urgentDbp", "%dbp > %urgentDbp + 1", "danger"),
    ("%toTreat and %urgent.not()", "%toTreat", "danger"),
    (PARAMETER.format("reviewInterval", "4 weeks"), PARAMETER.format("reviewInterval", "29 days"), "steps"),
    (PARAMETER.format("reviewInterval", "4 weeks"), PARAMETER.format("reviewInterval", "27 days"), "steps"),
    (PARAMETER.format("confirmMinimum", "1 week"), PARAMETER.format("confirmMinimum", "8 days"), "diagnosis"),
    (PARAMETER.format("confirmMinimum", "1 week"), PARAMETER.format("confirmMinimum", "6 days"), "diagnosis"),
    (PARAMETER.format("confirmMaximum", "12 months"), PARAMETER.format("confirmMaximum", "50 days"), "diagnosis"),
    (PARAMETER.format("confirmMaximum", "12 months"), PARAMETER.format("confirmMaximum", "14 months"), "diagnosis"),
    (PARAMETER.format("bpValidity", "7 days"), PARAMETER.format("bpValidity", "6 days"), "diagnosis"),
    (PARAMETER.format("bpValidity", "7 days"), PARAMETER.format("bpValidity", "8 days"), "diagnosis"),
    (PARAMETER.format("highRiskPercent", "20"), PARAMETER.format("highRiskPercent", "19"), "diagnosis"),
    (PARAMETER.format("highRiskPercent", "20"), PARAMETER.format("highRiskPercent", "21"), "diagnosis"),
    (PARAMETER.format("referFromStep", "6"), PARAMETER.format("referFromStep", "5"), "steps"),
    (" and %poorlyTaken.not()", "", "steps"),
    ("%amlodipineDose >= 10", "%amlodipineDose >= 5", "steps"),
    ("%amlodipineDose < 5", "%amlodipineDose < 2", "steps"),
    ("'C09CA07', 80,", "'C09CA07', 40,", "steps"),
    ("'C09CA01', 100,", "'C09CA01', 50,", "steps"),
    ("'C09AA05', 10,", "'C09AA05', 5,", "steps"),
    ("'C09AA04', 8, 40", "'C09AA04', 4, 40", "steps"),
    ("'C09AA04', 8, 40", "'C09AA04', 8, 20", "steps"),
    ("'C03BA04', 25,", "'C03BA04', 12.5,", "steps"),
    ("'C03AA03', 50,", "'C03AA03', 25,", "steps"),
    ("iif(%diureticDose = 1.5, 1.5, 2.5)", "2.5", "steps"),
    ("iif(%diureticDose = 1.5, 1.5, 2.5)", "1.25", "steps"),
    ("iif(%pregnant, false, %protected)", "%protected", "women"),
    ("%childbearingAge and %pregnant.not(),", "false,", "women"),
    ("today() - 50 years", "today() - 49 years", "women"),
    ("today() - 50 years", "today() - 51 years", "women"),
    ("- 42 weeks", "- 46 weeks", "women"),
    ("- 42 weeks", "- 28 weeks", "women"),
    ("- 18 years", "- 17 years", "diagnosis"),
    ("- 40 years", "- 39 years", "referral"),
    ("- 40 years", "- 41 years", "referral"),
    ("%egfr < 60", "%egfr <= 60", "referral"),
    ("%egfr < 60", "%egfr < 59", "referral"),
    ("%cholesterol > 8", "%cholesterol >= 8", "referral"),
    ("%cholesterol > 8", "%cholesterol > 8.2", "referral"),
    ("* 2.586", "* 2", "referral"),
    ("- 12 months)", "- 14 months)", "referral"),
    ("- 12 months)", "- 1 month)", "referral"),
    ("%simvastatinDose > 20", "%simvastatinDose >= 20", "beside"),
    ("%simvastatinDose > 20", "%simvastatinDose > 40", "beside"),
    ("- 3 years", "- 1 year", "beside"),
    ("- 3 years", "- 5 years", "beside"),
    ("period.start > %referral.lastModified", "period.start < %referral.lastModified", "stages"),
    ("status in ('accepted' | 'in-progress'), 'hospital'", "status in ('accepted'), 'hospital'", "stages"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "group"), CHANGES, ids=[f"{old} → {new}" for old, new, _ in CHANGES])
def test_a_changed_rule_is_noticed(old: str, new: str, group: str) -> None:
    find = changed(old, new)
    concerned = [one for name, one in patients("hypertension") if name.startswith(f"{group}/")]
    assert any(not as_expected(one, find) for one in concerned)


def changed(old: str, new: str) -> Find:
    """The artefacts with a text of the plans replaced; the text must be there."""
    plans = {
        url: json.dumps(one).decode() for url, one in contents().items() if one["resourceType"] == "PlanDefinition"
    }
    assert any(old in text for text in plans.values()), f"the plans do not say {old}"
    made = {url: json.loads(text.replace(old, new)) for url, text in plans.items() if old in text}
    return lambda canonical: made.get(canonical.split("|")[0]) or definition(canonical)


def as_expected(patient: dict[str, Any], find: Find) -> bool:
    """Whether stage, decisions, missing values and medicines are as written down."""
    expected, applied = patient["expect"], walked("hypertension", patient, find=find)
    return (
        stage(applied) == [expected["stage"]]
        and sorted(one.id for one in taken(applied, *DECISIONS)) == expected["taken"]
        and sorted(missing(applied)) == expected["missing"]
        and expected.get("medications", medicines(applied)) == medicines(applied)
    )
