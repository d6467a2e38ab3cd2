"""Every page and job evaluates a pathway with the terminology of the house, as the operation does."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from app.fhir.resource import Resource
from app.terminology import Terminology
from pathways import enrolment, progression
from pathways.calendar import OVERRIDES
from pathways.views import evaluating
from tests.pathways.apply.domain import BASE, a_plan, a_variable, an_action, when
from tests.pathways.clinic import Clinic, enrolled, measured, seen

VIEWS = Path(__file__).parents[2] / "pathways" / "views"
GOOD = f"{BASE}/ValueSet/treatment-adherence"
CODES = f"{BASE}/CodeSystem/clinical"


def a_pathway() -> Resource:
    """A pathway whose actions ask a value set, in a query and in FHIRPath."""
    found = f"Observation?patient={{{{%patient.id}}}}&value-concept:in={GOOD}"
    stage = {"coding": [{"system": f"{BASE}/CodeSystem/action-kind", "code": "stage"}]}
    return a_plan(
        an_action("Query", id="query", code=[stage], **when("%found.total = 1")),
        an_action("Member", id="member", **when(f"%found.entry.resource.value.first().memberOf('{GOOD}')")),
        an_action("Subsumes", id="subsumes", **when("%coding.subsumes(%coding)")),
        variables=[a_variable("found", found), a_variable("coding", "%found.entry.resource.value.coding.first()")],
    )  # fmt: skip


def standing(clinic: Clinic, held: enrolment.Enrolment, terms: bool) -> dict[str, str]:
    with clinic.open(clinic.physician) as repo:
        there = enrolment.Enrolment(held.episode, held.plan, a_pathway())
        known: dict[str, Any] = {"terms": Terminology(repo)} if terms else {}
        applied = progression.evaluate(repo, there, language="fr", **known).applied
        return {one.id: one.taken for one in applied.walk()}


def test_a_pathway_may_ask_for_the_codes_of_a_value_set(clinic: Clinic) -> None:
    held = enrolled(clinic)
    with clinic.open(clinic.physician) as repo:
        taken = {"coding": [{"system": CODES, "code": "good-adherence"}]}
        repo.create({"resourceType": "Observation", "status": "final", "code": {"text": "adherence"},
                     "subject": {"reference": held.patient}, "effectiveDateTime": "2026-09-08",
                     "valueCodeableConcept": taken})  # fmt: skip
    assert set(standing(clinic, held, True).values()) == {"taken"}
    assert standing(clinic, held, False)["query"] == "failed", "never silently false"


@pytest.mark.parametrize("page", sorted(path.stem for path in VIEWS.glob("*.py")))
def test_no_page_evaluates_a_pathway_without_it(page: str) -> None:
    tree = ast.parse((VIEWS / f"{page}.py").read_text("utf-8"))
    named = [
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    assert not {"pathways.progression.evaluate", "pathways.together.standings.evaluate_all"} & set(named)


def test_the_pages_know_the_days_of_the_administration(clinic: Clinic) -> None:
    held = enrolled(clinic)
    seen(clinic, held, "visit-1", measured(166, 104))
    with clinic.open(clinic.physician) as repo:
        before = evaluating.evaluate(repo, held).follow_up
        assert before is not None and before.due.latest is not None
        table = {
            "resourceType": "CodeSystem", "url": OVERRIDES, "status": "active", "content": "complete",
            "concept": [{"code": before.due.latest.isoformat(), "display": "Fermé"}],
        }  # fmt: skip
        repo.create(table)
        after = evaluating.evaluate(repo, held).follow_up
    assert after is not None and after.due.latest is not None and after.due.latest > before.due.latest
