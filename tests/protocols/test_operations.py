"""The same moves over FHIR: CRMI operations, and a plain PUT that must not do their work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.errors import Conflict, Forbidden, PreconditionFailed
from app.rest.operations import OperationRequest
from protocols import operations
from tests.protocols.scenes import APPROVER, EDITOR, NEXT, NURSE, PLAN, SET, URL

RUN = {operation.code: operation for operation in operations.OPERATIONS}


def call(
    acting: Callable[..., Any], actor: Any, code: str, on: str, headers: Any = None, **values: str
) -> dict[str, Any]:
    """Call an operation as the door does, after its grant was found."""
    assert actor.may(RUN[code].grant)
    kind, id = on.split("/")
    given = tuple({"name": name, "valueString": value} for name, value in values.items())
    with acting(actor) as repo:
        return RUN[code].run(repo, OperationRequest(kind, id, given, headers=headers or {}, base="https://x/fhir"))


def test_a_version_goes_its_whole_road_over_fhir(acting: Any) -> None:
    made = call(acting, EDITOR, "draft", SET, version="1.1.0")
    assert made["type"] == "transaction-response" and len(made["entry"]) == 3
    call(acting, EDITOR, "submit", NEXT)
    call(acting, APPROVER, "review", NEXT, comment="préciser")
    call(acting, EDITOR, "submit", NEXT)
    call(acting, APPROVER, "approve", NEXT)
    done = call(acting, APPROVER, "release", NEXT, releaseVersion="1.1.0")
    assert {one["resource"]["status"] for one in done["entry"]} == {"active"}
    with acting(NURSE) as repo:
        assert repo.canonical(PLAN)["version"] == "1.1.0" and repo.read(SET)["status"] == "retired"
    call(acting, APPROVER, "retire", NEXT)


def test_a_draft_is_withdrawn_over_fhir(acting: Any, brought_to: Any) -> None:
    brought_to("draft")
    assert len(call(acting, EDITOR, "withdraw", NEXT)["entry"]) == 3
    with acting(EDITOR) as repo:
        assert repo.find(NEXT) is None


def test_if_match_tells_the_second_of_two(acting: Any, brought_to: Any) -> None:
    brought_to("in-review")
    with pytest.raises(PreconditionFailed):
        call(acting, APPROVER, "approve", NEXT, headers={"If-Match": 'W/"1"'})


def test_a_release_keeps_its_number(acting: Any, brought_to: Any) -> None:
    brought_to("approved")
    with pytest.raises(Conflict):
        call(acting, APPROVER, "release", NEXT, releaseVersion="2.0.0")


def test_a_package_holds_the_set_and_all_its_parts(acting: Any) -> None:
    bundle = call(acting, NURSE, "package", SET)
    assert [one["resource"]["resourceType"] for one in bundle["entry"]] == [
        "Library",
        "PlanDefinition",
        "ActivityDefinition",
    ]
    assert bundle["entry"][0]["resource"]["url"] == URL and bundle["total"] == 3
    assert len(call(acting, NURSE, "package", SET, offset="1", count="1")["entry"]) == 1


def test_the_difference_of_two_versions(acting: Any, brought_to: Any) -> None:
    from protocols import drafting

    brought_to("draft")
    with acting(EDITOR) as repo:
        plan = repo.canonical(f"{PLAN}|1.1.0")
        action = plan["action"][0] | {"title": "Repos complet"}
        drafting.edit(repo, NEXT, plan | {"action": [action]})
    found = call(
        acting,
        NURSE,
        "artifact-diff",
        "PlanDefinition/migraine-treatment-1.1.0",
        source="PlanDefinition/migraine-treatment-1.0.0",
        target=f"{PLAN}|1.1.0",
    )
    (one,) = found["parameter"]
    parts = {part["name"]: part.get("valueString", part.get("valueCode")) for part in one["part"]}
    assert parts == {
        "type": "replace",
        "path": "PlanDefinition.action[0].title",
        "previousValue": "Repos",
        "value": "Repos complet",
    }


def test_nurses_do_not_publish(acting: Any) -> None:
    for code in ("draft", "submit", "review", "approve", "release", "retire", "withdraw"):
        assert RUN[code].affects_state and not NURSE.may(RUN[code].grant)
    with pytest.raises(Forbidden), acting(NURSE) as repo:
        RUN["draft"].run(repo, OperationRequest("Library", SET.split("/")[1]))
