"""Many lives, some at a time and in order: simulated in other processes while the caller stores them.

No more than a few batches are ever held, however many people are asked for.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import random
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from app.fhir.resource import Resource
from pathways.simulator.life import lived
from pathways.simulator.surroundings import Surroundings

BATCH = 25
"""People in a batch."""
AHEAD = 2
"""Batches for each process that are asked for before the first is taken."""
SMALL = 40
"""So few people are simulated here: another process would take longer to start."""
GARBAGE = 50_000
"""New objects before Python looks for cycles: a life makes many objects and few cycles."""

_around: list[Surroundings] = []


def lives(around: Sequence[Surroundings], first: int, end: int) -> Iterator[list[list[Resource]]]:
    """The lives of the people from number ``first`` to before ``end``, in batches: a list of resources each.

    With several diseases, people are enrolled for each as often as its ``share`` says.
    """
    numbers = [range(n, min(n + BATCH, end)) for n in range(first, end, BATCH)]
    if end - first <= SMALL:
        yield from (_batch(around, batch) for batch in numbers)
        return
    processes = max(1, os.cpu_count() or 1)
    with multiprocessing.get_context("spawn").Pool(processes, _begin, (list(around),)) as pool:
        waiting: deque[Any] = deque()
        for batch in numbers:
            waiting.append(pool.apply_async(_in_process, (batch,)))
            if len(waiting) > AHEAD * processes:
                yield waiting.popleft().get()
        while waiting:
            yield waiting.popleft().get()


def _batch(around: Sequence[Surroundings], numbers: range) -> list[list[Resource]]:
    return [lived(chosen(around, number), number) for number in numbers]


def chosen(around: Sequence[Surroundings], number: int) -> Surroundings:
    """What the person with this number is enrolled for."""
    if len(around) == 1:
        return around[0]
    chance = random.Random(f"{around[0].seed}:{number}:disease")
    return chance.choices(around, [one.disease.population.get("share", 1) for one in around])[0]


def _begin(around: list[Surroundings]) -> None:
    """In a process of its own: keep what all its lives share."""
    _around[:] = around
    gc.freeze()
    gc.set_threshold(GARBAGE)


def _in_process(numbers: range) -> list[list[Resource]]:
    return _batch(_around, numbers)
