"""The library's second opinion is asked of knowledge, wherever it stands, and of no record."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import Invalid
from app.fhir import validation
from app.fhir.validation.problem import Problem
from app.rest.bodies import checked

PLAN = {"resourceType": "PlanDefinition", "status": "draft"}
PERSON = {"resourceType": "Patient", "gender": "female"}


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


def parameters(**named: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": [{"name": n, "resource": one} for n, one in named.items()]}


IN_A_PART = {"resourceType": "Parameters", "parameter": [{"name": "x", "part": [{"name": "plan", "resource": PLAN}]}]}
PLACES = (
    (PLAN, "PlanDefinition.status"),
    (bundle(PERSON, PLAN), "Bundle.entry[1].resource.status"),
    (parameters(subject=PERSON, plan=PLAN), "Parameters.parameter[1].resource.status"),
    (parameters(data=bundle(PLAN)), "Parameters.parameter[0].resource.entry[0].resource.status"),
    (IN_A_PART, "Parameters.parameter[0].part[0].resource.status"),
)


@pytest.fixture(autouse=True)
def refusing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that refuses everything it is asked about."""
    monkeypatch.setattr(validation, "judged", lambda resource: [Problem(".status", "refused", "structure")])


@pytest.mark.parametrize(("resource", "place"), PLACES)
def test_knowledge_is_judged_where_it_stands(resource: dict[str, Any], place: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(resource)
    assert [issue.expression for issue in refused.value.issues] == [place]


@pytest.mark.parametrize("resource", [PERSON, bundle(PERSON), parameters(data=bundle(PERSON))])
def test_records_are_held_against_the_law_alone(resource: dict[str, Any]) -> None:
    checked(resource)


def test_a_type_that_is_no_text_is_refused_by_name() -> None:
    with pytest.raises(Invalid) as refused:
        checked({"resourceType": []})
    assert "resourceType" in str(refused.value)
