"""The chart of the leading measurement: an SVG with its target band, the changes of treatment, and a table beneath.

Drawn on the server: no script, readable without sight through its title and its table. It never mirrors in Arabic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from math import ceil, floor

from app.i18n import num
from pathways.measurement import Limits, Reading, aim, last_of_each_day

WIDTH, HEIGHT, MARGIN = 640, 200, 34
MOST = 40


@dataclass(frozen=True, slots=True)
class Chart:
    """What the template draws. Coordinates are of a box of WIDTH × HEIGHT; ``lines`` are SVG point lists."""

    lines: list[str]
    points: list[tuple[float, float, str]]
    band: tuple[float, float] | None
    targets: list[float]
    aim: str
    """``< 140/90``; empty without targets."""
    grid: list[tuple[float, str]]
    months: list[tuple[float, str]]
    changes: list[tuple[float, str, str]]
    """(across, ISO day, what began), numbered in this order."""
    readings: list[Reading] = field(default_factory=list)
    width: int = WIDTH
    height: int = HEIGHT


def draw(readings: Sequence[Reading], targets: Limits, changes: Sequence[tuple[str, str]] = ()) -> Chart | None:
    """The chart of readings (oldest first) that can be compared, one a day; None for under two. ``changes``: (ISO day,
    what changed).
    """
    kept = last_of_each_day(one for one in readings if one.known)[-MOST:]
    if len(kept) < 2:
        return None
    days = [date.fromisoformat(one.day).toordinal() for one in kept]
    values = [value for one in kept for value in one.values if value is not None]
    limits = [limit.value for limit in targets if limit is not None]
    low, high = _range([*values, *limits])
    first, span = days[0], max(days[-1] - days[0], 1)

    def x(day: int) -> float:
        return round(MARGIN + (WIDTH - MARGIN - 10) * (day - first) / span, 1)

    def y(value: Decimal) -> float:
        return round(10 + (HEIGHT - 36) * float(high - value) / float(high - low), 1)

    lines, points = [], []
    for number in range(max(len(one.values) for one in kept)):
        known = [
            (x(day), y(one.values[number]), one.written(num))  # type: ignore[arg-type]
            for day, one in zip(days, kept, strict=True)
            if number < len(one.values) and one.values[number] is not None
        ]
        lines.append(" ".join(f"{across},{down}" for across, down, _ in known))
        points += known
    return Chart(
        lines=lines,
        points=points,
        band=(y(limits[0]), y(low)) if limits else None,
        targets=[y(limit) for limit in limits],
        aim=aim(targets),
        grid=[(y(step), f"{step:f}") for step in _steps(low, high)],
        months=_months(days, x),
        changes=[
            (x(at), day, what)
            for day, what in sorted(changes)
            if first <= (at := date.fromisoformat(day).toordinal()) <= days[-1]
        ],
        readings=kept[::-1],
    )


def _range(values: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
    """A little more than the values, on whole twenties (or whole ones for small numbers)."""
    unit = Decimal(20) if max(values) > 40 else Decimal(1)
    low = Decimal(floor(min(values) / unit)) * unit
    high = Decimal(ceil(max(values) / unit)) * unit
    return low, high if high > low else low + unit


def _steps(low: Decimal, high: Decimal) -> list[Decimal]:
    unit = max((high - low) / 5, Decimal(1))
    unit = Decimal(20) if unit >= 10 else Decimal(round(unit))
    found, step = [], low
    while step <= high:
        found.append(step)
        step += unit
    return found


def _months(days: Sequence[int], x: object) -> list[tuple[float, str]]:
    """First, middle and last day as month/year."""
    chosen = [days[0], days[len(days) // 2], days[-1]] if len(days) > 4 else [days[0], days[-1]]
    return [(x(day), date.fromordinal(day).strftime("%m/%y")) for day in dict.fromkeys(chosen)]  # type: ignore[operator]
