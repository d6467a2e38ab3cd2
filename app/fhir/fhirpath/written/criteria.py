"""Criteria of ``where``, ``exists`` and ``all`` as functions of the JSON of an item: ``code.coding.exists(…)``."""

from __future__ import annotations

from ..model import Type
from ..syntax import Expression
from ..ways import Test
from .gather import Gathering
from .lines import Here
from .wanted import Compile


def criterion(tree: Expression, type_: Type, compile_step: Compile) -> Test | None:
    """The criterion on items of a type; ``None`` where nothing of it can be written so."""
    writer = Gathering(compile_step, settled=False)
    answer = writer.truth(tree, Here("value", type_), "The criterion")
    writer.line(f"return {answer}")
    return writer.function("def answer(run, value):") if writer.plain else None
