"""A whole expression as one function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..nodes import Items
from ..syntax import Call, Expression, anywhere
from .gather import Gathering
from .lines import Here
from .wanted import HEAD, Compile

Whole = Callable[..., Items]
"""(run, U, S, this) -> the collection."""
_DONE_ONCE: Final = frozenset({"trace", "defineVariable"})


def whole(tree: Expression, compile_step: Compile) -> tuple[Whole, bool, Callable[[], str]] | None:
    """The function of an expression whose variables are settled by a plan, whether it asks the evaluation (``run``) for
    anything, and its text as far as it has been written; ``None`` where it is nested too deep, or must not be evaluated
    twice."""
    if anywhere(tree, lambda part: isinstance(part, Call) and part.name in _DONE_ONCE):
        return None
    writer = Gathering(compile_step, settled=True)
    found = writer.items(tree, Here("this"))
    writer.line(f"return {found}")
    made = writer.function(HEAD)
    if made is None:
        return None
    text = writer.text(HEAD)
    told = lambda: "\n\n".join([text, *(part for one in writer.ways for part in one.texts)])  # noqa: E731
    return made, "(run" in text.removeprefix(HEAD), told
