"""Step: selection. Which of a group's actions are looked at and taken
(https://hl7.org/fhir/R4/valueset-action-selection-behavior.html).

``exactly-one`` and ``at-most-one``: the first whose condition is true; one that fails, or lacks a needed value, ends
the search, since a later one would be a guess. ``all-or-none``: all, or none when one does not apply. ``any``, ``all``,
``one-or-more``: each that applies. Where no option has a condition the choice is the reader's: all are offered.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pathways.apply.conditions import Verdict, judge
from pathways.apply.plan import PlannedAction
from pathways.apply.scope import Scope

ONE = frozenset({"exactly-one", "at-most-one"})


class Pick(NamedTuple):
    """One option of a group. ``skipped``: index of the sibling because of which it is not taken whatever its verdict;
    ``verdict`` None: not looked at."""

    action: PlannedAction
    verdict: Verdict | None = None
    skipped: int | None = None


def chooses(group: PlannedAction) -> bool:
    """Whether what is taken of a group depends on more than each action's own verdict."""
    behaviour = group.source.get("selectionBehavior")
    return behaviour == "all-or-none" or (behaviour in ONE and any(child.conditions for child in group.children))


def select(group: PlannedAction, scope: Scope, plan: Any) -> list[Pick]:
    """The options of a group that chooses, in order, each judged as far as its selection behaviour needs it."""
    children = group.children
    if group.source.get("selectionBehavior") in ONE:
        return _first(children, scope, plan)
    picks = [Pick(child, judge(child, scope, plan)) for child in children]
    refused = next((at for at, pick in enumerate(picks) if pick.verdict and pick.verdict.taken != "taken"), None)
    if refused is None:
        return picks
    return [Pick(p.action, p.verdict, refused if p.verdict and p.verdict.taken == "taken" else None) for p in picks]


def _first(children: tuple[PlannedAction, ...], scope: Scope, plan: Any) -> list[Pick]:
    picks: list[Pick] = []
    decided: int | None = None
    for at, child in enumerate(children):
        if decided is not None:
            picks.append(Pick(child, None, decided))
            continue
        verdict = judge(child, scope, plan)
        picks.append(Pick(child, verdict))
        if verdict.taken in ("taken", "failed") or verdict.missing:
            decided = at
    return picks
