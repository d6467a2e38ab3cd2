"""One action of a plan, ready to run: its conditions and dynamic values compiled, and what of its element is asked for
again and again read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from app.fhir.fhirpath import Program
from pathways.apply.dynamic import ACTION, set_value
from pathways.apply.expression import ExpressionFailed, Path, Search
from pathways.apply.timing import Timing, timing_of

COPIED = (
    "id", "prefix", "title", "description", "textEquivalent", "priority", "code", "documentation", "relatedAction",
    "type", "groupingBehavior", "selectionBehavior", "requiredBehavior", "precheckBehavior", "cardinalityBehavior",
)  # fmt: skip
ONE = frozenset({"exactly-one", "at-most-one"})
REGIMEN = "treatment"
"""The kind of a group whose actions are one treatment."""
MOST = 64
"""With how many different values an action is kept."""


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


@dataclass(frozen=True, slots=True)
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
    id: str = field(init=False)
    """The action's id, or its path where it has none."""
    title: str = field(init=False)
    """For messages: title, else id or path."""
    definition: str | None = field(init=False)
    """The canonical or uri of what it asks for."""
    timing: Timing | None = field(init=False)
    """Its own timing."""
    related: bool = field(init=False)
    """Whether it is due by another action."""
    chooses: Literal["one", "all-or-none", ""] = field(init=False)
    """How what is taken of a group depends on more than each action's own verdict; empty where it does not."""
    obliges: bool = field(init=False)
    """Whether one of a group has to be taken."""
    regimen: bool = field(init=False)
    """Whether its actions are one treatment: a numbered step of kind treatment."""
    copied: Mapping[str, Any] = field(init=False)
    """What stands in the answer as it is."""
    starts: list[Any] = field(init=False)
    """Its conditions of starting and stopping, which are decided where it is carried out."""
    templates: dict[tuple[str, str], tuple[str, ...]] = field(init=False, default_factory=dict, compare=False)
    """(outcome, language) → explanation template, as far as it has been asked for: its texts, and between them the
    expressions of its places."""
    texts: dict[tuple[str, str], str | None] = field(init=False, default_factory=dict, compare=False)
    """(field, language) → its text, as far as it has been asked for."""
    heads: dict[str, list[dict[str, Any]]] = field(init=False, default_factory=dict, compare=False)
    """Status → what an answer says of it before the reason, as far as it has been asked for."""
    _settled: dict[tuple[tuple[str, ...], ...], PlannedAction] = field(init=False, default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        source, path = self.source, self.path
        behaviour = source.get("selectionBehavior")
        chooses = "all-or-none" if behaviour == "all-or-none" else ""
        if behaviour in ONE and any(child.conditions for child in self.children):
            chooses = "one"
        name = str(source.get("id") or path)
        for key, value in {
            "id": name,
            "title": str(source.get("title") or name),
            "definition": source.get("definitionCanonical") or source.get("definitionUri"),
            "timing": timing_of(source),
            "related": "relatedAction" in source,
            "chooses": chooses,
            "obliges": behaviour in ("exactly-one", "one-or-more"),
            "regimen": self.kind == REGIMEN and source.get("prefix") is not None,
            "copied": {key: source[key] for name in COPIED for key in (name, f"_{name}") if key in source},
            "starts": [one for one in source.get("condition", ()) if one.get("kind") in ("start", "stop")],
        }.items():
            object.__setattr__(self, key, value)

    def settled(self, values: Sequence[Sequence[Any]]) -> PlannedAction:
        """The same action with these values (raw FHIR JSON) in the places of its ``own`` ones; of texts, such as days,
        it is made once. Raises Invalid as ``set_value``."""
        key = tuple(map(tuple, values)) if all(one.__class__ is str for found in values for one in found) else None
        known = self._settled.get(key) if key is not None else None
        if known is None:
            source = dict(self.source)
            for one, found in zip(self.own, values, strict=True):
                source = set_value(source, one.path, found, ACTION)
            known = replace(self, source=source)
            if key is not None:
                if len(self._settled) >= MOST:
                    self._settled.clear()
                self._settled[key] = known
        return known
