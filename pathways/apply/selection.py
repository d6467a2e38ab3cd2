"""Step: selection. Which of a group's actions are looked at and taken
(https://hl7.org/fhir/R4/valueset-action-selection-behavior.html).

``exactly-one`` and ``at-most-one``: the first whose condition is true; one that fails, or lacks a needed value, ends
the search, since a later one would be a guess. ``all-or-none``: all, or none when one does not apply. ``any``, ``all``,
``one-or-more``: each that applies. Where no option has a condition the choice is the reader's: all are offered.

Which of these a group has is told once, when the plan is read (``PlannedAction.chooses``).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pathways.apply.action import PlannedAction
from pathways.apply.conditions import Verdict, judge
from pathways.apply.scope import Scope


class Pick(NamedTuple):
    """One option of a group. ``skipped``: index of the sibling because of which it is not taken whatever its
    verdict."""

    action: PlannedAction
    verdict: Verdict
    skipped: int | None = None


def decides(verdict: Verdict) -> bool:
    """Whether the search for the one option ends here."""
    return verdict.taken in ("taken", "failed") or bool(verdict.missing)


def all_or_none(group: PlannedAction, scope: Scope, plan: Any) -> list[Pick]:
    """The options of a group that is taken as a whole, in order."""
    picks = [Pick(child, judge(child, scope, plan)) for child in group.children]
    refused = next((at for at, pick in enumerate(picks) if pick.verdict.taken != "taken"), None)
    if refused is None:
        return picks
    return [Pick(p.action, p.verdict, refused if p.verdict.taken == "taken" else None) for p in picks]
