"""Numbers small enough to point at a person, and how counts are told so that nobody can work them out.

The rule is that of the English hospital statistics (NHS Digital, *Hospital Episode Statistics: disclosure control*: the
national figure as it is; below the nation small counts are suppressed and all others rounded to the nearest 5), with
*fewer than 5*, the count that observational health networks do not tell (OHDSI, ``minCellCount`` 5), in the place of
their 1 to 7. None is told like one to four: "0" beside "fewer than 5" would say where somebody is.

A figure goes out as a number, as SMALL, or as HIDDEN: a sum from which a small number followed is not told at all
(https://www.hl7.org/fhir/R4/codesystem-data-absent-reason.html has both codes). Pure.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

SMALL, HIDDEN = "masked", "not-permitted"
Figure = int | str
"""A number that is told, or SMALL, or HIDDEN."""
P = TypeVar("P", bound=Hashable)
G = TypeVar("G", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Told:
    """A figure, and between which numbers the true one lies for whoever reads it."""

    figure: Figure
    low: int
    high: int


def told(count: int, smallest: int) -> Told:
    """A count below the nation: fewer than ``smallest`` is SMALL, the rest is rounded to the nearest multiple of it.

    With ``smallest`` 1 every count is told as it is.
    """
    if smallest <= 1:
        return exact(count)
    if count < smallest:
        return Told(SMALL, 0, smallest - 1)
    below = smallest // 2
    rounded = (count + below) // smallest * smallest
    return Told(rounded, max(smallest, rounded - below), rounded + (smallest - 1) // 2)


def exact(count: int) -> Told:
    """A count as it is."""
    return Told(count, count, count)


def hidden(parts: Iterable[Told]) -> Told:
    """A sum that is not told; its parts still say within which numbers it lies."""
    held = list(parts)
    return Told(HIDDEN, sum(one.low for one in held), sum(one.high for one in held))


def keeps(low: int, parts: Iterable[Told]) -> bool:
    """Whether a sum of at least ``low`` leaves open, of each small part, that it is none."""
    held = list(parts)
    small = [one.high for one in held if one.figure == SMALL]
    return not small or low <= sum(one.high for one in held) - max(small)


def sum_of(total: Told, parts: Iterable[Told]) -> Told:
    """A sum as it may be told beside its parts."""
    held = list(parts)
    return total if keeps(total.low, held) else hidden(held)


def summed(
    parts: Mapping[P, Told], counts: Mapping[P, int], group_of: Mapping[P, G], smallest: int
) -> tuple[Told, dict[G, Told]]:
    """One column: the whole, and the sum of each group of parts (``group_of`` leaves out those that stand alone).

    ``counts`` are the true ones. The whole is told as it is, and a group is not where both together would lead to a
    small part; the whole is not told where it leads to one by itself.
    """
    within: dict[G, list[P]] = {}
    for part in parts:
        if part in group_of:
            within.setdefault(group_of[part], []).append(part)
    groups = {
        group: sum_of(told(sum(counts[part] for part in held), smallest), [parts[part] for part in held])
        for group, held in within.items()
    }
    whole = exact(sum(counts.values()))
    if not keeps(whole.low, parts.values()):
        return hidden(parts.values()), groups
    alone = [one for part, one in parts.items() if part not in group_of]
    wider = {group: hidden(parts[part] for part in held) for group, held in within.items()}
    while not _keeps_groups(whole, groups, within, parts, alone):
        group = max(groups, key=lambda one: wider[one].high - groups[one].high, default=None)
        if group is None or wider[group].high <= groups[group].high:
            return hidden(parts.values()), groups
        groups[group] = wider[group]
    return whole, groups


def _keeps_groups(
    whole: Told, groups: Mapping[G, Told], within: Mapping[G, list[P]], parts: Mapping[P, Told], alone: list[Told]
) -> bool:
    """Whether what is left for a group, when the others are taken from the whole, leads to none of its small parts."""
    most = sum(one.high for one in groups.values()) + sum(one.high for one in alone)
    for group, one in groups.items():
        low = max(one.low, whole.low - (most - one.high))
        if not keeps(low, [parts[part] for part in within[group]]):
            return False
    return keeps(whole.low, [*groups.values(), *alone])
