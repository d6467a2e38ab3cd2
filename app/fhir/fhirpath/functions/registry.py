"""The table of functions. A function receives the evaluation, its input collection and its arguments.

An argument is, by the letter of its kind: ``v`` a collection, evaluated where the call stands; ``e`` a compiled
expression, for the function to evaluate on items of its own; ``t`` a type name. Arguments after ``?`` may be left out.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

from ..environment import single
from ..equality import told
from ..errors import FhirPathError
from ..nodes import Items, Node, system

Body = Callable[..., Items]


class Function(NamedTuple):
    """``kinds``: the letter of each argument; ``needed``: how many may not be left out."""

    name: str
    body: Body
    kinds: str
    needed: int


FUNCTIONS: Final[dict[str, Function]] = {}
ANY_NUMBER: Final = 20
"""The most arguments of a function that takes any number."""


def function(name: str, kinds: str = "") -> Callable[[Body], Body]:
    """Enter a function in the table; ``kinds`` as told above, such as ``v?v``, ``*v`` for any number of collections."""

    def enter(body: Body) -> Body:
        needed = kinds.index("?") if "?" in kinds else 0 if kinds.startswith("*") else len(kinds)
        letters = kinds[1:] * ANY_NUMBER if kinds.startswith("*") else kinds.replace("?", "")
        FUNCTIONS[name] = Function(name, body, letters, needed)
        return body

    return enter


def find(name: str, count: int, at: int) -> Function:
    """The function of a name; raises ``FhirPathError`` when there is none, or not with that many arguments."""
    found = FUNCTIONS.get(name)
    if found is None:
        close = get_close_matches(name, FUNCTIONS, n=1)
        hint = f" Did you mean {close[0]}()?" if close else ""
        raise FhirPathError(f"Unknown function {name}().{hint}", position=at)
    if not found.needed <= count <= len(found.kinds):
        most = len(found.kinds)
        wanted = str(most) if most == found.needed else f"{found.needed} to {most}"
        raise FhirPathError(f"{name}() takes {wanted} arguments, not {count}.", position=at)
    return found


def string_of(items: Items, what: str) -> str | None:
    """The string of a collection, ``None`` when empty; raises on anything that is no string."""
    item = single(items, what)
    if item is None:
        return None
    value = system(item)
    if value is None or isinstance(value, str):
        return value
    hint = "" if isinstance(item, Node) and item.value.__class__ is dict else " Call toString() first."
    raise FhirPathError(f"{what} is for strings, not for {told(item)}.{hint}")


def integer_of(items: Items, what: str) -> int | None:
    """The integer of a collection, ``None`` when empty; raises on anything that is none."""
    item = single(items, what)
    if item is None:
        return None
    value: Any = system(item)
    if value.__class__ is not int:
        raise FhirPathError(f"{what} takes an Integer, not {told(item)}.")
    return int(value)
