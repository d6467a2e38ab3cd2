"""SMART v2 scopes of systems: what was asked for, within what was registered. Pure.

https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_SCOPE = re.compile(r"(system|user|patient)/(\*|[A-Z][A-Za-z]+)\.(c?r?u?d?s?|read|write|\*)(?:\?(\S+))?")
_OLD = {"read": "rs", "write": "cud", "*": "cruds"}
"""The words of SMART v1, as SMART v2 asks that they be read."""


@dataclass(frozen=True, slots=True)
class Scope:
    """``context/type.letters?query``."""

    context: str
    type: str
    letters: str
    query: str = ""

    def __str__(self) -> str:
        return f"{self.context}/{self.type}.{self.letters}" + (f"?{self.query}" if self.query else "")

    def within(self, other: Scope) -> Scope | None:
        """What both allow; None where that is nothing."""
        if self.context != other.context or ("*" not in (self.type, other.type) and self.type != other.type):
            return None
        letters = "".join(letter for letter in "cruds" if letter in self.letters and letter in other.letters)
        queries = dict.fromkeys(query for query in (other.query, self.query) if query)
        type = self.type if other.type == "*" else other.type
        return Scope(self.context, type, letters, "&".join(queries)) if letters else None


def parse(text: str) -> Scope | None:
    """One scope; None on what is none."""
    found = _SCOPE.fullmatch(text)
    if found is None or not found[3]:
        return None
    return Scope(found[1], found[2], _OLD.get(found[3], found[3]), found[4] or "")


def granted(asked: str, registered: str) -> tuple[str, ...]:
    """The scopes of a token: of each one asked for, what the registered ones allow; () where nothing is left."""
    limits = [limit for text in registered.split() if (limit := parse(text))]
    found = [one.within(limit) for text in asked.split() if (one := parse(text)) for limit in limits]
    return tuple(str(scope) for scope in _widest(scope for scope in found if scope))


def _widest(scopes: Iterable[Scope]) -> list[Scope]:
    """Without those that another one covers."""
    listed = list(dict.fromkeys(scopes))
    return [one for one in listed if not any(other != one and one.within(other) == one for other in listed)]
