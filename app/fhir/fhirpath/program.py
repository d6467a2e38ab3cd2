"""A compiled expression and how it is run."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import DecimalException
from functools import lru_cache
from typing import Any

from app.fhir.regex import anew

from .compiler import scoped
from .environment import Run, starting
from .errors import FhirPathError
from .nodes import Items, Node, raw, system_type
from .parser import parse
from .syntax import Expression
from .written import Planned, Whole, whole

WORTH_WRITING = 6
"""How often a plan asks an expression before it is written out."""

PATIENCE = 1000
"""How often the written form may fail to answer before it is given up."""


class Program:
    """A compiled expression. It holds no state of an evaluation, so any number of threads may run it at once."""

    __slots__ = ("_bailed", "_matches", "_step", "_uses", "_wholes", "expression", "planned", "tree", "unwatched")

    def __init__(self, expression: str):
        self.expression = expression
        self._matches = "atches" in expression  # matches, matchesFull, replaceMatches: their time begins anew
        try:
            self.tree: Expression = parse(expression)
            self._step = scoped(self.tree)
            self._wholes: dict[bool, Whole | None] = {}
            self._uses, self._bailed = [0, 0], 0
            self.unwatched: Planned = self._asked
            """The same as ``planned`` where nobody asks which variables were looked at: ``used`` is None."""
            self.planned: Planned = self._asked
            """The same as ``items`` for a plan, whose expressions are asked for one patient after the other: written
            out as Python once it is worth it.

            ``variables[name]`` works a variable out when it is first asked for (and raises ``KeyError`` for what is
            none of the plan's); ``variables`` stands for the environment too.
            """
        except FhirPathError as error:
            raise error.within(expression) from None
        except RecursionError:
            raise FhirPathError("The expression is nested too deep.", expression) from None

    def items(
        self,
        resource: Any,
        environment: Mapping[str, Any] | None = None,
        settled: Mapping[str, Items] | None = None,
        used: dict[str, None] | None = None,
    ) -> Items:
        """The result as the engine's own items, which keep their types: a variable's value may be such a list.

        ``settled``: what is known of the environment already, as items; ``used``: takes the names of the variables
        that were looked at.
        """
        root = [resource] if resource.__class__ is Node else starting(resource)
        try:
            if self._matches:
                anew()
            return self._step(Run(root, environment, settled, used), root)
        except FhirPathError as error:
            raise error.within(self.expression) from None
        except RecursionError:
            raise FhirPathError("The evaluation is nested too deep.", self.expression) from None
        except (DecimalException, OverflowError) as error:
            raise FhirPathError(f"A number went out of range: {error}.", self.expression) from None
        except UnicodeError:
            raise FhirPathError("A string holds half of a surrogate pair.", self.expression) from None

    def _asked(self, focus: Node, variables: dict[str, Items], used: dict[str, None] | None) -> Items:
        """``planned`` and ``unwatched``, until they are worth writing."""
        watched = used is not None
        self._uses[watched] += 1
        if self._uses[watched] >= WORTH_WRITING and watched not in self._wholes:
            made = self._wholes[watched] = whole(self.tree, scoped, self._again, watched)
            if made is not None:
                if watched:
                    self.planned = made.answer
                else:
                    self.unwatched = made.answer
                return made.answer(focus, variables, used)
        return self.items(focus, variables, variables, used)

    def _again(self, focus: Node, variables: dict[str, Items], used: dict[str, None] | None) -> Items:
        """The closures answer what the written form could not, or tell what is wrong."""
        self._bailed += 1
        if self._bailed > PATIENCE:
            self.planned = self.unwatched = self._asked
        return self.items(focus, variables, variables, used)

    def python(self, watched: bool = True) -> str:
        """The text of the Python that this expression has been written out as so far; for readers."""
        made = self._wholes.get(watched)
        return "" if made is None else made.text()

    @property
    def written(self) -> bool:
        """Whether the written form is in use."""
        made = self._wholes.get(True)
        return made is not None and self.planned is made.answer

    def __call__(self, resource: Any, environment: Mapping[str, Any] | None = None) -> list[Any]:
        """The result: raw JSON values of what stands in the resource, and values that FHIRPath made.

        ``None`` in it is a primitive that has extensions but no value. Made values are ``bool``, ``int``, ``Decimal``,
        ``str``, ``FPDate``, ``FPDateTime``, ``FPTime`` and ``Quantity``. Raises ``FhirPathError``.
        """
        return [raw(item) for item in self.items(resource, environment)]

    def nodes(self, resource: Any, environment: Mapping[str, Any] | None = None) -> list[tuple[str, Any]]:
        """The result with the type of each item: ``dateTime``, ``CodeableConcept``, ``BackboneElement``, or
        ``System.Integer`` and the like for values that FHIRPath made.
        """
        return [
            (item.type.name, item.value) if item.__class__ is Node else (f"System.{system_type(item)}", item)
            for item in self.items(resource, environment)
        ]

    def __repr__(self) -> str:
        return f"Program({self.expression!r})"


_kept = lru_cache(maxsize=4096)(Program)
_LONGEST_KEPT = 2000
"""Characters. Longer expressions are rare, and may come from outside: they are compiled anew each time."""


def compile(expression: str) -> Program:
    """The program of an expression, kept for the next time; raises ``FhirPathError`` naming position and cause."""
    return _kept(expression) if len(expression) <= _LONGEST_KEPT else Program(expression)
