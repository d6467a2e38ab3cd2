"""What several plans ask for in the same words is one thing to do on the page."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pathways.presenters.next_step import ActionLine, Reason, once

MEASURE = ActionLine(
    id="measure-bp",
    kind="question",
    title="Mesurer la pression",
    description="Personne assise.",
    urgent=False,
    earliest=None,
    latest=None,
    reason=Reason("Mesurer la pression", "Mesure ancienne", [], ["OMS 2021"], to_be_confirmed=False),
)


def test_the_same_request_of_three_plans_is_shown_once_with_all_sources() -> None:
    other = replace(MEASURE, id="measure-bp-2", reason=replace(MEASURE.reason, sources=["HEARTS 2018", "OMS 2021"]))
    (shown,) = once([MEASURE, other, MEASURE])
    assert shown.id == "measure-bp" and shown.reason.sources == ["OMS 2021", "HEARTS 2018"]


def test_another_day_or_another_reason_is_another_thing_to_do() -> None:
    later = replace(MEASURE, latest=date(2026, 12, 1))
    why = replace(MEASURE, reason=replace(MEASURE.reason, text="Pression élevée"))
    assert once([MEASURE, later, why]) == [MEASURE, later, why]
