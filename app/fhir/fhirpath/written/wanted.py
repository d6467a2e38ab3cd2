"""The kinds of thing that are handed around while an expression is written out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from ..paths import Step
from ..syntax import Expression

Compile = Callable[[Expression], Step]
"""From an expression to its closure: what cannot be written out is asked for there."""

Mode = Literal["items", "value", "exists"]
"""What is wanted of a path: its items, its one System value (or None), or whether it finds anything."""

EMPTY_OF: dict[Mode, str] = {"items": "EMPTY", "value": "None", "exists": "False"}
"""The answer of a path that finds nothing."""

Kind = Literal["number", "text", "day", "truth", ""]


class Value(NamedTuple):
    """The Python name of a System value or None, and what is known of it while the text is written."""

    name: str
    kind: Kind = ""


def kind_of(value: Any) -> Kind:
    """What is known of a literal."""
    if value.__class__ is bool:
        return "truth"
    if value.__class__ is str:
        return "text"
    return "number" if value.__class__ in (int, Decimal) else ""


HEAD: str = "def answer(focus, S, U):"
HEAD_OF_PATH: str = "def answer(focus, S, U, items):"
"""``S``: the values of variables; ``U``: takes the names of those that are looked at, if anybody asks. What needs an
evaluation (``run``) begins one."""

_RUN = re.compile(r"\brun\b")


def asks_run(lines: Iterable[str]) -> bool:
    """Whether an evaluation is needed for what is written."""
    return any(_RUN.search(line) for line in lines)
