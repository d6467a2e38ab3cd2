"""PlanDefinition/$apply and ActivityDefinition/$apply as REST calls them, on the real store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.errors import Invalid, Malformed, NotFound
from app.rest.operations import OperationRequest
from app.store.repository import StoreRepository
from pathways.apply.operation import activity_definition_apply, plan_definition_apply
from pathways.operations import OPERATIONS
from tests.pathways.apply.domain import (
    BASE,
    MEASURE_BP,
    a_patient,
    a_plan,
    a_reading,
    a_variable,
    an_action,
    an_activity,
    in_both,
    pressure_variables,
    uses,
    when,
)

Stored = Callable[..., list[dict[str, Any]]]
PLAN = a_plan(
    {**an_action(id="raise", **when("%sbp >= 140")), **in_both("title", "Augmenter", "الزيادة")},
    an_action("Garder", id="keep", **when("%sbp < 140")),
    variables=pressure_variables(),
)


def a_call(*, id: str | None = None, kind: str = "PlanDefinition", **parameters: Any) -> OperationRequest:
    """A call with these parameters: texts, CodeableConcepts, resources, or lists of them."""
    made = []
    for name, values in parameters.items():
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, dict) and "resourceType" in value:
                made.append({"name": name, "resource": value})
            elif isinstance(value, dict):
                made.append({"name": name, **value})
            else:
                made.append({"name": name, "valueBoolean" if isinstance(value, bool) else "valueString": value})
    return OperationRequest(type=kind, id=id, parameters=tuple(made), language="fr")


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


def taken(answer: dict[str, Any]) -> list[str]:
    return [one["title"] for one in answer["entry"][0]["resource"].get("action", ())]


@pytest.fixture
def known(stored: Stored) -> None:
    stored(a_patient(), a_reading(150, 95), PLAN, MEASURE_BP)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("known")
class TestOnTheStore:
    @pytest.mark.parametrize(
        "how",
        [
            {"id": "plan"},
            {"url": PLAN["url"]},
            {"url": PLAN["url"], "version": "1.0.0"},
            {"url": f"{PLAN['url']}|1.0.0"},
            {"planDefinition": PLAN},
            {"planDefinition": "PlanDefinition/plan"},
        ],
    )
    def test_the_plan_may_be_named_in_every_way(self, repo: StoreRepository, how: dict[str, Any]) -> None:
        assert taken(plan_definition_apply(repo, a_call(subject="Patient/amina", **how))) == ["Augmenter"]

    def test_data_of_the_request_stands_over_the_record_and_is_not_stored(self, repo: StoreRepository) -> None:
        lower = a_reading(120, 70, "2026-09-16", "new")
        answer = plan_definition_apply(repo, a_call(id="plan", subject="Patient/amina", data=bundle(lower)))
        assert taken(answer) == ["Garder"]
        assert repo.find("Observation/new-2026-09-16") is None

    def test_prefetched_data_counts_as_data(self, repo: StoreRepository) -> None:
        lower = bundle(a_reading(120, 70, "2026-09-16", "new"))
        prefetch = {"part": [{"name": "key", "valueString": "bp"}, {"name": "data", "resource": lower}]}
        call = a_call(id="plan", subject="Patient/amina", prefetchData=prefetch)
        assert taken(plan_definition_apply(repo, call)) == ["Garder"]

    def test_without_server_data_only_the_request_counts(self, repo: StoreRepository) -> None:
        call = a_call(id="plan", subject="Patient/amina", useServerData=False, data=bundle(a_patient()))
        assert taken(plan_definition_apply(repo, call)) == ["measure-bp"]

    def test_the_answer_is_in_the_language_asked_for(self, repo: StoreRepository) -> None:
        arabic = {"valueCodeableConcept": {"coding": [{"code": "ar-MA"}]}}
        call = a_call(id="plan", subject="Patient/amina", userLanguage=arabic)
        action = plan_definition_apply(repo, call)["entry"][0]["resource"]["action"][0]
        assert action["title"] == "الزيادة" and "_title" not in action

    def test_several_subjects_have_an_answer_each(self, repo: StoreRepository, stored: Stored) -> None:
        other = a_patient(id="brahim", gender="male")
        call = a_call(id="plan", subject=["Patient/amina", "Patient/brahim"], data=bundle(other))
        answer = plan_definition_apply(repo, call)
        assert [one["name"] for one in answer["parameter"]] == ["return", "return"]
        subjects = [one["resource"]["entry"][0]["resource"]["subject"]["reference"] for one in answer["parameter"]]
        assert subjects == ["Patient/amina", "Patient/brahim"]

    def test_a_group_is_its_members(self, repo: StoreRepository) -> None:
        members = [{"entity": {"reference": "Patient/amina"}}, {"entity": {"reference": "Patient/x"}, "inactive": True}]
        group = {"resourceType": "Group", "id": "g", "type": "person", "actual": True, "member": members}
        answer = plan_definition_apply(repo, a_call(id="plan", subject="Group/g", data=bundle(group)))
        assert answer["resourceType"] == "Bundle"

    def test_groups_in_a_group_are_opened_and_circles_refused(self, repo: StoreRepository) -> None:
        def group(id: str, *members: str) -> dict[str, Any]:
            entities = [{"entity": {"reference": one}} for one in members]
            return {"resourceType": "Group", "id": id, "type": "person", "actual": True, "member": entities}

        held = bundle(group("all", "Group/some", "Patient/amina"), group("some", "Patient/amina"))
        call = a_call(id="plan", subject="Group/all", data=held)
        assert plan_definition_apply(repo, call)["resourceType"] == "Bundle", "each member once"
        for wrong in (bundle(group("all", "Group/all")), bundle(group("all"))):
            with pytest.raises(Invalid, match="group"):
                plan_definition_apply(repo, a_call(id="plan", subject="Group/all", data=wrong))

    def test_the_people_of_the_visit_stand_in_the_answer(self, repo: StoreRepository) -> None:
        call = a_call(id="plan", subject="Patient/amina", practitioner="Practitioner/p1", encounter="Encounter/e1")
        group = plan_definition_apply(repo, call)["entry"][0]["resource"]
        assert group["author"] == {"reference": "Practitioner/p1"}
        assert group["encounter"] == {"reference": "Encounter/e1"}

    def test_an_activity_is_applied_and_a_draft_is_found(self, repo: StoreRepository, stored: Stored) -> None:
        draft = an_activity("draft-visit", status="draft")
        repo.create(draft)
        plan = a_plan(an_action("Visit", **uses(draft)), name="p2")
        answer = plan_definition_apply(repo, a_call(planDefinition=plan, subject="Patient/amina"))
        assert answer["entry"][1]["resource"]["resourceType"] == "Task"
        task = activity_definition_apply(
            repo, a_call(kind="ActivityDefinition", id="measure-bp", subject="Patient/amina")
        )
        assert task["for"] == {"reference": "Patient/amina"}

    def test_queries_and_expressions_ask_the_terminology(self, repo: StoreRepository) -> None:
        """``:in`` of a query, and ``memberOf`` of an expression, by a value set of the house."""
        pressures = {"system": "http://loinc.org", "concept": [{"code": "85354-9"}]}
        url = f"{BASE}/ValueSet/pressures"
        repo.create({"resourceType": "ValueSet", "url": url, "status": "active", "compose": {"include": [pressures]}})
        plan = a_plan(
            an_action("Found", **when("%found.entry.exists()")),
            an_action("Other", **when("%other.entry.exists()")),
            an_action("Member", **when(f"%found.entry.resource.code.memberOf('{url}')")),
            name="terms",
            variables=[
                a_variable("found", f"Observation?patient={{{{%patient.id}}}}&code:in={url}"),
                a_variable("other", f"Observation?patient={{{{%patient.id}}}}&code:not-in={url}"),
            ],
        )
        entrance = next(one for one in OPERATIONS if "PlanDefinition" in one.types)
        assert taken(entrance.run(repo, a_call(planDefinition=plan, subject="Patient/amina"))) == ["Found", "Member"]
        assert taken(plan_definition_apply(repo, a_call(planDefinition=plan, subject="Patient/amina"))) == []

    @pytest.mark.parametrize(
        ("parameters", "error"),
        [
            ({"id": "plan"}, Malformed),
            ({"subject": "Patient/amina"}, Malformed),
            ({"id": "plan", "subject": "Patient/nobody"}, NotFound),
            ({"id": "plan", "subject": "nobody"}, Invalid),
            ({"id": "none", "subject": "Patient/amina"}, NotFound),
            ({"url": f"{BASE}/PlanDefinition/none", "subject": "Patient/amina"}, NotFound),
            ({"planDefinition": MEASURE_BP, "subject": "Patient/amina"}, Invalid),
        ],
    )
    def test_a_call_that_cannot_be_answered_is_refused(
        self, repo: StoreRepository, parameters: dict[str, Any], error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            plan_definition_apply(repo, a_call(**parameters))
