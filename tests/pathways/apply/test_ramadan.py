"""Expressions see when Ramadan is, as it is estimated or as the administration has announced it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathways.calendar import OVERRIDES, Calendar, calendar_from, ramadan_of
from tests.pathways.apply.domain import a_plan, an_action, an_activity, on, run, uses, when

VISIT = an_activity("visit", "Task")


def at(day: str) -> datetime:
    return datetime.combine(on(day), datetime.min.time(), UTC) + timedelta(hours=9)


@pytest.mark.parametrize(
    ("day", "now", "start", "after"),
    [
        ("2027-02-07", False, "2027-02-08", "2027-02-08"),
        ("2027-02-08", True, "2027-02-08", "2028-01-28"),
        ("2027-03-08", True, "2027-02-08", "2028-01-28"),
        ("2027-03-09", False, "2028-01-28", "2028-01-28"),
        ("2030-02-04", False, "2030-12-26", "2030-12-26"),
    ],
)
def test_the_fast_that_runs_or_comes_and_the_one_after(day: str, now: bool, start: str, after: str) -> None:
    plan = a_plan(
        an_action("Fasting", **when("%ramadan.start <= today() and today() <= %ramadan.end")),
        an_action("First day", **when(f"%ramadan.start.toDate() = @{start}")),
        an_action("Next", **when(f"%nextRamadan.start = @{after} and %nextRamadan.start > today()")),
    )
    assert [one.taken == "taken" for one in run(plan, now=at(day)).actions] == [now, True, True]


def test_a_visit_before_ramadan_is_due_by_the_calendar() -> None:
    timing = {
        "path": "timingPeriod.start",
        "expression": {"language": "text/fhirpath", "expression": "%ramadan.start.toDate() - 8 weeks"},
    }
    plan = a_plan(an_action("Visit", **uses(VISIT), dynamicValue=[timing]))
    applied = run(plan, now=at("2026-11-02"), definitions=[VISIT])
    assert applied.actions[0].due.earliest == on("2026-12-14")


def test_the_announced_day_wins_over_the_estimate() -> None:
    table = {
        "url": OVERRIDES,
        "concept": [
            {"code": "2027-02-09", "property": [{"code": "ramadan", "valueCode": "first"}]},
            {"code": "2027-03-09", "property": [{"code": "ramadan", "valueCode": "last"}]},
        ],
    }
    calendar = calendar_from(table)
    assert calendar.next_ramadan(on("2026-11-01")) == (on("2027-02-09"), on("2027-03-09"))
    assert calendar.ramadan(on("2027-02-08")) is None and calendar.ramadan(on("2027-03-09")) is not None
    assert calendar.next_ramadan(on("2027-04-01")) == ramadan_of(1449)
    assert calendar.works(on("2027-02-09")), "a day of the fast is no closed day"
    plan = a_plan(an_action("First day", **when("%ramadan.start = @2027-02-09")))
    assert run(plan, now=at("2026-11-02"), calendar=calendar).actions[0].taken == "taken"


@given(st.dates(on("2020-01-01"), on("2060-01-01")))
def test_law_the_fast_found_has_not_ended_and_is_the_first_such(day: object) -> None:
    first, last = Calendar().next_ramadan(day)  # type: ignore[arg-type]
    assert day <= last and (last - first).days in (28, 29)
    before = Calendar().next_ramadan(first - timedelta(days=40))
    assert before == (first, last) or before[1] < day
