"""Regular expressions that others wrote, within a time: in a matcher that backtracks, ``(a|aa)+$`` may take for ever.

No look at a pattern tells all of those apart, so the matcher itself is held to a time (the package ``regex``, which
reads what Python's ``re`` reads), and a pattern to the size that its counts make of it. For FHIRPath, filters of value
sets and the patterns of forms.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from threading import local
from time import perf_counter
from typing import Any, Final

import regex

from app.errors import Invalid

MAX_LENGTH: Final = 1000
"""Characters of a pattern."""
MAX_SIZE: Final = 10_000
"""Characters, once ``{n}`` is written out; ``((a{1000}){1000}){1000}`` would fill the memory."""
MATCH_SECONDS: Final = 0.1
"""One match."""
SLOW: Final = 0.002
TOGETHER_SECONDS: Final = 0.5
"""Slow matches one after the other: a thousand that are each just in time would hold a worker for minutes."""
_REST: Final = 2.0
"""Seconds after which slow matches are forgotten, where nobody says that something new begins."""

SHORT: Final = 1000
"""Characters of a text over which a pattern of few ways cannot take long."""
FEW_WAYS: Final = 64
MANY_WAYS: Final = 32
"""What an endless repetition counts for: one may stand beside one choice of two, and no two of them together."""

_spent = local()


def anew() -> None:
    """Something new is evaluated by this thread: what the matches before took does not count."""
    _spent.slow = 0.0, 0.0


class Pattern:
    """A compiled regular expression; its matches raise ``failure`` when they take too long."""

    __slots__ = ("_compiled", "_failure", "_plain", "text")

    def __init__(self, text: str, failure: Callable[[str], Exception] = Invalid, *, lines: bool = True):
        """``lines``: a dot matches a line's end too. Raises ``failure`` on what is no regular expression."""
        if len(text) > MAX_LENGTH:
            raise failure(f"A regular expression has at most {MAX_LENGTH} characters.")
        size, ways = _measured(text)
        if size > MAX_SIZE:
            raise failure("The counts of this regular expression come to too much.")
        flags = re.DOTALL if lines else re.NOFLAG
        try:
            self._compiled = regex.compile(text, flags)
        except (regex.error, RecursionError, OverflowError, MemoryError, ValueError) as error:
            raise failure(f"Not a regular expression: {error}.") from None
        self._failure = failure
        self._plain = _plain(text, flags) if ways <= FEW_WAYS else None
        self.text = text

    def search(self, text: str) -> bool:
        """Whether it matches anywhere."""
        if self._plain is not None and len(text) <= SHORT:
            return self._plain.search(text) is not None
        return self._timed(self._compiled.search, text) is not None

    def fullmatch(self, text: str) -> bool:
        """Whether it matches the whole."""
        return self._timed(self._compiled.fullmatch, text) is not None

    def sub(self, template: str, text: str) -> str:
        """The text with every match replaced. Raises ``failure`` on a template that names no group of it."""
        try:
            replaced: str = self._timed(self._compiled.sub, template, text)
        except (regex.error, IndexError) as error:
            raise self._failure(f"Not a substitution for this regular expression: {error}.") from None
        return replaced

    def _timed(self, match: Any, *arguments: str) -> Any:
        begun = perf_counter()
        try:
            return match(*arguments, timeout=MATCH_SECONDS, concurrent=False)
        except TimeoutError:
            raise self._failure("This regular expression takes too long.") from None
        finally:
            took = perf_counter() - begun
            if took > SLOW and _together(begun, took) > TOGETHER_SECONDS:
                raise self._failure("The regular expressions take too long.")


def _plain(text: str, flags: re.RegexFlag) -> re.Pattern[str] | None:
    """Python's own matcher, which is much faster and knows no time; None where it reads the pattern otherwise."""
    try:
        return re.compile(text, flags)
    except (re.error, RecursionError, OverflowError):
        return None


def _together(begun: float, took: float) -> float:
    """The seconds of the slow matches that this thread has made without a rest."""
    spent, ended = getattr(_spent, "slow", (0.0, 0.0))
    spent = took if begun - ended > _REST else spent + took
    _spent.slow = spent, begun + took
    return spent


_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\??|\{(\d*)(?:(,)(\d*))?\}|.", re.DOTALL)
_HARD = re.compile(r"\)[*+?{]|\\[1-9]|\(\?(?![:=!<]|P<)")
"""A repeated group, what a group has found before, flags and whatever else stands in ``(?…)``."""


def _measured(text: str) -> tuple[int, int]:
    """(size, ways) of a pattern: how many characters it has when its counts are written out, and in how many ways a
    matcher that goes back may try it from one place; more than ``FEW_WAYS`` where that is not easily said.
    """
    outer: list[tuple[int, int]] = []
    done, last, choices = 0, 0, 1
    ways = FEW_WAYS + 1 if _HARD.search(text) else 1
    for piece in _PIECE.finditer(text):
        sign, (low, comma, high) = piece[0], piece.groups()
        if low or high:
            last *= max(1, *(int(count[:9]) for count in (low, high) if count))
        elif sign[0] == "(":
            outer.append((done + last, choices))
            done, last, choices = 0, 0, 1
        elif sign == ")" and outer:
            ways *= choices
            last = done + last + 1
            done, choices = outer.pop()
        else:
            done, last = done + last, 1
        if sign in ("*", "+") or (comma and not high):
            ways *= MANY_WAYS
        elif sign == "?":
            ways *= 2
        elif comma:
            ways *= max(1, int(high[:9]) - int(low[:9] or 0) + 1)
        choices += sign == "|"
        ways = min(ways, FEW_WAYS + 1)
    return sum(size for size, _ in outer) + done + last, ways * choices
