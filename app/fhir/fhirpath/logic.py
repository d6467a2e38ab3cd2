"""Three-valued logic, the right side evaluated only when it matters (http://hl7.org/fhirpath/N1/#boolean-logic)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .environment import Run, truth
from .errors import FhirPathError
from .nodes import Items
from .operators import EMPTY, FALSE, TRUE, answer
from .paths import Step

Build = Callable[[Step, Step, int], Step]


def _both(left: Step, right: Step, at: int) -> Step:
    def both(run: Run, this: Items) -> Items:
        try:
            mine = truth(left(run, this), "and")
            if mine is False:
                return FALSE
            other = truth(right(run, this), "and")
        except FhirPathError as error:
            error.at(at)
            raise
        return FALSE if other is False else EMPTY if mine is None or other is None else TRUE

    return both


def _either(left: Step, right: Step, at: int) -> Step:
    def either(run: Run, this: Items) -> Items:
        try:
            mine = truth(left(run, this), "or")
            if mine:
                return TRUE
            other = truth(right(run, this), "or")
        except FhirPathError as error:
            error.at(at)
            raise
        return TRUE if other else EMPTY if mine is None or other is None else FALSE

    return either


def _one(left: Step, right: Step, at: int) -> Step:
    def one(run: Run, this: Items) -> Items:
        try:
            mine, other = truth(left(run, this), "xor"), truth(right(run, this), "xor")
        except FhirPathError as error:
            error.at(at)
            raise
        return EMPTY if mine is None or other is None else answer(mine != other)

    return one


def _implies(left: Step, right: Step, at: int) -> Step:
    def implies(run: Run, this: Items) -> Items:
        try:
            mine = truth(left(run, this), "implies")
            if mine is False:
                return TRUE
            other = truth(right(run, this), "implies")
        except FhirPathError as error:
            error.at(at)
            raise
        return TRUE if other else EMPTY if mine is None or other is None else FALSE

    return implies


LOGIC: Final[dict[str, Build]] = {"and": _both, "or": _either, "xor": _one, "implies": _implies}
