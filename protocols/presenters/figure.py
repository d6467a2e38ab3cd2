"""The stages of a pathway as a figure: boxes from top to bottom, one lane for each place of care, arrows between.

Drawn with presentation attributes and classes only (the pages allow no inline style); in Arabic the lanes are mirrored.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from app.fhir.resource import Resource
from protocols.presenters.plans import Item, flat, items, levels

WIDTH, BOX, HEIGHT, GAP, EDGE = 460, 200, 46, 26, 10
CHARACTERS, MOST = 26, 5
"""Letters of a title on one line of a box, and levels named in it."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One box: where it stands, its lines, and where the care is given."""

    title: str
    description: str
    levels: tuple[tuple[str, str], ...]
    lines: tuple[str, ...]
    where: str
    x: int
    y: int
    lane: int
    protocols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """From box to box: the points of a line; ``across`` when it changes the place of care."""

    points: str
    across: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """The whole drawing."""

    title: str
    stages: tuple[Stage, ...]
    arrows: tuple[Arrow, ...]
    width: int
    height: int


def figure(plan: Resource, title: str, lang: str) -> Figure | None:
    """The figure of a plan that has stages; None for any other."""
    found = [item for item in flat(items(plan.get("action", ()), lang)) if item.kind == "stage"]
    if not found:
        return None
    places = [tuple(levels(item.action, lang)) for item in found]
    lanes = _lanes([[code for code, _ in place] for place in places])
    stages = tuple(
        _stage(item, place, lane, row, mirrored=lang == "ar")
        for row, (item, place, lane) in enumerate(zip(found, places, lanes, strict=True))
    )
    arrows = tuple(_arrow(one, other) for one, other in pairwise(stages))
    return Figure(title, stages, arrows, WIDTH, len(stages) * (HEIGHT + GAP) - GAP + 2 * EDGE)


def _lanes(places: list[list[str]]) -> list[int]:
    """The first lane for stages led where the first stage is, the second for those led elsewhere.

    A stage names first the level that leads it.
    """
    return [0 if not place or place[0] in places[0] else 1 for place in places]


def _stage(item: Item, place: tuple[tuple[str, str], ...], lane: int, row: int, *, mirrored: bool) -> Stage:
    x = EDGE if lane == 0 else WIDTH - EDGE - BOX
    return Stage(
        title=item.title,
        description=item.description,
        levels=place,
        lines=tuple(_wrapped(item.title)),
        where=" · ".join(code for code, _ in place[:MOST]) + (" …" if len(place) > MOST else ""),
        x=WIDTH - x - BOX if mirrored else x,
        y=EDGE + row * (HEIGHT + GAP),
        lane=lane,
        protocols=tuple(child.title for child in item.children if child.action.get("definitionCanonical")),
    )


def _arrow(one: Stage, other: Stage) -> Arrow:
    start, end = one.x + BOX // 2, other.x + BOX // 2
    bottom, top = one.y + HEIGHT, other.y - 2
    middle = (bottom + top) // 2
    if start == end:
        return Arrow(f"{start},{bottom} {end},{top}", False)
    return Arrow(f"{start},{bottom} {start},{middle} {end},{middle} {end},{top}", True)


def _wrapped(title: str) -> list[str]:
    lines: list[str] = []
    for word in title.split():
        if lines and len(lines[-1]) + len(word) < CHARACTERS:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines[:2]
