"""Three-valued logic, the right side evaluated only when it matters (http://hl7.org/fhirpath/N1/#boolean-logic)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .environment import Run, truth
from .errors import FhirPathError
from .nodes import Items
from .operators import EMPTY, FALSE, TRUE, answer
from .paths import Step

Decide = Callable[[bool | None, Callable[[], "bool | None"]], Items]


def _both(left: bool | None, right: Callable[[], bool | None]) -> Items:
    if left is False:
        return FALSE
    other = right()
    return FALSE if other is False else EMPTY if left is None or other is None else TRUE


def _either(left: bool | None, right: Callable[[], bool | None]) -> Items:
    if left:
        return TRUE
    other = right()
    return TRUE if other else EMPTY if left is None or other is None else FALSE


def _one(left: bool | None, right: Callable[[], bool | None]) -> Items:
    other = right()
    return EMPTY if left is None or other is None else answer(left != other)


def _implies(left: bool | None, right: Callable[[], bool | None]) -> Items:
    if left is False:
        return TRUE
    other = right()
    return TRUE if other else EMPTY if left is None or other is None else FALSE


def _operator(sign: str, decide: Decide) -> Callable[[Step, Step, int], Step]:
    def build(left: Step, right: Step, at: int) -> Step:
        def calculate(run: Run, this: Items) -> Items:
            try:
                return decide(truth(left(run, this), sign), lambda: truth(right(run, this), sign))
            except FhirPathError as error:
                error.at(at)
                raise

        return calculate

    return build


LOGIC: Final[dict[str, Callable[[Step, Step, int], Step]]] = {
    "and": _operator("and", _both),
    "or": _operator("or", _either),
    "xor": _operator("xor", _one),
    "implies": _operator("implies", _implies),
}
