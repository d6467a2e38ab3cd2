"""A difference tells what changed and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from app.fhir.translation import translated
from protocols import lifecycle
from protocols.differences import artifact_diff, set_diff
from tests.protocols.scenes import a_set


def plan(**changes: Any) -> dict[str, Any]:
    return a_set()[1] | changes


def said(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, Any, Any]]:
    return [(change.path, change.kind, change.before, change.after) for change in artifact_diff(before, after)]


def test_number_state_dates_and_authors_are_no_change_of_the_work() -> None:
    other = lifecycle.written(
        plan(version="2.0.0", date="2027-01-01", id="x", meta={"versionId": "9"}), "in-review", author="a"
    )
    assert said(plan(), other) == []


def test_a_text_in_each_language_is_its_own_change() -> None:
    action = plan()["action"][0]
    changed = translated(action | {"title": "Repos long"}, "title", {"ar": "راحة طويلة"})
    (french, arabic) = artifact_diff(plan(), plan(action=[changed]))
    assert (french.path, french.before, french.after, french.language) == (
        "PlanDefinition.action[0].title",
        "Repos",
        "Repos long",
        None,
    )
    assert (arabic.before, arabic.after, arabic.language) == ("الراحة", "راحة طويلة", "ar")
    assert french.within[-1]["id"] == "step-1"


def test_an_inserted_action_is_one_change() -> None:
    fresh = {"id": "step-0", "title": "Boire"}
    found = artifact_diff(plan(), plan(action=[fresh, *plan()["action"]]))
    assert [(change.path, change.kind, change.after) for change in found] == [
        ("PlanDefinition.action[0]", "added", fresh)
    ]


def test_a_removed_and_a_moved_action_are_told() -> None:
    one, two, three = ({"id": name, "title": name} for name in ("a", "b", "c"))
    before = plan(action=[one, two, three])
    assert said(before, plan(action=[one, three])) == [("PlanDefinition.action[1]", "removed", two, None)]
    assert said(before, plan(action=[two, one, three])) == [
        ("PlanDefinition.action", "changed", ["a", "b", "c"], ["b", "a", "c"])
    ]


def test_a_number_is_compared_as_it_stands() -> None:
    action = plan()["action"][0]
    longer = action | {"timingDuration": action["timingDuration"] | {"value": 6}}
    assert said(plan(), plan(action=[longer])) == [("PlanDefinition.action[0].timingDuration.value", "changed", 4, 6)]


@pytest.mark.parametrize("kind", ["added", "removed"])
def test_an_artefact_that_is_new_or_gone_is_one_change(kind: str) -> None:
    first, second = (None, plan()) if kind == "added" else (plan(), None)
    (change,) = artifact_diff(first, second)
    assert (change.path, change.kind) == ("PlanDefinition", kind)


def test_a_set_pairs_its_artefacts_by_url_and_pins_are_no_change() -> None:
    before, after = a_set(), a_set("1.1.0")
    assert set_diff(before, after) == []
    after[1] = after[1] | {"title": "Autre"}
    ((artefact, changes),) = set_diff(before, after)
    assert artefact["version"] == "1.1.0" and [change.element for change in changes] == ["title"]
