"""Many patients, one plan: re-evaluations for worklists and indicators, with progress."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from pathways.apply.engine import apply
from pathways.apply.outcome import Applied
from pathways.apply.request import ApplyRequest

EVERY = 100
"""How many patients pass between two reports of progress."""

GARBAGE = 50_000
"""How many objects are made between two collections of garbage: those of some ten patients, not of a part of one."""


def apply_many(
    plan: dict[str, Any], requests: Iterable[ApplyRequest], progress: Callable[[int], None] | None = None
) -> Iterator[Applied]:
    """The outcome for each request, one by one, so that 10,000 patients need the memory of one.

    ``progress`` is called with the number done, every ``EVERY`` patients and at the end. Reasons, values and the FHIR
    answer are worked out only for those of which they are asked; a definition is asked for once. Until the last one
    Python collects garbage less often, in the whole process. Raises as ``apply``.
    """
    done, before = 0, None
    with _rare_collections():
        for asked in requests:
            applied = apply(plan, asked, before, watched=False)
            before = applied.frame.run
            yield applied
            done += 1
            if progress is not None and done % EVERY == 0:
                progress(done)
    if progress is not None and done % EVERY:
        progress(done)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """What is made for a patient mostly dies with the patient: to look for it every 700 objects takes time for
    nothing."""
    before = gc.get_threshold()
    gc.set_threshold(max(GARBAGE, before[0]) if before[0] else 0, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
