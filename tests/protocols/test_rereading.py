"""Translations left behind: found, shown, confirmed by name, and never released in silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.access.actor import SYSTEM
from app.errors import Conflict, Invalid
from app.fhir.resource import Resource
from app.fhir.translation import translated
from protocols import drafting, lifecycle, publishing, rereading
from protocols.rereading import stale
from protocols.translating import confirmed_in, to_reread
from tests.protocols.scenes import APPROVER, EDITOR, NEXT, PLAN, SET, a_set
from tests.protocols.test_operations import call

Acting = Callable[..., Any]
STEP = "PlanDefinition/migraine-treatment-1.1.0#action[0].description"


def described(plan: Resource, fr: str | None = None, ar: str | None = None) -> Resource:
    """The plan whose step is described in other words."""
    step = plan["action"][0]
    step = step | ({"description": fr} if fr is not None else {})
    return plan | {"action": [translated(step, "description", {"ar": ar}) if ar is not None else step]}


def rewrite(acting: Acting, fr: str | None = None, ar: str | None = None, **how: Any) -> None:
    with acting(EDITOR) as repo:
        drafting.edit(repo, NEXT, described(repo.canonical(f"{PLAN}|1.1.0"), fr, ar), **how)


def left(acting: Acting) -> list[tuple[str, str]]:
    with acting(SYSTEM) as repo:
        return [(one.name, one.behind) for one in to_reread(repo, repo.read(NEXT))]


@pytest.mark.parametrize(
    ("saves", "expected"),
    [
        ([], []),
        ([("Se reposer.", None)], [(STEP, "ar")]),
        ([(None, "الراحة.")], [(STEP, "fr")]),
        ([("Se reposer.", "الراحة.")], []),
        ([("Se reposer.", None), (None, "الراحة.")], []),
        ([(None, "الراحة."), ("Se reposer.", None)], []),
        ([("Se reposer.", "الراحة."), ("S’allonger.", None)], [(STEP, "ar")]),  # both differ from the version in force
        ([("Se reposer.", "الراحة."), (None, "الاستلقاء.")], [(STEP, "fr")]),
        ([("Se reposer.", None), ("Se reposer dans le noir.", None)], []),  # taken back
        ([("Se  reposer dans le noir. ", None)], []),  # nothing but spaces
    ],
)
def test_a_text_that_changed_in_one_language_alone_is_to_be_reread(
    acting: Acting, brought_to: Any, saves: list[tuple[str | None, str | None]], expected: list[tuple[str, str]]
) -> None:
    brought_to("draft")
    for fr, ar in saves:
        rewrite(acting, fr, ar)
    assert left(acting) == expected


def test_a_step_that_is_put_before_does_not_hide_a_translation_left_behind() -> None:
    plan = a_set()[1]
    first = plan["action"][0] | {"id": "step-0"}
    moved = described(plan, "Se reposer.")
    moved = moved | {"action": [first, *moved["action"]]}
    (one,) = stale(plan, [moved])
    assert (one.expression, one.behind, one.agreed) == (
        "PlanDefinition.action[1].description",
        "ar",
        ("Se reposer dans le noir.", "الراحة في الظلام."),
    )


def test_an_uploaded_file_is_held_against_the_version_in_force(acting: Acting, brought_to: Any) -> None:
    brought_to("draft")
    with acting(EDITOR) as repo:
        drafting.replace(repo, NEXT, described(a_set("9.0.0")[1], "Du fichier."))
    assert left(acting) == [(STEP, "ar")]


def test_what_the_author_confirms_is_on_record_and_holds_for_those_words_alone(acting: Acting, brought_to: Any) -> None:
    brought_to("draft")
    rewrite(acting, "Se reposer.")
    rewrite(acting, holds=[STEP])
    assert left(acting) == []
    with acting(SYSTEM) as repo:
        ((artefact, said),) = confirmed_in(repo, repo.read(NEXT))
        assert artefact["url"] == PLAN and said.place == "PlanDefinition.action[0].description"
        assert (said.by, said.day) == (EDITOR.name, repo.today.isoformat())
    rewrite(acting, "S’allonger.")
    assert left(acting) == [(STEP, "ar")]


def test_nobody_approves_over_a_translation_left_behind_but_by_name(acting: Acting, brought_to: Any) -> None:
    brought_to("draft")
    rewrite(acting, "Se reposer.")
    with acting(EDITOR) as repo:
        publishing.submit(repo, NEXT)
    for holds in ([], ["PlanDefinition/migraine-treatment-1.1.0#title"]):
        with pytest.raises(Invalid) as refused, acting(APPROVER) as repo:
            publishing.approve(repo, NEXT, holds=holds)
        assert [str(issue) for issue in refused.value.issues] == [
            f"{STEP}: the French text has changed and the Arabic has not: read it again"
        ]
    with acting(APPROVER) as repo:
        publishing.approve(repo, NEXT, holds=[STEP])
        assert [said.by for _, said in confirmed_in(repo, repo.read(NEXT))] == [APPROVER.name]
        assert APPROVER.key not in lifecycle.authors(repo.canonical(f"{PLAN}|1.1.0"))
    with acting(APPROVER) as repo:
        publishing.release(repo, NEXT)
    with acting(SYSTEM) as repo:  # the record stays with the released version, and is not copied into the next
        assert [said.by for _, said in confirmed_in(repo, repo.read(NEXT))] == [APPROVER.name]
    with acting(EDITOR) as repo:
        made = drafting.draft(repo, NEXT)
        assert confirmed_in(repo, made) == [] and to_reread(repo, made) == []


def test_a_release_looks_once_more(acting: Acting, brought_to: Any) -> None:
    """An approval given before, or through another door, does not let a translation slip into force."""
    brought_to("draft")
    rewrite(acting, "Se reposer.")
    with acting(EDITOR) as repo:
        publishing.submit(repo, NEXT)
    with acting(SYSTEM) as repo:
        held = [repo.read(NEXT), repo.canonical(f"{PLAN}|1.1.0")]
        for one in held:
            repo.update(lifecycle.written(one, lifecycle.APPROVED))
    with pytest.raises(Invalid, match="re-read"), acting(APPROVER) as repo:
        publishing.release(repo, NEXT)
    with acting(SYSTEM) as repo:
        assert lifecycle.state(repo.read(SET)) == "released"


def test_over_fhir_a_translation_is_confirmed_by_the_name_that_the_refusal_gave(
    acting: Acting, brought_to: Any
) -> None:
    brought_to("draft")
    rewrite(acting, None, "الراحة.")
    call(acting, EDITOR, "submit", NEXT)
    with pytest.raises(Invalid) as refused:
        call(acting, APPROVER, "approve", NEXT)
    name = refused.value.issues[0].values["path"]
    call(acting, APPROVER, "approve", NEXT, translationHolds=name)
    assert left(acting) == []


def test_a_plain_update_does_not_confirm_in_the_name_of_another(acting: Acting, brought_to: Any) -> None:
    brought_to("draft")
    rewrite(acting, "Se reposer.")
    with acting(SYSTEM) as repo:
        found = to_reread(repo, repo.read(NEXT))
    forged = rereading.confirming(found, actor=APPROVER, day="2026-01-01")
    with pytest.raises(Conflict, match="name of another"), acting(EDITOR) as repo:
        repo.update(lifecycle.written(repo.canonical(f"{PLAN}|1.1.0"), lifecycle.DRAFT, more=forged))


def test_a_version_withdrawn_and_begun_again_remembers_nothing_of_the_first(acting: Acting, brought_to: Any) -> None:
    brought_to("draft")
    rewrite(acting, "Se reposer.", "الراحة.")
    with acting(EDITOR) as repo:
        publishing.withdraw(repo, NEXT)
    with acting(EDITOR) as repo:
        drafting.draft(repo, SET)
    rewrite(acting, "Se reposer.")
    assert left(acting) == [(STEP, "ar")]


def test_a_confirmed_version_is_valid_fhir(acting: Acting, brought_to: Any) -> None:
    from app.fhir.validation import validate

    brought_to("draft")
    rewrite(acting, "Se reposer.", holds=[STEP])
    with acting(SYSTEM) as repo:
        plan = repo.canonical(f"{PLAN}|1.1.0")
    assert rereading.confirmations(plan) and not validate(plan)
