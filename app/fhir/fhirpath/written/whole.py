"""A whole expression as one function."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from app.fhir.regex import anew

from ..environment import Run
from ..nodes import Items, Node
from ..syntax import Call, Expression, anywhere
from ..ways import FAILURES
from .gather import Gathering
from .lines import Here
from .operate import takes_time
from .wanted import HEAD, Compile, asks_run

Planned = Callable[[Node, dict[str, Items], dict[str, None] | None], Items]
"""(focus, variables, used) -> the collection of an expression of a plan. ``used``: None where nobody asks what was
looked at."""
_DONE_ONCE: Final = frozenset({"trace", "defineVariable"})
_THIS: Final = re.compile(r"\bthis\b")


class Whole(NamedTuple):
    """An expression written out. ``text``: as far as it has been written, for readers."""

    answer: Planned
    text: Callable[[], str]


def whole(tree: Expression, compile_step: Compile, otherwise: Planned, watched: bool) -> Whole | None:
    """The function of an expression whose variables are settled by a plan; ``None`` where it is nested too deep, or
    must not be evaluated twice: ``otherwise`` answers where the written form cannot. ``watched``: whether it tells what
    it looked at."""
    if anywhere(tree, lambda part: isinstance(part, Call) and part.name in _DONE_ONCE):
        return None
    writer = Gathering(compile_step, settled=True, watched=watched)
    with writer.block("try:"):
        begun = len(writer.lines)
        found = writer.items(tree, Here("this"))
        writer.line(f"return {found}")
        own = writer.lines[begun:]
        begin = ["this = [focus]"] if asks_run(own) or any(_THIS.search(line) for line in own) else []
        if asks_run(own):
            begin.append(f"run = {writer.constant(Run)}(this, S, S, U)")
        if anywhere(tree, takes_time):
            begin.append(f"{writer.constant(anew)}()")  # the time of its matches begins anew
        writer.lines[begun:begun] = [f" {line}" for line in begin]
    with writer.block(f"except {writer.constant(FAILURES)}:"):
        writer.line(f"return {writer.constant(otherwise)}(focus, S, U)")
    made: Any = writer.function(HEAD)
    if made is None:
        return None
    text = writer.text(HEAD)
    return Whole(made, lambda: "\n\n".join([text, *(part for one in writer.ways for part in one.texts)]))
