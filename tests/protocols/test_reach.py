"""How many patients a release reaches, and what a pathway's page draws."""

from __future__ import annotations

from typing import Any

import pytest

from app.config import CANONICAL_BASE as BASE
from protocols.presenters.figure import figure
from protocols.views.reach import Reach, reached
from tests.protocols.scenes import URL, a_set, spoken

KIND, LEVEL = f"{BASE}/CodeSystem/action-kind", f"{BASE}/StructureDefinition/level-of-care"


def a_stage(name: str, arabic: str, *levels: str) -> dict[str, Any]:
    places = [
        {
            "url": LEVEL,
            "valueCodeableConcept": {"coding": [{"system": f"{BASE}/CodeSystem/facility-level", "code": code}]},
        }
        for code in levels
    ]
    stage = {"id": name, "title": name, "extension": places, "code": [{"coding": [{"system": KIND, "code": "stage"}]}]}
    return spoken(stage, title=arabic)


def a_pathway() -> list[dict[str, Any]]:
    """A pathway of three stages that follows the protocol."""
    library, plan = a_set()[2], a_set()[1]
    stages = [
        a_stage("Dépistage", "الكشف", "CSR-1", "DR"),
        a_stage("Hôpital", "المستشفى", "CHP", "CSR-1"),
        a_stage("Retour au centre de santé", "العودة", "CSR-1"),
    ]
    plan = plan | {"id": "pathway-1.0.0", "url": f"{BASE}/PlanDefinition/pathway", "action": stages}
    related = [
        {"type": "composed-of", "resource": f"{BASE}/PlanDefinition/pathway|1.0.0"},
        {"type": "depends-on", "resource": URL},
    ]
    return [plan, library | {"id": "path-1.0.0", "url": f"{BASE}/Library/path", "relatedArtifact": related}]


def a_care_plan(number: int, pathway: str, status: str = "active") -> dict[str, Any]:
    return {
        "resourceType": "CarePlan",
        "id": f"c{number}",
        "status": status,
        "intent": "plan",
        "subject": {"reference": f"Patient/p{number}"},
        "instantiatesCanonical": [pathway],
    }


def test_patients_are_counted_through_the_pathways_that_follow_a_protocol(stored: Any) -> None:
    stored(*a_set(), *a_pathway())
    stored(*({"resourceType": "Patient", "id": f"p{number}"} for number in range(5)))
    here, other = f"{BASE}/PlanDefinition/pathway|1.0.0", f"{BASE}/PlanDefinition/another|1.0.0"
    stored(a_care_plan(0, here), a_care_plan(1, here), a_care_plan(2, here, "completed"), a_care_plan(3, other))
    assert reached(a_set()[2]) == Reach(patients=2, pathways=1)
    assert reached(a_pathway()[1]) == Reach(patients=2, pathways=1)


@pytest.mark.parametrize("lang", ["fr", "ar"])
def test_the_figure_has_a_lane_for_each_place_of_care_and_mirrors_in_arabic(lang: str) -> None:
    drawn = figure(a_pathway()[0], "Parcours", lang)
    assert drawn is not None
    assert [stage.lane for stage in drawn.stages] == [0, 1, 0]
    first, hospital, _back = drawn.stages
    assert (first.x < hospital.x) == (lang == "fr")
    assert [arrow.across for arrow in drawn.arrows] == [True, True]
    assert all(stage.x >= 0 and stage.x + 200 <= drawn.width and stage.y + 46 <= drawn.height for stage in drawn.stages)
    assert figure(a_set()[1], "Protocole", lang) is None
