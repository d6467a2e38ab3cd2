"""Step: walk. Goes through the actions of a plan in order, judges each, selects in groups, and makes what is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.errors import Invalid
from pathways.apply.action import PlannedAction
from pathways.apply.ask import ask_for
from pathways.apply.conditions import UNCONDITIONAL, Verdict, judge
from pathways.apply.expression import ExpressionFailed
from pathways.apply.frame import Frame
from pathways.apply.goals import goals_of
from pathways.apply.instantiate import fail, instantiate, settle_action
from pathways.apply.outcome import ActionOutcome
from pathways.apply.schedule import schedule_by_timing
from pathways.apply.selection import decides, refusing

Walk = Callable[[Frame], list[ActionOutcome]]


def walk(frame: Frame) -> list[ActionOutcome]:
    """The outcomes of a plan's actions."""
    if "goal" in frame.plan.source:
        frame.goals = goals_of(frame)
    return _each(frame, frame.plan.actions)


def _each(frame: Frame, actions: Sequence[PlannedAction]) -> list[ActionOutcome]:
    """Each action by its own verdict. Most of them are not taken, and nothing else is to be known of those."""
    scope, plan = frame.scope, frame.plan.node
    made = []
    for action in actions:
        verdict = judge(action, scope, plan) if action.conditions else UNCONDITIONAL
        outcome = ActionOutcome(action, frame, verdict)
        if outcome.taken != "not-taken":
            _take(frame, outcome, verdict)
        made.append(outcome)
    return made


def _first(frame: Frame, actions: Sequence[PlannedAction]) -> list[ActionOutcome]:
    """The options of which one is chosen; what comes after it is not looked at."""
    scope, plan = frame.scope, frame.plan.node
    made: list[ActionOutcome] = []
    chosen: ActionOutcome | None = None
    for action in actions:
        if chosen is not None:
            outcome = ActionOutcome(action, frame, UNCONDITIONAL)
            outcome.taken, outcome.instead_of = "not-taken", chosen
            made.append(outcome)
            continue
        verdict = judge(action, scope, plan) if action.conditions else UNCONDITIONAL
        outcome = ActionOutcome(action, frame, verdict)
        if outcome.taken != "not-taken" or verdict.missing:
            if decides(verdict):
                chosen = outcome
            _take(frame, outcome, verdict)
        made.append(outcome)
    return made


def _all_or_none(frame: Frame, actions: Sequence[PlannedAction]) -> list[ActionOutcome]:
    """The options of which all are taken or none; what fails or lacks a value is told all the same."""
    scope, plan = frame.scope, frame.plan.node
    made = [ActionOutcome(one, frame, judge(one, scope, plan) if one.conditions else UNCONDITIONAL) for one in actions]
    refused = refusing(made)
    for outcome in made:
        if refused is not None and outcome.taken == "taken":
            outcome.taken, outcome.instead_of = "not-taken", refused
        else:
            _take(frame, outcome, outcome.verdict)
    return made


def _take(frame: Frame, outcome: ActionOutcome, verdict: Verdict) -> None:
    """Make what an action stands for, report why it fails, or ask for what it lacks. ``verdict``: its own."""
    action = outcome.action
    if verdict.failure is not None:
        outcome.failure = verdict.failure.reason
        frame.report(outcome, verdict.failure.reason, expression=verdict.failure.expression)
    elif outcome.taken == "missing":
        ask_for(frame, outcome)
    elif outcome.taken == "taken":
        frame.run.taken.append(outcome)
        if action.own or action.timing is not None:
            try:
                outcome.action = settle_action(frame, action)
                schedule_by_timing(outcome)
            except ExpressionFailed as error:
                fail(frame, outcome, error.reason, error.expression)
                return
            except Invalid as error:
                fail(frame, outcome, error.message, "timing")
                return
            action = outcome.action
        if action.children:
            _take_group(frame, outcome)
        if outcome.taken == "taken" and outcome.nested is None:
            if action.definition is not None:
                instantiate(frame, outcome, walk)
            if outcome.lacking:
                ask_for(frame, outcome)


def _take_group(frame: Frame, group: ActionOutcome) -> None:
    action = group.action
    if action.chooses == "one":
        group.children = _first(frame, action.children)
    elif action.chooses == "all-or-none":
        group.children = _all_or_none(frame, action.children)
    else:
        group.children = _each(frame, action.children)
    if action.regimen or action.chooses == "all-or-none":
        _refuse_half(frame, group)
    if action.obliges:
        _report_no_choice(frame, group)


def _refuse_half(frame: Frame, group: ActionOutcome) -> None:
    """Half a regimen is none: where a part of it cannot be told or made, nothing of it is proposed.

    A regimen is a numbered step of kind treatment; with ``all-or-none`` it is so for what cannot be made.
    """
    regimen = group.action.regimen
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
        group.lacks(broken.verdict.missing)


def _report_no_choice(frame: Frame, group: ActionOutcome) -> None:
    if group.children and all(child.taken == "not-taken" for child in group.children):
        behaviour, count = group.action.source["selectionBehavior"], len(group.children)
        frame.report(group, f"selection is {behaviour}, but none of the {count} options applies", code="business-rule")
