"""The text of one Python function, put together line by line.

Nothing of an expression's own text gets into it: names of elements come from the R4 model, and every name, string,
number and pattern of an expression is handed over as a constant (``K1``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any, Literal

from ..model import Type
from ..nodes import Node
from ..operators import EMPTY, FALSE, TRUE
from ..ways import LongWay
from .wanted import Compile

_NUMBERS = count()
UNSET = object()
"""What stands for a value that has not been needed yet."""


@dataclass(frozen=True, slots=True)
class Here:
    """``$this`` in a text: the Python name of the JSON value of one item of ``type``; without a type, of a collection.

    ``node``: the name of the item's own node, where there is one already. ``made``: at the end of a path, what FHIRPath
    made of an item: one System value, or ``"items"``.
    """

    name: str
    type: Type | None = None
    node: str | None = None
    made: Literal["", "value", "items"] = ""


class Lines:
    """One function in the making. ``settled``: whether variables are read from ``S`` (and noted in ``U``), as a plan
    hands them over; otherwise an evaluation (``run``) is asked for them."""

    def __init__(self, compile_step: Compile, settled: bool):
        self.compile = compile_step
        self.settled = settled
        self.given: dict[str, Any] = {
            "LongWay": LongWay,
            "Decimal": Decimal,
            "Node": Node,
            "UNSET": UNSET,
            "EMPTY": EMPTY,
            "TRUE": TRUE,
            "FALSE": FALSE,
        }
        self.plain = 0
        """How many questions are asked of JSON itself."""
        self.sure: set[str] = set()
        """Names of answers that are never empty."""
        self.asked = 0
        """How many closures are asked."""
        self.ways: list[Any] = []
        """What is written when it is first met (``Ways``), to be looked at."""
        self.read_so_far: dict[str, str] = {}
        """Variables that have been read wherever the present line is reached, and the names of their items."""
        self.lines: list[str] = []
        self._kept: list[str] = []
        self._depth = 0
        self._names = map("x{}".format, count())

    def line(self, text: str) -> None:
        """Add a line at the present depth."""
        self.lines.append(" " * self._depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """A line that ends with a colon, and what stands under it."""
        self.line(head)
        self._depth += 1
        before, read = len(self.lines), dict(self.read_so_far)
        yield
        self.read_so_far = read
        if len(self.lines) == before:
            self.line("pass")
        self._depth -= 1

    def name(self) -> str:
        """A new name of a local variable."""
        return next(self._names)

    def keep(self) -> str:
        """A name that is ``UNSET`` when the function begins: for what is worked out at most once."""
        name = f"h{len(self._kept)}"
        self._kept.append(name)
        return name

    def constant(self, value: Any) -> str:
        """The name by which a value is known in the text."""
        name = f"K{len(self.given)}"
        self.given[name] = value
        return name

    def text(self, head: str) -> str:
        """The whole function."""
        kept = [f" {name} = UNSET" for name in self._kept]
        return "\n".join([head, *kept, *(" " + line for line in self.lines)])

    def function(self, head: str) -> Callable[..., Any] | None:
        """The function itself, as ``answer``; ``None`` where it is nested deeper than Python allows."""
        try:
            exec(compile(self.text(head), f"<fhirpath {next(_NUMBERS)}>", "exec"), self.given)
        except (SyntaxError, RecursionError, MemoryError):
            return None
        made: Callable[..., Any] = self.given["answer"]
        return made
