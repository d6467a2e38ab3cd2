"""What a measured value can be at all: ranges as data (``definitions.json``), and the guard that holds EHRs to them."""

from __future__ import annotations

from pathways.plausible.judging import guard_observation, implausible

__all__ = ["guard_observation", "implausible"]
