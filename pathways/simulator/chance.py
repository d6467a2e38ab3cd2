"""Draws from what a ``simulation.json`` describes. All chance comes from the ``random.Random`` that is handed in."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any


def number(
    chance: random.Random, described: Mapping[str, Any], sex: str = "", others: Mapping[str, float] | None = None
) -> float:
    """A number: ``{mean, sd, min, max}``, the same by sex, or ``{of, intercept, slope, sd}`` of another number."""
    if sex in described:
        return number(chance, described[sex], sex, others)
    if "of" in described:
        mean = described["intercept"] + described["slope"] * (others or {})[described["of"]]
    else:
        mean = described["mean"]
    return within(chance.gauss(mean, described.get("sd", 0)), described.get("min"), described.get("max"))


def within(value: float, low: float | None, high: float | None) -> float:
    """The value, or the bound that it is beyond."""
    if low is not None and value < low:
        return low
    return high if high is not None and value > high else value


def one_of(chance: random.Random, shares: Mapping[str, float]) -> str:
    """A key, as often as its share says."""
    return chance.choices(list(shares), list(shares.values()))[0]


def part_of(chance: random.Random, parts: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """One of some parts, as often as its ``share`` says."""
    return chance.choices(list(parts), [part["share"] for part in parts])[0]


def days(chance: random.Random, bounds: Sequence[int]) -> int:
    """A whole number of days between two, both in."""
    return chance.randint(bounds[0], bounds[1])
