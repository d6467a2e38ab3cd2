"""The table of moves: every row is allowed, everything that is not a row is refused by name."""

from __future__ import annotations

import itertools

import pytest

from app.errors import Conflict
from app.fhir.resource import concept
from pathways.referral import moves
from pathways.referral.deadlines import STEP, limits
from pathways.vocabulary import REFERRAL_STATUS

STATES = sorted({move.before for move in moves.moves()} | {move.after for move in moves.moves()})
EVENTS = sorted({move.event for move in moves.moves()})
ROWS: dict[tuple[tuple[str, str], str, str], moves.Move] = {}
for row in moves.moves():  # two events lead to a finer and to a coarser state: the first row, the finer one, is made
    ROWS.setdefault((row.before, row.event, row.actor), row)


def task_in(state: tuple[str, str]) -> dict[str, object]:
    status, business = state
    return {"resourceType": "Task", "status": status} | (
        {"businessStatus": concept(REFERRAL_STATUS, business)} if business else {}
    )


def test_the_table_has_the_34_harmonised_transitions() -> None:
    assert [move.id for move in moves.moves()] == [f"{number:02d}" for number in range(1, 35)]


@pytest.mark.parametrize("actor", [moves.INITIATOR, moves.RECIPIENT])
def test_a_move_is_possible_exactly_where_the_table_says(actor: str) -> None:
    for state, event in itertools.product(STATES, EVENTS):
        expected = ROWS.get((state, event, actor))
        if expected is not None:
            after = moves.made(task_in(state), moves.find(task_in(state), event, actor))
            assert moves.state(after) == expected.after
            continue
        with pytest.raises(Conflict) as refused:
            moves.find(task_in(state), event, actor)
        assert event in refused.value.message


def test_every_state_has_words_and_every_awaited_step_a_limit() -> None:
    assert {business for _, business in STATES} <= set(moves.STATES)
    assert all(step in steps for steps in limits().values() for step in STEP.values())


def test_what_has_ended_allows_no_move() -> None:
    for state in (("rejected", "4.0"), ("cancelled", "6.0"), ("completed", "7.0")):
        assert moves.possible(task_in(state)) == []
