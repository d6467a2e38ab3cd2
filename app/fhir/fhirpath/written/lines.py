"""The text of one Python function, put together line by line.

Nothing of an expression's own text gets into it but plain words (the names of variables): names of elements come from
the R4 model, and every string, number and pattern of an expression is handed over as a constant (``K1``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal

from ..model import Type
from .vocabulary import NAMES, VOCABULARY
from .wanted import Compile

_NUMBERS = count()
_WORD = re.compile(r"\w+(?:\(\))?", re.ASCII)


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
    """One function in the making. ``settled``: whether variables are read from ``S`` (and noted in ``U`` where it is
    ``watched``), as a plan hands them over; otherwise an evaluation (``run``) is asked for them."""

    def __init__(self, compile_step: Compile, settled: bool, watched: bool = False):
        self.compile = compile_step
        self.settled = settled
        self.watched = watched
        self.given: dict[str, Any] = {"__builtins__": VOCABULARY}
        self._known: dict[int, str] = {}
        self.plain = 0
        """How many questions are asked of JSON itself."""
        self.sure: set[str] = {"True", "False"}
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
        name = NAMES.get(id(value)) or self._known.get(id(value))
        if name is None:
            name = self._known[id(value)] = f"K{len(self.given)}"
            self.given[name] = value
        return name

    def word(self, text: str) -> str:
        """A text to be found by, or to be told: a plain word as it stands."""
        return f"'{text}'" if _WORD.fullmatch(text) else self.constant(text)

    def unless_empty(self, values: Iterable[str], answer: str) -> str:
        """``answer``, or None where one of the values that it is made of is None."""
        asked = [f"{one} is None" for one in values if one not in self.sure]
        return f"None if {' or '.join(asked)} else {answer}" if asked else answer

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
