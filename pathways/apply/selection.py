"""Step: selection. Which of a group's actions are looked at and taken
(https://hl7.org/fhir/R4/valueset-action-selection-behavior.html).

``exactly-one`` and ``at-most-one``: the first whose condition is true; one that fails, or lacks a needed value, ends
the search, since a later one would be a guess. ``all-or-none``: all, or none when one does not apply. ``any``, ``all``,
``one-or-more``: each that applies. Where no option has a condition the choice is the reader's: all are offered.

Which of these a group has is told once, when the plan is read (``PlannedAction.chooses``).
"""

from __future__ import annotations

from collections.abc import Sequence

from pathways.apply.conditions import Verdict
from pathways.apply.outcome import ActionOutcome


def decides(verdict: Verdict) -> bool:
    """Whether the search for the one option ends here."""
    return verdict.taken in ("taken", "failed") or bool(verdict.missing)


def refusing(options: Sequence[ActionOutcome]) -> ActionOutcome | None:
    """The option because of which nothing is taken of a group that is taken as a whole; None where all apply."""
    return next((one for one in options if one.taken != "taken"), None)
