"""Step: applicability. Decides whether an action applies: taken, not taken, missing (a value is not known) or failed.

Several conditions are "and". Empty is not false: an action whose condition is empty is missing, and is never taken. A
condition that fails, or answers anything but one Boolean, is reported, never silently true or false.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from app.errors import MaslakError
from app.fhir.fhirpath.operators import FALSE, TRUE
from pathways.apply.action import Condition, PlannedAction
from pathways.apply.expression import ExpressionFailed, Path
from pathways.apply.scope import Scope
from pathways.apply.values import plain

Taken = Literal["taken", "not-taken", "missing", "failed"]


class Verdict(NamedTuple):
    """Whether an action applies. ``used``: the variables that its conditions looked at, None where nobody watched;
    ``missing``: those of them that are needed and empty; ``failure`` what went wrong."""

    taken: Taken
    used: tuple[str, ...] | None = ()
    missing: tuple[str, ...] = ()
    failure: ExpressionFailed | None = None


_new = tuple.__new__
UNCONDITIONAL = Verdict("taken")
_APPLIES, _DOES_NOT = Verdict("taken", None), Verdict("not-taken", None)
"""Where nobody watches."""


def judge(action: PlannedAction, scope: Scope, plan: Any) -> Verdict:
    """The verdict on an action. Expressions that begin with the subject's type are read on the subject, others on the
    plan."""
    applies = True
    used: dict[str, None] | None = {} if scope.watched else None
    for condition in action.conditions:
        program = condition.program
        if program is None:
            return _judge(action, scope, plan)
        ask = program.unwatched if used is None else program.planned
        try:
            items = ask(scope.focus if condition.begins_with == scope.kind else plan, scope, used)
        except (MaslakError, ExpressionFailed):
            return _judge(action, scope, plan)
        if items is FALSE:
            applies = False
        elif items is not TRUE:
            return _judge(action, scope, plan)
    if used is None:
        return _APPLIES if applies else _DOES_NOT
    return _new(Verdict, ("taken" if applies else "not-taken", tuple(used), (), None))


def looked_at(action: PlannedAction, scope: Scope, plan: Any) -> tuple[str, ...] | None:
    """The variables that the conditions of an action look at, found out when nobody watched."""
    return _judge(action, scope, plan).used


def _judge(action: PlannedAction, scope: Scope, plan: Any) -> Verdict:
    """The same, where not all conditions can be told to be true or false at once."""
    answer: bool | None = True
    failure: ExpressionFailed | None = None
    used: dict[str, None] = {}
    for condition in action.conditions:
        read = condition.expression
        try:
            if not isinstance(read, Path):
                raise _unreadable(condition)
            focus = scope.focus if read.begins_with == scope.kind else plan
            found = _told(condition, read.asked.planned(focus, scope, used))
        except ExpressionFailed as error:
            failure = failure or error
        except MaslakError as error:
            failure = failure or ExpressionFailed(condition.text, error.message)
        else:
            if found is not True and answer is not False:
                answer = found
    names = tuple(used)
    if failure is not None:
        return Verdict("failed", names, failure=failure)
    if answer is None:
        return Verdict("missing", names, tuple(empty_needed(scope, names)))
    return Verdict("taken" if answer else "not-taken", names)


def _told(condition: Condition, items: list[Any]) -> bool | None:
    if not items:
        return None
    value = plain(items[0])
    if len(items) > 1 or not isinstance(value, bool):
        raise ExpressionFailed(condition.text, "the condition answers neither true nor false")
    return value


def _unreadable(condition: Condition) -> ExpressionFailed:
    if condition.expression is None:
        return condition.failure or ExpressionFailed(condition.text, "the condition has no expression")
    return ExpressionFailed(condition.text, "a query is no condition: write a FHIRPath expression over it")


def empty_needed(scope: Scope, names: tuple[str, ...]) -> list[str]:
    """The needed variables among these, and among those they used, that are empty."""
    return [name for name in scope.all_needed(names) if not scope[name]]
