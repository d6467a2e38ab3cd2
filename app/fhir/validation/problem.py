"""What the walk of a resource hands upwards: problems whose paths grow on the way to the root, and its context."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.errors import Issue


class Problem(NamedTuple):
    """``path`` is relative to the element that was walked: empty, or it begins with ``.`` or ``[``."""

    path: str
    text: str
    code: str = "structure"


SEVERITY = {"exception": "warning"}
"""A rule that could not be decided is told, and refuses nothing."""

Found = list[Problem] | None
"""None: nothing wrong, which costs nothing."""


@dataclass(slots=True)
class Context:
    """What a resource brings along for its elements: the contained resources, and which of them are referred to."""

    contained: Mapping[str, str] = field(default_factory=dict)
    """id → resource type."""
    used: set[str] = field(default_factory=set)
    root: dict[str, Any] = field(default_factory=dict)
    """The outermost resource of this context: ``%resource`` to its elements."""


Walk = Callable[[Any, Context], Found]
"""Checks one element by itself."""


def one(text: str, code: str = "structure", path: str = "") -> list[Problem]:
    """A single problem."""
    return [Problem(path, text, code)]


def below(prefix: str, problems: Iterable[Problem]) -> list[Problem]:
    """The same problems seen from one level up."""
    return [Problem(prefix + path, text, code) for path, text, code in problems]


def issues(root: str, problems: Iterable[Problem]) -> list[Issue]:
    """The problems as issues with whole FHIRPath expressions."""
    return [Issue(text, code, root + path, SEVERITY.get(code, "error")) for path, text, code in problems]
