"""Step: walk. Goes through the actions of a plan in order, judges each, selects in groups, and makes what is taken."""

from __future__ import annotations

from collections.abc import Callable

from app.errors import Invalid
from pathways.apply.ask import ask_for
from pathways.apply.conditions import UNCONDITIONAL, Verdict, judge
from pathways.apply.expression import ExpressionFailed
from pathways.apply.frame import Frame
from pathways.apply.goals import goals_of
from pathways.apply.instantiate import fail, instantiate, settle_action
from pathways.apply.outcome import ActionOutcome
from pathways.apply.plan import PlannedAction
from pathways.apply.schedule import schedule_by_timing
from pathways.apply.selection import Pick, chooses, select

REGIMEN = "treatment"
"""The kind of a group whose actions are one treatment."""
Walk = Callable[[Frame], list[ActionOutcome]]


def walk(frame: Frame) -> list[ActionOutcome]:
    """The outcomes of a plan's actions."""
    frame.goals = goals_of(frame)
    scope, plan = frame.scope, frame.plan.node
    frame.outcomes = [_take(frame, one, judge(one, scope, plan)) for one in frame.plan.actions]
    return frame.outcomes


def _take(frame: Frame, action: PlannedAction, verdict: Verdict) -> ActionOutcome:
    outcome = ActionOutcome(action, frame, verdict)
    if verdict.failure is not None:
        frame.report(outcome, verdict.failure.reason, expression=verdict.failure.expression)
    elif verdict.taken == "missing":
        ask_for(frame, outcome)
    elif verdict.taken == "taken":
        try:
            outcome.action = settle_action(frame, action)
            schedule_by_timing(outcome)
        except ExpressionFailed as error:
            fail(frame, outcome, error.reason, error.expression)
            return outcome
        except Invalid as error:
            fail(frame, outcome, error.message, "timing")
            return outcome
        if action.children:
            _take_group(frame, outcome)
        if outcome.taken == "taken" and outcome.nested is None:
            if outcome.action.definition is not None:
                instantiate(frame, outcome, walk)
            if outcome.lacking:
                ask_for(frame, outcome)
    return outcome


def _take_group(frame: Frame, group: ActionOutcome) -> None:
    action, scope, plan = group.action, frame.scope, frame.plan.node
    if chooses(action):
        group.children = _chosen(frame, select(action, scope, plan))
    else:
        group.children = [_take(frame, child, judge(child, scope, plan)) for child in action.children]
    _refuse_half(frame, group)
    _report_no_choice(frame, group)


def _chosen(frame: Frame, picks: list[Pick]) -> list[ActionOutcome]:
    made: dict[int, ActionOutcome] = {}
    for at, pick in enumerate(picks):
        if pick.skipped is None:
            made[at] = _take(frame, pick.action, pick.verdict or UNCONDITIONAL)
    for at, pick in enumerate(picks):
        if pick.skipped is not None:
            made[at] = _skipped(frame, pick, made.get(pick.skipped))
    return [made[at] for at in range(len(picks))]


def _refuse_half(frame: Frame, group: ActionOutcome) -> None:
    """Half a regimen is none: where a part of it cannot be told or made, nothing of it is proposed.

    A regimen is a numbered step of kind treatment; with ``all-or-none`` it is so for what cannot be made.
    """
    regimen = group.action.kind == REGIMEN and group.prefix is not None
    if not regimen and group.action.source.get("selectionBehavior") != "all-or-none":
        return
    parts = [one for child in group.children for one in child.walk() if one.asked_by is None]
    open_ones = ("failed", "missing") if regimen else ("failed",)
    broken = next((one for one in parts if one.taken in open_ones), None)
    if broken is None:
        return
    for one in parts:
        if one.taken == "taken":
            for reference in one.resources:
                frame.run.resources.pop(reference, None)
            one.resources, one.taken, one.instead_of = [], "not-taken", broken
    if regimen:
        group.taken, group.failure, group.lacking = broken.taken, broken.failure, broken.lacking
        group.verdict = group.verdict._replace(missing=broken.verdict.missing)


def _skipped(frame: Frame, pick: Pick, instead: ActionOutcome | None) -> ActionOutcome:
    outcome = ActionOutcome(pick.action, frame, pick.verdict or UNCONDITIONAL, taken="not-taken")
    outcome.instead_of = instead
    return outcome


def _report_no_choice(frame: Frame, group: ActionOutcome) -> None:
    behaviour = group.action.source.get("selectionBehavior")
    if behaviour not in ("exactly-one", "one-or-more") or not group.children:
        return
    if all(child.taken == "not-taken" for child in group.children):
        count = len(group.children)
        frame.report(group, f"selection is {behaviour}, but none of the {count} options applies", code="business-rule")
