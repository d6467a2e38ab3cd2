"""Step: selection. Which of a group's actions are looked at and taken
(https://hl7.org/fhir/R4/valueset-action-selection-behavior.html).

``exactly-one`` and ``at-most-one``: the first whose condition is true; one that fails, or lacks a needed value, ends
the search, since a later one would be a guess. ``all-or-none``: all, or none when one does not apply. ``any``, ``all``,
``one-or-more``: each that applies. Where no option has a condition the choice is the reader's: all are offered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pathways.apply.conditions import Verdict
from pathways.apply.plan import PlannedAction

ONE = frozenset({"exactly-one", "at-most-one"})


class Pick(NamedTuple):
    """One option of a group. ``skipped``: index of the sibling because of which it is not taken whatever its verdict;
    ``verdict`` None: not looked at."""

    action: PlannedAction
    verdict: Verdict | None = None
    skipped: int | None = None


def select(group: PlannedAction, judge: Callable[[PlannedAction], Verdict]) -> list[Pick]:
    """The options of a group, in order, each judged as far as its selection behaviour needs it."""
    behaviour = group.source.get("selectionBehavior")
    children = group.children
    if behaviour in ONE and any(child.conditions for child in children):
        return _first(children, judge)
    picks = [Pick(child, judge(child)) for child in children]
    if behaviour == "all-or-none":
        refused = next((at for at, pick in enumerate(picks) if pick.verdict and pick.verdict.taken != "taken"), None)
        if refused is not None:
            return [
                Pick(p.action, p.verdict, refused if p.verdict and p.verdict.taken == "taken" else None) for p in picks
            ]
    return picks


def _first(children: tuple[PlannedAction, ...], judge: Callable[[PlannedAction], Verdict]) -> list[Pick]:
    picks: list[Pick] = []
    decided: int | None = None
    for at, child in enumerate(children):
        if decided is not None:
            picks.append(Pick(child, None, decided))
            continue
        verdict = judge(child)
        picks.append(Pick(child, verdict))
        if verdict.taken in ("taken", "failed") or verdict.missing:
            decided = at
    return picks
