"""How large a result may grow. An expression of a line can double a string a hundred times; it is stopped here."""

from __future__ import annotations

from typing import Final

from .errors import FhirPathError
from .nodes import Items

MOST_ITEMS: Final = 100_000
"""Items of one collection that functions put together."""

MOST_CHARACTERS: Final = 1_000_000
"""Characters of one string that functions put together."""


def limited(items: Items, what: str) -> Items:
    """The same items; raises ``FhirPathError`` when there are more than ``MOST_ITEMS``."""
    if len(items) > MOST_ITEMS:
        raise FhirPathError(f"{what} came to more than {MOST_ITEMS} items and was stopped.")
    return items


def room_for(characters: int, what: str) -> None:
    """Raise ``FhirPathError`` when a string of so many characters would be over ``MOST_CHARACTERS``."""
    if characters > MOST_CHARACTERS:
        raise FhirPathError(f"{what} came to more than {MOST_CHARACTERS} characters and was stopped.")
