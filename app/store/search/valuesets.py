"""Codes that a value set or a hierarchy stands for, asked of the terminology room that registers itself here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from app.errors import Malformed

Expander = Callable[[Any, str, str], Iterable[tuple[str, str]]]
"""``expand(repo, modifier, value)``: the (system, code) pairs of a value set (``in``, ``not-in``) or of what stands
``below`` or ``above`` ``system|code``."""

_registered: list[Expander] = []
MOST_CODES = 2000


def register_expander(expander: Expander) -> None:
    """Let the terminology answer ``:in``, ``:not-in``, ``:below`` and ``:above``."""
    _registered[:] = [expander]


def expansion(repo: Any, modifier: str, value: str) -> list[tuple[str, str]]:
    """The codes. Raises Malformed where there are too many, or no terminology to ask."""
    if not _registered:
        raise Malformed(f":{modifier} needs a terminology, and none is loaded here.")
    pairs = list(_registered[0](repo, modifier, value))
    if len(pairs) > MOST_CODES:
        raise Malformed(
            f":{modifier}={value} stands for {len(pairs)} codes; {MOST_CODES} are the most that are searched."
        )
    return pairs
