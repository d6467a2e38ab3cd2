"""Criteria read straight from JSON: ``component.where(code.coding.exists(code = '8480-6')).value.exists()``.

``where``, ``exists`` and ``all`` ask the same question of many items. Once it has been asked often of items of one
type, it is written out as a function of their raw JSON (``written``), without nodes and collections on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .environment import Run
from .logic import Compile, Truth
from .model import Type
from .nodes import Node
from .syntax import Expression
from .ways import FAILURES, Test
from .written import criterion as written

OFTEN = 8
"""How often a criterion is asked of a type before it is worth writing out."""


def test_of(tree: Expression, compile_step: Compile, criterion: Truth) -> Callable[[Run, Any], bool | None]:
    """A criterion as a question about an item, the short way where there is one; ``criterion`` is the other way."""
    kept: dict[Type, Test | None] = {}
    asked: dict[Type, int] = {}

    def holds(run: Run, item: Any) -> bool | None:
        if item.__class__ is Node and item.extra is None:
            value, type_ = item.value, item.type
            if value is not None and (value.__class__ is dict) is not type_.primitive:
                try:
                    test = kept[type_]
                except KeyError:
                    times = asked[type_] = asked.get(type_, 0) + 1
                    test = None
                    if times > OFTEN:
                        test = kept[type_] = written(tree, type_, compile_step)
                if test is not None:
                    try:
                        return test(run, value)
                    except FAILURES:
                        return criterion(run, [item])
        return criterion(run, [item])

    return holds
