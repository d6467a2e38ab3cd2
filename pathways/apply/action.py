"""One action of a plan, ready to run: its conditions and dynamic values compiled, and what of its element is asked for
again and again read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal

from app.fhir.fhirpath import Program
from pathways.apply.dynamic import first_element
from pathways.apply.expression import ExpressionFailed, Path, Search
from pathways.apply.timing import Timing, timing_of

COPIED = (
    "id", "prefix", "title", "description", "textEquivalent", "priority", "code", "documentation", "relatedAction",
    "type", "groupingBehavior", "selectionBehavior", "requiredBehavior", "precheckBehavior", "cardinalityBehavior",
)  # fmt: skip
_OF_SOURCE: Mapping[str, tuple[str, ...]] = {
    "id": ("id",),
    "title": ("title", "id"),
    "definition": ("definition",),
    "copied": ("",),
    "timing": ("timing",),
    "related": ("relatedAction",),
    "chooses": ("selectionBehavior",),
    "obliges": ("selectionBehavior",),
    "regimen": ("prefix",),
}
"""What an action remembers of its source, and how the names of the elements begin that it is made of."""
ONE = frozenset({"exactly-one", "at-most-one"})
REGIMEN = "treatment"
"""The kind of a group whose actions are one treatment."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of an action, with its expression ready or the reason why it cannot be evaluated."""

    text: str
    expression: Path | Search | None
    failure: ExpressionFailed | None = None
    program: Program | None = None
    """Of a FHIRPath expression that can be read."""
    begins_with: str | None = None
    """The type that its text begins with."""


@dataclass(frozen=True, slots=True)
class DynamicValue:
    """One dynamicValue: a path and the expression whose values go there."""

    path: str
    expression: Path | Search | None
    failure: ExpressionFailed | None = None


@dataclass(frozen=True)
class PlannedAction:
    """One action of a plan, ready to run. ``source`` is its element, ``path`` its place in the plan; ``dynamic`` values
    go into what it proposes, ``own`` ones into the action itself (its timing, its title)."""

    source: Mapping[str, Any]
    path: str
    conditions: tuple[Condition, ...]
    dynamic: tuple[DynamicValue, ...]
    own: tuple[DynamicValue, ...]
    children: tuple[PlannedAction, ...]
    kind: str | None
    sources: tuple[Mapping[str, Any], ...]
    explanation: Mapping[str, Any] | None
    to_be_confirmed: bool
    avoid_ramadan: bool
    timed: bool = False
    """Whether it has a timing of its own."""
    templates: dict[tuple[str, str], str] = field(default_factory=dict, compare=False)
    """(outcome, language) → explanation template, as far as it has been asked for."""
    texts: dict[tuple[str, str], str | None] = field(default_factory=dict, compare=False)
    """(field, language) → its text, as far as it has been asked for."""

    def with_source(self, source: Mapping[str, Any]) -> PlannedAction:
        """The same action saying other things of itself (its timing, its title)."""
        made = object.__new__(PlannedAction)
        vars(made).update(self.kept, source=source, texts={})
        return made

    @cached_property
    def kept(self) -> Mapping[str, Any]:
        """What stays as it is when its own dynamic values are set."""
        names = [first_element(one.path) for one in self.own]
        known = {
            name: getattr(self, name)
            for name, made_of in _OF_SOURCE.items()
            if not any(path.startswith(made_of) for path in names)
        }
        return {field.name: getattr(self, field.name) for field in fields(self)} | known

    @cached_property
    def id(self) -> str:
        """The action's id, or its path where it has none."""
        return str(self.source.get("id") or self.path)

    @cached_property
    def title(self) -> str:
        """For messages: title, else id or path."""
        return str(self.source.get("title") or self.id)

    @cached_property
    def copied(self) -> Mapping[str, Any]:
        """What stands in the answer as it is."""
        return {key: self.source[key] for name in COPIED for key in (name, f"_{name}") if key in self.source}

    @cached_property
    def definition(self) -> str | None:
        """The canonical or uri of what it asks for."""
        return self.source.get("definitionCanonical") or self.source.get("definitionUri")

    @cached_property
    def timing(self) -> Timing | None:
        """Its own timing."""
        return timing_of(self.source)

    @cached_property
    def related(self) -> bool:
        """Whether it is due by another action."""
        return "relatedAction" in self.source

    @cached_property
    def chooses(self) -> Literal["one", "all-or-none", ""]:
        """How what is taken of a group depends on more than each action's own verdict; empty where it does not."""
        behaviour = self.source.get("selectionBehavior")
        if behaviour in ONE and any(child.conditions for child in self.children):
            return "one"
        return "all-or-none" if behaviour == "all-or-none" else ""

    @cached_property
    def obliges(self) -> bool:
        """Whether one of a group has to be taken."""
        return self.source.get("selectionBehavior") in ("exactly-one", "one-or-more")

    @cached_property
    def regimen(self) -> bool:
        """Whether its actions are one treatment: a numbered step of kind treatment."""
        return self.kind == REGIMEN and self.source.get("prefix") is not None
