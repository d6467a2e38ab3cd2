"""The table of Moves, pair by pair, through the pure judge and through a plain update of the repository."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from app.errors import Conflict, Forbidden
from protocols import lifecycle
from protocols.lifecycle import ABSENT, APPROVED, DRAFT, IN_REVIEW, MOVES, RELEASED, RETIRED, Move
from tests.protocols.scenes import APPROVER, BOTH, EDITOR, NURSE, OTHER_EDITOR, PLAN, a_set, person

STATES = (ABSENT, DRAFT, IN_REVIEW, APPROVED, RELEASED, RETIRED)
ALLOWED = {(move.before, move.after): move for move in MOVES}
EVERYTHING = person("everything", "ministry-editor", "ministry-approver")


def plan_in(state: str, *, authors: tuple[str, ...] = ("account:somebody",)) -> dict[str, Any] | None:
    if state == ABSENT:
        return None
    plan = a_set()[1]
    for author in authors:
        plan = lifecycle.written(plan, state, author=author)
    return plan


@pytest.mark.parametrize(("before", "after"), list(itertools.product(STATES, STATES)))
def test_only_the_moves_of_the_table_are_allowed(before: str, after: str) -> None:
    if (before, after) in ALLOWED:
        move = lifecycle.allowed(EVERYTHING, plan_in(before), plan_in(after))
        assert (move.before, move.after) == (before, after)
    else:
        with pytest.raises(Conflict):
            lifecycle.allowed(EVERYTHING, plan_in(before), plan_in(after))


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.name)
def test_each_move_needs_its_grant(move: Move) -> None:
    without = person("x")
    assert not without.may(move.grant)
    with pytest.raises(Forbidden):
        lifecycle.allowed(without, plan_in(move.before), plan_in(move.after))


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.name)
def test_four_eyes(move: Move) -> None:
    own = plan_in(move.before, authors=("account:somebody", BOTH.key))
    after = plan_in(move.after, authors=("account:somebody", BOTH.key))
    if move.others_only:
        with pytest.raises(Forbidden, match="another approver"):
            lifecycle.allowed(BOTH, own, after)
    else:
        assert lifecycle.allowed(BOTH, own, after) == move


@pytest.mark.parametrize("state", [IN_REVIEW, APPROVED, RELEASED, RETIRED])
def test_the_work_itself_changes_only_in_a_draft(state: str) -> None:
    before = plan_in(state)
    assert before is not None
    for after_state in (IN_REVIEW, APPROVED, RELEASED, RETIRED):
        after = lifecycle.written(before | {"title": "Autre chose"}, after_state)
        with pytest.raises(Conflict):
            lifecycle.allowed(EVERYTHING, before, after)


def test_a_move_does_not_change_the_number_of_a_version() -> None:
    before = plan_in(DRAFT)
    assert before is not None
    with pytest.raises(Conflict, match="number"):
        lifecycle.allowed(EVERYTHING, before, before | {"version": "9.0.0"})


@pytest.mark.parametrize(("before", "after"), list(itertools.product(STATES, STATES)))
@pytest.mark.parametrize("actor", [EDITOR, APPROVER, BOTH, NURSE], ids=lambda actor: actor.key)
def test_a_plain_update_of_one_part_drafts_or_edits_and_nothing_else(before: str, after: str, actor: Any) -> None:
    """Whatever the pair, no part changes its state by itself, through whichever door."""

    class Door:
        def __init__(self) -> None:
            self.actor = actor

        def first(self, query: str) -> None:
            assert query == f"PlanDefinition?url={PLAN}&version=1.0.0"

    one, other = plan_in(before, authors=(actor.key,)), plan_in(after, authors=(actor.key,))
    if (before, after) in ((ABSENT, DRAFT), (DRAFT, DRAFT)) and actor.may("protocol:write"):
        lifecycle.guard(Door(), one, other)
    else:
        with pytest.raises((Conflict, Forbidden)):
            lifecycle.guard(Door(), one, other)


def test_the_authors_of_a_draft_stay_and_whoever_writes_is_among_them() -> None:
    class Door:
        actor = EDITOR

    mine, others = plan_in(DRAFT, authors=(EDITOR.key, OTHER_EDITOR.key)), plan_in(DRAFT, authors=(EDITOR.key,))
    with pytest.raises(Conflict, match="taken away"):
        lifecycle.guard(Door(), mine, others)
    with pytest.raises(Conflict, match="names its authors"):
        lifecycle.guard(Door(), None, plan_in(DRAFT, authors=(OTHER_EDITOR.key,)))


def test_notes_and_authors_survive_every_move() -> None:
    plan = plan_in(DRAFT, authors=("account:a", "account:b"))
    assert plan is not None
    for state in (IN_REVIEW, APPROVED, RELEASED, RETIRED):
        plan = lifecycle.written(plan, state, **{f"{state.replace('-', '_')}_by": "Somebody"})
        assert lifecycle.state(plan) == state
    assert lifecycle.authors(plan) == ["account:a", "account:b"]
    assert lifecycle.note(plan, "approved-by") == "Somebody"
