"""What the specification asks of every kind of definition, and of plans that are written in unusual ways."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.errors import Invalid
from app.fhir import validation
from pathways.apply import apply_activity
from pathways.apply.kinds import KINDS
from tests.pathways.apply.domain import (
    BASE,
    a_patient,
    a_plan,
    an_action,
    an_activity,
    asked,
    resources_of,
    run,
    statuses,
    uses,
    when,
)

ALL: dict[str, Any] = {
    "code": {"text": "Contrôler"},
    "productCodeableConcept": {"text": "produit"},
    "priority": "asap",
    "quantity": {"value": Decimal(2)},
    "bodySite": [{"text": "bras"}],
    "timingTiming": {"repeat": {"frequency": 1, "period": Decimal(1), "periodUnit": "d"}},
    "dosage": [{"text": "1 par jour"}],
    "location": {"reference": "Location/1"},
    "participant": [{"type": "practitioner", "role": {"text": "infirmier"}}],
    "description": "Ce qui est à faire",
}
PEOPLE = {"encounter": "Encounter/e1", "practitioner": "Practitioner/p1", "organization": "Organization/o1"}
LEFT_TO_THE_AUTHOR = {  # what R4 requires and no definition can tell, set by dynamic values
    "AppointmentResponse": {"appointment"},
    "Claim": {"type", "provider", "insurance"},
    "ImmunizationRecommendation": {"date"},
    "VisionPrescription": {"lensSpecification"},
}
SUBJECT = {"for", "subject", "patient", "candidate", "deliverTo", "actor", "participant"}


def dynamic(path: str, text: str) -> dict[str, Any]:
    return {"path": path, "expression": {"language": "text/fhirpath", "expression": text}}


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("refused", [False, True])
def test_every_kind_is_valid_and_about_the_subject(kind: str, refused: bool) -> None:
    resource = apply_activity(an_activity("act", kind, doNotPerform=refused, **ALL), asked(**PEOPLE))
    left = LEFT_TO_THE_AUTHOR.get(kind, set())
    wrong = [issue for issue in validation.validate(resource) if not any(name in issue.text for name in left)]
    assert not wrong, wrong
    (about,) = SUBJECT & resource.keys()
    assert "Patient/amina" in str(resource[about])


@pytest.mark.parametrize("kind", ["Patient", "Observation", "Condition", "Medication", "Reminder", None])
def test_what_nobody_can_ask_for_is_refused(kind: str | None) -> None:
    with pytest.raises(Invalid, match="makes no request"):
        apply_activity(an_activity("act", kind), asked())  # type: ignore[arg-type]


def test_an_establishment_asks_where_no_person_does() -> None:
    order = an_activity("act", "ServiceRequest", code={"text": "HbA1c"})
    assert apply_activity(order, asked(organization="Organization/o1"))["requester"]["reference"] == "Organization/o1"
    diet = apply_activity(an_activity("act", "NutritionOrder"), asked(organization="Organization/o1"))
    assert "orderer" not in diet, "only a person orders a diet"


def test_a_message_says_the_text_of_its_code_unless_it_is_said_otherwise() -> None:
    plain = an_activity("act", "CommunicationRequest", code={"text": "Revenez dans un mois"})
    assert apply_activity(plain, asked())["payload"] == [{"contentString": "Revenez dans un mois"}]
    other = plain | {"dynamicValue": [dynamic("payload[0].contentString", "'Revenez demain'")]}
    assert apply_activity(other, asked())["payload"] == [{"contentString": "Revenez demain"}]


def test_a_definition_for_others_fails_its_action_by_name() -> None:
    kind = {"coding": [{"system": "http://hl7.org/fhir/resource-types", "code": "Practitioner"}]}
    train = an_activity("train", subjectCodeableConcept=kind)
    inner = a_plan(an_action("Inside"), name="inner", subjectCodeableConcept=kind)
    plan = a_plan(an_action("Train", **uses(train)), an_action("Nested", **uses(inner)), an_action("Fine"))
    applied = run(plan, definitions=[train, inner])
    assert statuses(applied) == {"Train": "failed", "Nested": "failed", "Fine": "taken"}
    assert [issue.text for issue in applied.issues] == [
        "action 'Train': 'train' is for Practitioner, but the subject is a Patient",
        "action 'Nested': 'inner' is for Practitioner, but the subject is a Patient",
    ]
    assert all("PlanDefinition.action" in (issue.diagnostics or "") for issue in applied.issues)


def test_the_worst_fault_is_told_first() -> None:
    """A circle, or a definition that is not there, before that the plan is for others: author after author asks."""
    kind = {"coding": [{"system": "http://hl7.org/fhir/resource-types", "code": "Practitioner"}]}
    outer = a_plan(name="outer", subjectCodeableConcept=kind)
    inner = a_plan(an_action("Back", **uses(outer)), name="inner", subjectCodeableConcept=kind)
    outer["action"] = [
        an_action("In", action=[an_action("Deep", **uses(inner)), an_action("Again", **uses(inner))]),
        an_action("Gone", definitionCanonical="https://maslak.ma/fhir/ActivityDefinition/gone"),
    ]
    with pytest.raises(Invalid) as refused:
        run(outer, definitions=[outer, inner])
    texts = [str(issue) for issue in refused.value.issues]
    assert "circle" in texts[1] and "outer|1.0.0 → " in texts[1] and "gone" in texts[0] and "is for" in texts[2]
    assert len(texts) == 3
    assert refused.value.issues[1].expression == "PlanDefinition.action[0].action[0]/PlanDefinition.action[0]"
    within = a_plan(an_action("Nest", **uses(inner)), name="top")
    circle = inner | {"action": [an_action("Back", **uses(inner))]}
    nurse = {"resourceType": "Practitioner", "id": "hicham"}
    applied = run(within | {"subjectCodeableConcept": kind}, patient=nurse, definitions=[circle])
    assert "circle" in applied.issues[0].text
    del within["action"][0]["definitionCanonical"]
    with pytest.raises(Invalid, match=r"^'top' is for Practitioner"):
        run(within | {"subjectCodeableConcept": kind})


def test_a_definition_that_names_no_subject_is_for_that_of_the_plan() -> None:
    kind = {"coding": [{"system": "http://hl7.org/fhir/resource-types", "code": "Practitioner"}]}
    task, nurse = an_activity("task"), {"resourceType": "Practitioner", "id": "hicham"}
    applied = run(a_plan(an_action("Do", **uses(task)), subjectCodeableConcept=kind), patient=nurse, definitions=[task])
    assert resources_of(applied, "Task")[0]["for"] == {"reference": "Practitioner/hicham"}


def test_dynamic_values_reach_the_group_of_a_nested_plan() -> None:
    nested = a_plan(an_action("Inside"), name="nested")
    more = [dynamic("priority", "'urgent'"), dynamic("note.text", "%patient.gender")]
    applied = run(a_plan(an_action("Nest", **uses(nested), dynamicValue=more)), definitions=[nested])
    (outer, inner) = resources_of(applied, "RequestGroup")
    assert inner["priority"] == "urgent" and inner["note"] == [{"text": "female"}] and "priority" not in outer
    assert outer["action"][0]["resource"] == {"reference": f"RequestGroup/{inner['id']}"}
    wrong = run(a_plan(an_action("Nest", **uses(nested), dynamicValue=[dynamic("nowhere", "1")])), definitions=[nested])
    assert wrong.actions[0].taken == "failed" and "nowhere" in wrong.issues[0].text


def test_dynamic_values_reach_the_task_to_fill_a_form() -> None:
    form = {"resourceType": "Questionnaire", "id": "q", "url": "http://example.org/Questionnaire/q", "version": "1.0.0"}
    due = dynamic("restriction.period.end", "@2026-10-01")
    action = an_action("Fill", definitionCanonical=form["url"], dynamicValue=[due])
    (task,) = resources_of(run(a_plan(action), definitions=[form]), "Task")
    assert task["restriction"]["period"]["end"] == "2026-10-01"


def test_an_action_with_a_definition_and_actions_below_it_loses_neither() -> None:
    order, task = an_activity("order", "ServiceRequest", code={"text": "HbA1c"}), an_activity("task")
    both = an_action("Both", **uses(order), action=[an_action("Below", **uses(task)), an_action("No", **when("false"))])
    applied = run(a_plan(both), definitions=[order, task])
    (group,) = resources_of(applied, "RequestGroup")
    (action,) = group["action"]
    assert "resource" not in action, "rqg-1"
    assert [one["resource"]["reference"] for one in action["action"]] == ["ServiceRequest/order", "Task/task"]
    assert not [issue for issue in validation.validate(group) if issue.severity == "error"]


def test_a_relation_to_an_action_that_is_not_there_is_told() -> None:
    relation = {"actionId": "nobody", "relationship": "after"}
    other = {"actionId": "later", "relationship": "after"}
    plan = a_plan(
        an_action("Related", relatedAction=[relation]),
        an_action("Fine", relatedAction=[other]),
        an_action("Later", id="later", **when("false")),
    )
    (issue,) = run(plan).issues
    assert "Related" in issue.text and "nobody" in issue.text and issue.code == "not-found"


def test_answers_are_the_same_every_time() -> None:
    order = an_activity("order", "ServiceRequest", code={"text": "HbA1c"})
    plan = a_plan(*(an_action(f"Order {at}", **uses(order)) for at in range(3)))
    one, other = (run(plan, patient=a_patient(), definitions=[order]).bundle for _ in range(2))
    assert one == other and len({entry["fullUrl"] for entry in one["entry"]}) == 4


def test_what_is_nested_too_deep_is_refused_by_name() -> None:
    chain = [a_plan(an_action("Down", **uses({"url": f"{BASE}/PlanDefinition/p{at + 1}"})), name=f"p{at}")
             for at in range(300)]  # fmt: skip
    applied = run(chain[0], definitions=chain)
    (issue,) = applied.issues
    assert "Down" in issue.text and issue.expression == "PlanDefinition.action[0]"
    assert applied.bundle["entry"]
    action = an_action("Bottom")
    for _ in range(300):
        action = an_action("Group", action=[action])
    with pytest.raises(Invalid, match="nested"):
        run(a_plan(action))
    inner = an_action("Nest", **uses({"url": f"{BASE}/PlanDefinition/deep"}))
    outer = run(a_plan(inner, an_action("Fine")), definitions=[a_plan(action, name="deep")])
    assert statuses(outer) == {"Nest": "failed", "Fine": "taken"}
