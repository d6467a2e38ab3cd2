"""Due dates: counted from the visit, on working days of Morocco, except for what is urgent."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid
from pathways.apply import Due
from pathways.apply.timing import from_timing, related, working
from pathways.calendar import OVERRIDES, Calendar, calendar_from, ramadan_of
from tests.pathways.apply.domain import SD, a_patient, a_plan, an_action, an_activity, on, resources_of, run, uses

VISIT = an_activity("visit")
TUESDAY = on("2026-09-15")


def quantity(value: Any, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "code": unit, "system": "http://unitsofmeasure.org"}


def every(period: int, unit: str, start: str | None = None, end: str | None = None, **more: Any) -> dict[str, Any]:
    """A Timing that repeats, within bounds or without."""
    bounds = {name: day for name, day in (("start", start), ("end", end)) if day}
    repeat = {"frequency": 1, "period": period, "periodUnit": unit, **more}
    return {"timingTiming": {"repeat": repeat | ({"boundsPeriod": bounds} if bounds else {})}}


@pytest.mark.parametrize(
    ("timing", "expected"),
    [
        ({"timingDateTime": "2026-10-01"}, Due(on("2026-10-01"), on("2026-10-01"))),
        ({"timingPeriod": {"start": "2026-10-01", "end": "2026-10-09"}}, Due(on("2026-10-01"), on("2026-10-09"))),
        ({"timingDuration": quantity(4, "wk")}, Due(on("2026-10-13"), on("2026-10-13"))),
        ({"timingDuration": quantity(1, "mo")}, Due(on("2026-10-15"), on("2026-10-15"))),
        ({"timingDuration": quantity("0.5", "a")}, Due(on("2027-03-17"), on("2027-03-17"))),
        (
            {"timingRange": {"low": quantity(4, "wk"), "high": quantity(6, "wk")}},
            Due(on("2026-10-13"), on("2026-10-27")),
        ),
        ({"timingRange": {"high": quantity(4, "d")}}, Due(TUESDAY, on("2026-09-19"))),
        ({"timingAge": quantity(61, "a")}, Due(on("2027-03-01"), on("2027-03-01"))),
        ({"timingTiming": {"event": ["2026-09-01", "2026-11-02"]}}, Due(on("2026-11-02"), on("2026-11-02"))),
        ({"timingTiming": {"repeat": {"frequency": 1, "period": 3, "periodUnit": "mo"}}}, Due(*[on("2026-12-15")] * 2)),
        (
            {"timingTiming": {"repeat": {"frequency": 1, "period": 3, "periodMax": 6, "periodUnit": "mo"}}},
            Due(on("2026-12-15"), on("2027-03-15")),
        ),
        ({"timingTiming": {"repeat": {"boundsDuration": quantity(2, "wk")}}}, Due(*[on("2026-09-29")] * 2)),
        ({"timingPeriod": {"start": "2027-01", "end": "2027-02"}}, Due(on("2027-01-01"), on("2027-02-28"))),
        ({"timingDuration": quantity(90, "min")}, Due(TUESDAY, TUESDAY)),
        ({"timingDuration": quantity(30, "h")}, Due(on("2026-09-16"), on("2026-09-16"))),
        ({"timingRange": {"low": quantity(2, "h"), "high": quantity(2, "d")}}, Due(TUESDAY, on("2026-09-17"))),
        # every month from the first of December on, until the end of February
        (every(1, "mo", "2026-12-01", "2027-02"), Due(on("2026-12-01"), on("2026-12-01"))),
        (every(1, "mo", "2026-01-01", "2027-02"), Due(on("2026-10-15"), on("2026-10-15"))),
        (every(3, "mo", "2026-01-01", "2026-10", periodMax=6), None),
        (every(1, "mo", "2026-01-01", "2026-10-31", periodMax=3), Due(on("2026-10-15"), on("2026-10-31"))),
        (every(1, "mo", "2026-01-01", "2026-08"), None),
        (every(1, "wk", dayOfWeek=["thu"]), Due(on("2026-09-17"), on("2026-09-17"))),
        (every(1, "wk", dayOfWeek=["mon", "tue"]), Due(on("2026-09-21"), on("2026-09-21"))),
        (every(1, "mo", dayOfWeek=["mon"]), Due(on("2026-10-19"), on("2026-10-19"))),
    ],
)
def test_a_timing_counts_from_the_visit(timing: dict[str, Any], expected: Due) -> None:
    assert from_timing(timing, TUESDAY, "1966-03-01") == expected


@pytest.mark.parametrize("unit", ["mg", "fortnight", None])
def test_a_timing_in_no_unit_of_time_is_refused(unit: str | None) -> None:
    with pytest.raises(Invalid, match="no duration"):
        from_timing({"timingDuration": {"value": 1, "code": unit}}, TUESDAY)


def test_what_comes_before_moves_back_from_a_closed_day() -> None:
    """A blood test two days before a visit on Tuesday: on Sunday it is closed, and Monday would be too late."""
    before = {"actionId": "visit", "relationship": "before-start", "offsetDuration": quantity(2, "d")}
    plan = a_plan(
        an_action("Visit", id="visit", timingDateTime="2026-10-06", **uses(VISIT)),
        an_action("Blood", id="blood", relatedAction=[before], **uses(VISIT)),
        an_action("Now", id="now", priority="urgent", relatedAction=[before], **uses(VISIT)),
    )
    outcome = run(plan, definitions=[VISIT])
    assert outcome.find("blood").due == Due(on("2026-10-02"), on("2026-10-02"))
    assert outcome.find("now").due == Due(on("2026-10-04"), on("2026-10-04"))


def test_hours_and_days_are_settled_together() -> None:
    """What is due in hours is due that day: a request has a day, and relations compare days."""
    plan = a_plan(
        an_action("Reading", id="reading", timingDuration=quantity(2, "h"), **uses(VISIT)),
        an_action("Another", id="other", timingDuration=quantity(1, "d"), **uses(VISIT)),
        an_action("Then", id="then", **uses(VISIT), relatedAction=[
            {"actionId": "reading", "relationship": "after-end", "offsetDuration": quantity(4, "h")},
            {"actionId": "other", "relationship": "before-end", "offsetRange": {"low": quantity(1, "h")}},
        ]),
    )  # fmt: skip
    made = resources_of(run(plan, definitions=[VISIT]), "Task")
    days = [one["restriction"]["period"] for one in made]
    assert days[0] == {"start": "2026-09-15", "end": "2026-09-15"}
    assert all(len(day) == 10 for one in days for day in one.values()), days


def test_an_age_needs_a_date_of_birth() -> None:
    with pytest.raises(Invalid, match="date of birth"):
        from_timing({"timingAge": quantity(1, "a")}, TUESDAY, None)


@pytest.mark.parametrize(
    ("relationship", "offset", "expected"),
    [
        ("after", {"offsetDuration": quantity(1, "wk")}, Due(on("2026-10-08"), on("2026-10-08"))),
        ("after-start", {"offsetDuration": quantity(1, "wk")}, Due(on("2026-09-27"), on("2026-09-27"))),
        ("before-start", {"offsetDuration": quantity(2, "d")}, Due(on("2026-09-18"), on("2026-09-18"))),
        (
            "after-end",
            {"offsetRange": {"low": quantity(1, "d"), "high": quantity(3, "d")}},
            Due(on("2026-10-02"), on("2026-10-04")),
        ),
        ("after-end", {"offsetRange": {"low": quantity(1, "d")}}, Due(on("2026-10-02"), None)),
        ("before-end", {"offsetRange": {"high": quantity(3, "d")}}, Due(on("2026-09-28"), on("2026-10-01"))),
        ("concurrent", {}, Due(on("2026-09-20"), on("2026-09-20"))),
    ],
)
def test_a_relation_counts_from_the_other_action(relationship: str, offset: dict[str, Any], expected: Due) -> None:
    assert related(offset, relationship, Due(on("2026-09-20"), on("2026-10-01"))) == expected


def test_a_task_is_due_in_its_window_and_moves_off_closed_days() -> None:
    plan = a_plan(an_action("Return", **uses(VISIT), timingDuration=quantity(4, "d")))
    applied = run(plan, definitions=[VISIT])
    (task,) = resources_of(applied, "Task")
    monday = {"start": "2026-09-21", "end": "2026-09-21"}
    assert task["restriction"]["period"] == monday and task["executionPeriod"] == monday


def test_what_is_urgent_does_not_wait_for_monday() -> None:
    plan = a_plan(an_action("Refer", priority="urgent", **uses(VISIT), timingDuration=quantity(4, "d")))
    applied = run(plan, definitions=[VISIT])
    assert applied.actions[0].due.latest == on("2026-09-19")
    assert resources_of(applied, "Task")[0]["priority"] == "urgent"


def test_a_priority_of_the_definition_counts_where_the_action_has_none() -> None:
    urgent = VISIT | {"priority": "stat"}
    plan = a_plan(an_action("Refer", **uses(urgent), timingDuration=quantity(4, "d")))
    assert run(plan, definitions=[urgent]).actions[0].due.latest == on("2026-09-19")


def test_the_anchor_may_be_another_day_than_the_request() -> None:
    plan = a_plan(an_action("Return", **uses(VISIT), timingDuration=quantity(1, "wk")))
    assert run(plan, definitions=[VISIT], anchor=on("2026-09-01")).actions[0].due.latest == on("2026-09-08")


def test_related_actions_are_settled_whatever_their_order_and_a_circle_ends() -> None:
    after = {"relationship": "after", "offsetDuration": quantity(1, "wk")}
    plan = a_plan(
        an_action("Result", id="result", relatedAction=[{"actionId": "test", **after}], **uses(VISIT)),
        an_action("Test", id="test", relatedAction=[{"actionId": "visit", **after}], **uses(VISIT)),
        an_action("Visit", id="visit", timingDuration=quantity(1, "wk"), **uses(VISIT)),
    )
    applied = run(plan, definitions=[VISIT])
    assert [one.due.latest for one in applied.actions] == [on("2026-10-06"), on("2026-09-29"), on("2026-09-22")]
    circle = a_plan(
        an_action("A", id="a", relatedAction=[{"actionId": "b", **after}]),
        an_action("B", id="b", relatedAction=[{"actionId": "a", **after}]),
    )
    assert run(circle).issues == []


def test_an_order_is_due_by_its_occurrence() -> None:
    lab = an_activity("creatinine", "ServiceRequest")
    window = {"low": quantity(2, "wk"), "high": quantity(4, "wk")}
    applied = run(a_plan(an_action("Lab", timingRange=window, **uses(lab))), definitions=[lab])
    (order,) = resources_of(applied, "ServiceRequest")
    assert order["occurrencePeriod"] == {"start": "2026-09-29", "end": "2026-10-13"}


def test_a_dynamic_value_may_time_the_action() -> None:
    value = {"path": "timing", "expression": {"language": "text/fhirpath", "expression": "today() + 10 days"}}
    applied = run(a_plan(an_action("Return", dynamicValue=[value], **uses(VISIT))), definitions=[VISIT])
    assert applied.actions[0].due == Due(on("2026-09-25"), on("2026-09-25"))
    (group,) = resources_of(applied, "RequestGroup")
    assert group["action"][0]["timingDateTime"] == "2026-09-25"


def test_a_protocol_may_keep_out_of_ramadan() -> None:
    first, last = Calendar().next_ramadan(on("2027-01-01"))
    now = datetime(first.year, first.month, first.day, 9, tzinfo=UTC)
    mark = {"url": f"{SD}/avoid-ramadan-fast", "valueBoolean": True}
    timing = {"timingDuration": quantity(1, "wk")}
    plain = run(a_plan(an_action("Fasting test", **timing)), now=now)
    kept = run(a_plan(an_action("Fasting test", extension=[mark], **timing)), now=now)
    assert plain.actions[0].due.latest <= last < kept.actions[0].due.latest


DAYS = st.dates(date(2024, 1, 1), date(2032, 12, 31))


@given(DAYS, st.sets(DAYS, max_size=3), st.integers(0, 400))
def test_law_a_due_date_is_never_on_a_closed_day_unless_urgent(visit: date, closed: set[date], days: int) -> None:
    calendar = Calendar(dict.fromkeys(closed, "Élections"))
    due = Due(visit, visit + timedelta(days=days))
    moved = working(due, calendar, urgent=False)
    assert all(calendar.works(day) for day in moved)
    assert visit <= moved.earliest <= moved.latest
    assert working(due, calendar, urgent=True) == due


@given(DAYS)
def test_law_the_next_working_day_is_the_first_one(day: date) -> None:
    calendar = Calendar()
    found = calendar.next_working_day(day)
    skipped = [day + timedelta(days=at) for at in range((found - day).days)]
    assert calendar.works(found) and not any(calendar.works(one) for one in skipped)
    assert calendar.previous_working_day(found) == found


@pytest.mark.parametrize(
    ("day", "name"),
    [
        ("2026-11-18", "Independence Day"),
        ("2026-11-21", "weekend"),
        ("2026-10-31", "weekend"),
        ("2026-11-17", None),
        ("2025-07-30", "Throne Day"),
    ],
)
def test_the_moroccan_calendar(day: str, name: str | None) -> None:
    assert Calendar().closure(on(day)) == name


def test_the_administration_has_the_last_word_on_religious_days() -> None:
    estimate = on("2026-03-20")
    table = {
        "url": OVERRIDES,
        "concept": [
            {"code": "2026-03-20", "property": [{"code": "opened", "valueBoolean": True}]},
            {"code": "2026-03-23", "display": "Aïd al-Fitr"},
        ],
    }
    calendar = calendar_from(table)
    assert not Calendar().works(estimate) and calendar.works(estimate)
    assert calendar.closure(on("2026-03-23")) == "Aïd al-Fitr"
    assert calendar_from(None) == Calendar()


def test_a_calendar_that_never_opens_is_refused() -> None:
    closed = {on("2026-01-01") + timedelta(days=at): "closed" for at in range(100)}
    with pytest.raises(ValueError, match="no working day"):
        Calendar(closed).next_working_day(on("2026-01-01"))


def test_ramadan_lasts_a_month() -> None:
    first, last = ramadan_of(1448)
    assert first == on("2027-02-08") and (last - first).days in (28, 29)
    assert Calendar().ramadan(first - timedelta(days=1)) is None
    assert Calendar().next_ramadan(last + timedelta(days=1))[0] > last


def test_an_unborn_age_lets_only_its_action_fail() -> None:
    plan = a_plan(an_action("At 65", timingAge=quantity(65, "a")), an_action("Now"))
    who = a_patient()
    del who["birthDate"]
    applied = run(plan, patient=who)
    assert [one.taken for one in applied.actions] == ["failed", "taken"]


def test_a_relation_names_an_action_of_its_own_plan() -> None:
    first = {"id": "first", "timingDuration": quantity(2, "wk")}
    after = {"relatedAction": [{"actionId": "first", "relationship": "after", "offsetDuration": quantity(1, "wk")}]}
    nested = a_plan(an_action("First", id="first", timingDuration=quantity(1, "d")), an_action("After", **after),
                    name="nested")  # fmt: skip
    plan = a_plan(an_action("Outer first", **first), an_action("Nested", **uses(nested)))
    applied = run(plan, definitions=[nested])
    due = {one.title: one.due.latest for one in applied.walk()}
    assert (due["Outer first"], due["First"], due["After"]) == (on("2026-09-29"), on("2026-09-16"), on("2026-09-23"))
