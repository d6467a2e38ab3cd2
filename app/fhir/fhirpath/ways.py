"""What the short way of criteria (``plain``, ``written``) is made of."""

from __future__ import annotations

from collections.abc import Callable
from decimal import DecimalException
from functools import lru_cache
from typing import Any, Final

from .environment import Run
from .errors import FhirPathError
from .model import Field, Type
from .syntax import Expression, Special, anywhere
from .temporal import parse_datetime

Test = Callable[[Run, Any], "bool | None"]
"""A criterion on the JSON value of an item; ``None`` is empty."""


class LongWay(Exception):
    """This JSON cannot be read the short way."""


FAILURES: Final = (
    LongWay, FhirPathError, DecimalException, OverflowError, UnicodeError,
    AttributeError, TypeError, KeyError, IndexError,
)  # fmt: skip
"""What the short way ends with on anything out of the ordinary; the long way then answers, or tells what is wrong."""


def mentions_index(tree: Expression) -> bool:
    """Whether ``$index`` stands anywhere in an expression."""
    return anywhere(tree, lambda part: isinstance(part, Special) and part.name == "index")


def narrowed(owner: Type, name: str, wanted: str) -> Field | None:
    """A choice element as one of its types only; ``None`` where there is no such element."""
    field = owner.fields.get(name)
    return None if field is None or field.resource else owner.narrowed(name, wanted)


def day_of(text: str) -> tuple[int, ...]:
    """The day of a date or dateTime that names one; raises LongWay on any other text."""
    parts = _day(text)
    if parts is None:
        raise LongWay
    return parts


@lru_cache(8192)
def _day(text: str) -> tuple[int, ...] | None:
    found = parse_datetime(text)
    return None if found is None or len(found.parts) < 3 else tuple(found.parts[:3])
