"""Many patients, one plan: re-evaluations for worklists and indicators, with progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pathways.apply.engine import apply
from pathways.apply.outcome import Applied
from pathways.apply.request import ApplyRequest

EVERY = 100
"""How many patients pass between two reports of progress."""


def apply_many(
    plan: dict[str, Any], requests: Iterable[ApplyRequest], progress: Callable[[int], None] | None = None
) -> Iterator[Applied]:
    """The outcome for each request, one by one, so that 10,000 patients need the memory of one.

    ``progress`` is called with the number done, every ``EVERY`` patients and at the end. Reasons, values and the FHIR
    answer are worked out only for those of which they are asked. Raises as ``apply``.
    """
    done = 0
    for asked in requests:
        yield apply(plan, asked)
        done += 1
        if progress is not None and done % EVERY == 0:
            progress(done)
    if progress is not None and done % EVERY:
        progress(done)
