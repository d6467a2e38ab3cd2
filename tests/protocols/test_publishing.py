"""The life of a set in the store: through the use cases, through a plain update, with two people at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.access.actor import SYSTEM
from app.errors import Conflict, Forbidden, Invalid, Issue, NotFound, PreconditionFailed
from app.fhir.translation import translated
from protocols import drafting, lifecycle, publishing
from protocols.collection import parts, versions
from tests.protocols.scenes import APPROVER, BOTH, EDITOR, NEXT, NURSE, OTHER_EDITOR, PLAN, SET, URL, a_set

Acting = Callable[..., Any]


def states(acting: Acting, reference: str) -> set[str]:
    with acting(SYSTEM) as repo:
        library = repo.read(reference)
        return {lifecycle.state(one) for one in [library, *parts(repo, library)]}


def test_the_whole_road(acting: Acting, brought_to: Any) -> None:
    brought_to("draft")
    assert states(acting, NEXT) == {"draft"} and states(acting, SET) == {"released"}
    with acting(EDITOR) as repo:
        publishing.submit(repo, NEXT, comment="prêt")
    assert states(acting, NEXT) == {"in-review"}
    with acting(APPROVER) as repo:
        publishing.approve(repo, NEXT)
        assert lifecycle.note(repo.read(NEXT), "approved-by") == APPROVER.name
    assert states(acting, NEXT) == {"approved"}
    with acting(APPROVER) as repo:
        publishing.release(repo, NEXT)
    assert states(acting, NEXT) == {"released"} and states(acting, SET) == {"retired"}
    with acting(NURSE) as repo:
        assert repo.canonical(PLAN)["version"] == "1.1.0"
        assert repo.read(SET)["effectivePeriod"]["end"] == repo.today.isoformat()
        assert repo.read(NEXT)["effectivePeriod"]["start"] == repo.today.isoformat()
    with acting(APPROVER) as repo:
        publishing.retire(repo, NEXT)
    assert states(acting, NEXT) == {"retired"}


def test_release_and_the_retirement_of_the_predecessor_stand_or_fall_together(acting: Acting, brought_to: Any) -> None:
    brought_to("approved")

    def released_and_broken() -> None:
        with acting(APPROVER) as repo:
            publishing.release(repo, NEXT)
            assert lifecycle.state(repo.read(SET)) == "retired"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        released_and_broken()
    assert states(acting, SET) == {"released"} and states(acting, NEXT) == {"approved"}


def test_nobody_approves_or_releases_what_they_wrote(acting: Acting) -> None:
    with acting(BOTH) as repo:
        drafting.draft(repo, SET)
        publishing.submit(repo, NEXT)
    with pytest.raises(Forbidden), acting(BOTH) as repo:
        publishing.approve(repo, NEXT)
    with acting(APPROVER) as repo:
        publishing.approve(repo, NEXT)
    with pytest.raises(Forbidden), acting(BOTH) as repo:
        publishing.release(repo, NEXT)
    assert states(acting, NEXT) == {"approved"}


def test_an_approver_who_edited_one_artefact_is_an_author_of_the_set(acting: Acting, brought_to: Any) -> None:
    brought_to("draft")
    with acting(BOTH) as repo:
        plan = repo.canonical(f"{PLAN}|1.1.0")
        drafting.edit(repo, NEXT, plan | {"title": "Soigner la migraine"})
    with acting(EDITOR) as repo:
        publishing.submit(repo, NEXT)
    with pytest.raises(Forbidden), acting(BOTH) as repo:
        publishing.approve(repo, NEXT)


@pytest.mark.parametrize("state", ["draft", "in-review", "approved", "released", "retired"])
@pytest.mark.parametrize("actor", [EDITOR, APPROVER, BOTH, NURSE], ids=lambda actor: actor.key)
def test_a_plain_update_to_active_is_refused(acting: Acting, brought_to: Any, state: str, actor: Any) -> None:
    reference = brought_to(state)
    with acting(SYSTEM) as repo:
        library = repo.read(reference)
        held = [library, *parts(repo, library)]
    for one in held:
        if one["status"] == "active":
            continue
        with pytest.raises((Conflict, Forbidden)), acting(actor) as repo:
            repo.update(one | {"status": "active"})
        with pytest.raises((Conflict, Forbidden)), acting(actor) as repo:
            repo.update(lifecycle.written(one, "released"))
    assert states(acting, reference) == {state}


def test_a_released_version_is_neither_changed_nor_deleted(acting: Acting) -> None:
    for actor in (EDITOR, APPROVER, BOTH):
        with pytest.raises((Conflict, Forbidden)), acting(actor) as repo:
            repo.update(repo.read(SET) | {"title": "x"})
        with pytest.raises((Conflict, Forbidden)), acting(actor) as repo:
            repo.delete(SET)
    with pytest.raises(Conflict), acting(EDITOR) as repo:
        drafting.edit(repo, SET, repo.read(SET) | {"title": "x"})


def test_a_future_day_plans_the_release_and_the_day_brings_it(acting: Acting, brought_to: Any) -> None:
    brought_to("approved")
    day = clock.today() + timedelta(days=10)
    with acting(APPROVER) as repo:
        publishing.release(repo, NEXT, effective=day)
    assert states(acting, NEXT) == {"approved"} and states(acting, SET) == {"released"}
    with acting(SYSTEM) as repo:
        assert publishing.release_due(repo) == []
    with clock.frozen(clock.now() + timedelta(days=10)), acting(SYSTEM) as repo:
        assert [library["id"] for library in publishing.release_due(repo)] == ["migraine-protocol-1.1.0"]
    assert states(acting, NEXT) == {"released"} and states(acting, SET) == {"retired"}
    with acting(NURSE) as repo:
        assert repo.read(NEXT)["effectivePeriod"]["start"] == day.isoformat()
        assert lifecycle.note(repo.read(NEXT), "released-by") == APPROVER.name


def test_a_day_in_the_past_is_refused(acting: Acting, brought_to: Any) -> None:
    brought_to("approved")
    with pytest.raises(Invalid, match="past"), acting(APPROVER) as repo:
        publishing.release(repo, NEXT, effective=repo.today - timedelta(days=1))


def test_reopening_takes_the_planned_day_away(acting: Acting, brought_to: Any) -> None:
    brought_to("approved")
    with acting(APPROVER) as repo:
        publishing.release(repo, NEXT, effective=repo.today + timedelta(days=3))
        publishing.reopen(repo, NEXT, comment="une erreur de dose")
    with acting(SYSTEM) as repo:
        held = [repo.read(NEXT), repo.canonical(f"{PLAN}|1.1.0")]
    assert not any("effectivePeriod" in one or "approvalDate" in one for one in held)
    assert states(acting, NEXT) == {"draft"}


def test_sending_back_needs_a_reason_and_a_review(acting: Acting, brought_to: Any) -> None:
    brought_to("draft")
    with pytest.raises(Conflict), acting(APPROVER) as repo:
        publishing.send_back(repo, NEXT, comment="x")
    with acting(EDITOR) as repo:
        publishing.submit(repo, NEXT)
    with pytest.raises(Invalid), acting(APPROVER) as repo:
        publishing.send_back(repo, NEXT, comment=" ")
    with acting(APPROVER) as repo:
        publishing.send_back(repo, NEXT, comment="préciser la dose")
        assert lifecycle.note(repo.read(NEXT), "comment") == "préciser la dose"
    assert states(acting, NEXT) == {"draft"}


def test_withdrawing_takes_the_draft_and_all_its_artefacts(acting: Acting, brought_to: Any) -> None:
    brought_to("draft")
    with acting(EDITOR) as repo:
        publishing.withdraw(repo, NEXT)
    with acting(SYSTEM) as repo:
        assert [library["version"] for library in versions(repo, URL)] == ["1.0.0"]
        with pytest.raises(NotFound):
            repo.canonical(f"{PLAN}|1.1.0")
    with acting(EDITOR) as repo:  # and the number is free again
        drafting.draft(repo, SET)
    assert states(acting, NEXT) == {"draft"}


def test_what_is_in_review_is_not_withdrawn(acting: Acting, brought_to: Any) -> None:
    brought_to("in-review")
    with pytest.raises(Conflict), acting(EDITOR) as repo:
        publishing.withdraw(repo, NEXT)


def test_one_draft_at_a_time_and_numbers_go_up(acting: Acting, brought_to: Any) -> None:
    brought_to("draft")
    for number in ("1.1.0", "1.2.0", "0.9.0", "1.0.0"):
        with pytest.raises(Conflict), acting(OTHER_EDITOR) as repo:
            drafting.draft(repo, SET, number)
    with pytest.raises(Invalid), acting(OTHER_EDITOR) as repo:
        drafting.draft(repo, SET, "deux")


def test_a_missing_arabic_text_keeps_a_draft_from_review(acting: Acting, brought_to: Any) -> None:
    brought_to("draft")
    with acting(EDITOR) as repo:
        plan = repo.canonical(f"{PLAN}|1.1.0")
        action = translated(plan["action"][0], "title", {"ar": ""})
        drafting.edit(repo, NEXT, plan | {"action": [action]})
    with pytest.raises(Invalid) as refused, acting(EDITOR) as repo:
        publishing.submit(repo, NEXT)
    assert [issue.expression for issue in refused.value.issues] == ["PlanDefinition.action[0].title"]
    assert states(acting, NEXT) == {"draft"}


def test_a_check_of_a_feature_keeps_a_version_from_release(acting: Acting, brought_to: Any) -> None:
    brought_to("approved")

    def never(resources: Any, definitions: Any) -> list[Issue]:
        assert len(resources) == 3 and definitions(PLAN)["version"] == "1.0.0"
        return [Issue("the condition names what does not exist", expression="PlanDefinition.action[0]")]

    with pytest.raises(Invalid) as refused, acting(APPROVER) as repo:
        publishing.release(repo, NEXT, checks=[never])
    assert len(refused.value.issues) == 1 and states(acting, SET) == {"released"}


def test_of_two_people_at_once_the_second_is_told(acting: Acting, brought_to: Any) -> None:
    brought_to("in-review")
    with acting(SYSTEM) as repo:
        seen = int(repo.read(NEXT)["meta"]["versionId"])
    with acting(APPROVER) as repo:
        publishing.send_back(repo, NEXT, comment="non", seen=seen)
    with acting(EDITOR) as repo:
        publishing.submit(repo, NEXT)
    with pytest.raises(PreconditionFailed), acting(APPROVER) as repo:
        publishing.approve(repo, NEXT, seen=seen)
    assert states(acting, NEXT) == {"in-review"}


def test_of_two_editors_the_second_does_not_overwrite_the_first(acting: Acting, brought_to: Any) -> None:
    brought_to("draft")
    with acting(SYSTEM) as repo:
        plan = repo.canonical(f"{PLAN}|1.1.0")
    seen = int(plan["meta"]["versionId"])
    with acting(EDITOR) as repo:
        drafting.edit(repo, NEXT, plan | {"title": "Un"}, seen=seen)
    with pytest.raises(PreconditionFailed), acting(OTHER_EDITOR) as repo:
        drafting.edit(repo, NEXT, plan | {"title": "Deux"}, seen=seen)
    with acting(SYSTEM) as repo:
        assert repo.canonical(f"{PLAN}|1.1.0")["title"] == "Un"


def test_an_edit_is_valid_fhir_and_keeps_what_the_set_pins(acting: Acting, brought_to: Any) -> None:
    brought_to("draft")
    with acting(SYSTEM) as repo:
        plan = repo.canonical(f"{PLAN}|1.1.0")
    with pytest.raises(Invalid) as refused, acting(EDITOR) as repo:
        drafting.edit(repo, NEXT, plan | {"action": [plan["action"][0] | {"priority": "soon"}]})
    assert "PlanDefinition.action[0].priority" in str(refused.value.issues[0].expression)
    for change in ({"version": "2.0.0"}, {"url": f"{PLAN}-2"}):
        with pytest.raises(Conflict), acting(EDITOR) as repo:
            drafting.edit(repo, NEXT, plan | change)
    with pytest.raises(Conflict), acting(EDITOR) as repo:
        drafting.edit(repo, NEXT, a_set()[1])


def test_an_upload_replaces_or_joins(acting: Acting, brought_to: Any) -> None:
    brought_to("draft")
    plan = a_set("7.0.0")[1] | {"title": "Du fichier"}
    fresh = a_set()[0] | {"id": "x", "url": f"{PLAN.rsplit('/', 2)[0]}/ActivityDefinition/drink-water"}
    with acting(EDITOR) as repo:
        stored = drafting.replace(repo, NEXT, plan)
        assert (stored["version"], stored["title"], stored["status"]) == ("1.1.0", "Du fichier", "draft")
        drafting.replace(repo, NEXT, fresh)
        assert len(parts(repo, repo.read(NEXT))) == 3
    with pytest.raises(Invalid), acting(EDITOR) as repo:
        drafting.replace(repo, NEXT, {"resourceType": "Patient"})
    assert states(acting, NEXT) == {"draft"}
