"""How long each step of a referral may take, by priority (``limits.json``: working values, to be confirmed)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

STEP = {"2.0": "accept", "3.0": "see", "5.1": "see", "5.1.1": "see", "5.1.2": "see", "5.1.3": "see", "5.1.4": "answer"}
"""Business status -> the step that is awaited in it."""


@cache
def limits() -> dict[str, dict[str, int]]:
    """Priority -> step -> hours."""
    table = json.loads((Path(__file__).parent / "limits.json").read_text("utf-8"))
    return {priority: steps for priority, steps in table.items() if not priority.startswith("_")}


def deadline(business: str, priority: str, since: datetime) -> datetime | None:
    """When the step awaited in this state is overdue; None where nothing is awaited any more."""
    step = STEP.get(business)
    return since + timedelta(hours=limits()[priority][step]) if step else None
