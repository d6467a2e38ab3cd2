"""The states of the steps of a stage: a table of moves, read from the record; a step skipped with a reason."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from app.errors import Conflict, Forbidden, Invalid
from pathways import enrolment, steps
from pathways.enrolment import Enrolment
from pathways.progression import evaluate
from pathways.steps import DONE, DUE, MOVES, NOT_APPLICABLE, NOT_STARTED, SKIPPED, STATES, STOPPED, Step
from tests.pathways.clinic import Clinic, decided, enrolled, measured, seen


def now(clinic: Clinic, held: Enrolment) -> dict[str, Step]:
    with clinic.open(clinic.physician) as repo:
        record = repo.record_of(held.patient.split("/")[1])
        there = enrolment.of_episode(repo, repo.read(f"EpisodeOfCare/{held.episode['id']}"))
        standing = evaluate(repo, there, language="fr", record=record)
        return {step.outcome.id: step for step in steps.steps(standing, record)}


def skipped(clinic: Clinic, held: Enrolment, step: Step, key: str = "skip", **more: Any) -> Any:
    with clinic.open(more.get("actor", clinic.nurse)) as repo:
        return steps.skip(repo, held, step, reason=more.get("reason", "réactif en rupture"), form_key=key)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("event", sorted({row.event for row in MOVES}))
def test_what_is_not_in_the_table_is_refused(event: str, state: str) -> None:
    row = next((one for one in MOVES if one.event == event and state in one.before), None)
    if row is None:
        with pytest.raises(Conflict, match=state):
            steps.move(event, state)
    else:
        assert steps.move(event, state) is row
        assert row.after in STATES


def test_a_state_is_reached_by_rows_of_the_table_alone() -> None:
    for events in product(sorted({row.event for row in MOVES}), repeat=4):
        state = NOT_STARTED
        for count, event in enumerate(events, 1):
            allowed = {row.after for row in MOVES if row.event == event and state in row.before} or {state}
            after = steps.played(events[:count])
            assert after in allowed, (events[:count], state, after)
            state = after


def test_every_state_can_be_reached_and_only_the_end_is_one() -> None:
    reached = {row.after for row in MOVES} | {NOT_STARTED}
    assert reached == set(STATES)
    assert {state for state in STATES if not any(state in row.before for row in MOVES)} == {STOPPED}


def test_what_no_longer_applies_but_was_asked_for_stays_due(clinic: Clinic) -> None:
    held = enrolled(clinic)
    visit, standing = seen(clinic, held, "visit-1", measured(166, 104))
    before = now(clinic, held)
    assert before["after-potassium"].state == NOT_APPLICABLE and "baseline" not in before, "members, not groups"
    decided(clinic, visit, standing, "step-1")
    clinic.later(days=28)
    quantity = {"value": 9, "unit": "mg/L", "system": "http://unitsofmeasure.org", "code": "mg/L"}
    seen(clinic, held, "visit-2", measured(150, 94, creatinine=[{"valueQuantity": quantity}]))
    after = now(clinic, held)
    assert after["baseline-ecg"].outcome.taken == "not-taken", "the whole group is ruled out"
    assert after["baseline-ecg"].state == DUE and after["baseline-creatinine"].state == DONE


def test_overdue_is_told_when_it_is_read(clinic: Clinic) -> None:
    held = enrolled(clinic)
    visit, standing = seen(clinic, held, "visit-1", measured(166, 104))
    decided(clinic, visit, standing, "step-1")
    before = now(clinic, held)["monthly"]
    assert before.due is not None and not before.overdue(before.due)
    clinic.later(days=60)
    after = now(clinic, held)["monthly"]
    assert after.state == DUE and after.due == before.due, "nothing has run in the night"
    assert after.request == before.request and after.overdue(clinic.now.date())


def test_done_stays_done_when_the_pathway_ends(clinic: Clinic) -> None:
    held = enrolled(clinic)
    visit, standing = seen(clinic, held, "visit-1", measured(166, 104))
    decided(clinic, visit, standing, "step-1")
    clinic.later(days=1)
    with clinic.open(clinic.physician) as repo:
        repo.create({"resourceType": "Observation", "status": "final", "subject": {"reference": held.patient},
                     "code": {"coding": [{"system": "http://loinc.org", "code": "2951-2"}]},
                     "effectiveDateTime": "2026-09-08"})  # fmt: skip
        enrolment.end(repo, held, reason="moved")
    after = now(clinic, held)
    assert after["baseline-sodium"].state == DONE and after["baseline-potassium"].state == STOPPED


def test_asked_for_then_done(clinic: Clinic) -> None:
    held = enrolled(clinic)
    visit, standing = seen(clinic, held, "visit-1", measured(166, 104))
    assert now(clinic, held)["baseline-creatinine"].state == NOT_STARTED
    decided(clinic, visit, standing, "step-1")
    creatinine, later = (now(clinic, held)[name] for name in ("baseline-creatinine", "monthly"))
    assert creatinine.state == DUE and later.state == DUE
    assert later.due is not None and later.due.isoformat() == "2026-10-05"
    assert not later.overdue(later.due) and later.overdue(later.due.replace(day=6)), "computed when it is read"

    clinic.later(days=28)
    quantity = {"value": 9, "unit": "mg/L", "system": "http://unitsofmeasure.org", "code": "mg/L"}
    seen(clinic, held, "visit-2", measured(150, 94, creatinine=[{"valueQuantity": quantity}]))
    after = now(clinic, held)
    assert after["monthly"].state == NOT_STARTED, "the next visit has no date before it is decided on"
    assert "baseline-creatinine" not in after or after["baseline-creatinine"].state in (DONE, NOT_STARTED)


def test_skipped_with_a_reason_until_the_patient_comes_again(clinic: Clinic) -> None:
    held = enrolled(clinic)
    visit, standing = seen(clinic, held, "visit-1", measured(166, 104))
    decided(clinic, visit, standing, "step-1")
    step = now(clinic, held)["baseline-creatinine"]
    with pytest.raises(Invalid):
        skipped(clinic, held, step, reason="  ")
    visitor = replace(clinic.nurse, grants=frozenset({"patient:read"}))
    with pytest.raises(Forbidden):
        skipped(clinic, held, step, key="other", actor=visitor)
    task = skipped(clinic, held, step)
    assert skipped(clinic, held, step)["id"] == task["id"], "the same form twice skips once"
    assert (task["status"], task["statusReason"]["text"]) == ("cancelled", "réactif en rupture")
    after = now(clinic, held)["baseline-creatinine"]
    assert (after.state, after.reason) == (SKIPPED, "réactif en rupture")
    with pytest.raises(Conflict):
        skipped(clinic, held, after, key="again")

    clinic.later(days=28)
    seen(clinic, held, "visit-2", measured(150, 94))
    again = now(clinic, held).get("baseline-creatinine")
    assert again is None or again.state in (NOT_STARTED, NOT_APPLICABLE)


def test_what_is_due_is_stopped_when_the_pathway_ends(clinic: Clinic) -> None:
    held = enrolled(clinic)
    visit, standing = seen(clinic, held, "visit-1", measured(166, 104))
    decided(clinic, visit, standing, "step-1")
    with clinic.open(clinic.physician) as repo:
        enrolment.end(repo, held, reason="moved")
    after = now(clinic, held)
    assert after["monthly"].state == STOPPED
    assert {step.state for step in after.values()} <= {STOPPED, NOT_APPLICABLE}
