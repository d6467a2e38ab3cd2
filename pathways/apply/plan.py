"""Step: read the plan. A PlanDefinition is read once (conditions, variables, templates compiled), then applied many
times."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal

from app.config import CANONICAL_BASE
from app.errors import Invalid
from app.fhir.fhirpath import Program, node
from app.fhir.resource import choice, code_in, extension, extensions
from pathways.apply.definitions import name_of
from pathways.apply.dynamic import first_element
from pathways.apply.expression import ExpressionFailed, Path, Search, expression
from pathways.apply.scope import Variable, variables_of
from pathways.apply.timing import Timing, timing_of

EXPLANATION = f"{CANONICAL_BASE}/StructureDefinition/explanation"
TO_BE_CONFIRMED = f"{CANONICAL_BASE}/StructureDefinition/to-be-confirmed"
AVOID_RAMADAN = f"{CANONICAL_BASE}/StructureDefinition/avoid-ramadan-fast"
ACTION_KIND = f"{CANONICAL_BASE}/CodeSystem/action-kind"
_OF_ACTION = re.compile(r"(?:timing|title|prefix|textEquivalent)(?:[A-Z.\[]|$)")
DEEPEST = 40
"""Levels of actions in a plan, and of plans in plans: more than anybody reads, less than the stack holds."""
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
    "whole": ("selectionBehavior",),
    "regimen": ("prefix",),
}
"""What an action remembers of its source, and how the names of the elements begin that it is made of."""
ONE = frozenset({"exactly-one", "at-most-one"})
REGIMEN = "treatment"
"""The kind of a group whose actions are one treatment."""
URGENT = frozenset({"urgent", "asap", "stat"})


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
    def whole(self) -> bool:
        """Whether a group is taken as a whole, or not at all."""
        return self.source.get("selectionBehavior") == "all-or-none"

    @cached_property
    def regimen(self) -> bool:
        """Whether its actions are one treatment: a numbered step of kind treatment."""
        return self.kind == REGIMEN and self.source.get("prefix") is not None


@dataclass(frozen=True)
class Plan:
    """A PlanDefinition ready to run. ``explains``: it is written to be explained (variables or templates)."""

    source: dict[str, Any]
    variables: Mapping[str, Variable]
    actions: tuple[PlannedAction, ...]
    explains: bool
    node: Any = None
    """The source as expressions see it."""

    @cached_property
    def name(self) -> str:
        """By what it is told apart in a chain of definitions."""
        return name_of(self.source)


_KEPT = 512
_read: OrderedDict[tuple[Any, ...], Plan] = OrderedDict()


def read_plan(source: dict[str, Any]) -> Plan:
    """The plan of a PlanDefinition, read once for all requests as long as its content is the same.

    The content is compared, not only its name: a request may bring a plan of its own under the name of a stored one.
    """
    key = (source.get("url"), source.get("version"), source.get("id"))
    found = _read.get(key)
    if found is not None and (found.source is source or found.source == source):
        return found
    variables = variables_of(source)
    citations = tuple(_citations(source.get("relatedArtifact")))
    marked = extension(source, TO_BE_CONFIRMED) is True
    actions = _actions(source.get("action", ()), "PlanDefinition", citations, marked)
    plan = Plan(source, variables, actions, bool(variables) or _any_explained(actions), node(source))
    _read[key] = plan
    while len(_read) > _KEPT:
        _read.popitem(last=False)
    return plan


def _actions(
    sources: Any, path: str, citations: tuple[Mapping[str, Any], ...], marked: bool
) -> tuple[PlannedAction, ...]:
    if path.count(".action[") >= DEEPEST:
        raise Invalid("the actions of a plan are nested more than {levels} deep", levels=DEEPEST, expression=path)
    return tuple(_action(one, f"{path}.action[{at}]", citations, marked) for at, one in enumerate(sources))


def _action(
    source: Mapping[str, Any], path: str, citations: tuple[Mapping[str, Any], ...], marked: bool
) -> PlannedAction:
    own = tuple(_citations(source.get("documentation"))) or citations
    unsure = marked or extension(source, TO_BE_CONFIRMED) is True
    explanation = next(iter(extensions(source, EXPLANATION)), None)
    values = dynamic_values(source)
    defined = "definitionCanonical" in source or "definitionUri" in source
    itself = tuple(one for one in values if on_action(one.path, defined))
    return PlannedAction(
        source=source,
        path=path,
        conditions=tuple(_conditions(source)),
        dynamic=tuple(one for one in values if one not in itself),
        own=itself,
        children=_actions(source.get("action", ()), path, own, unsure),
        kind=_kind(source),
        sources=own,
        explanation=explanation,
        to_be_confirmed=unsure,
        avoid_ramadan=extension(source, AVOID_RAMADAN) is True,
        timed=choice(source, "timing") is not None,
    )


def _conditions(source: Mapping[str, Any]) -> list[Condition]:
    found = []
    for one in source.get("condition", ()):
        if one.get("kind", "applicability") == "applicability":
            about = one.get("expression", {})
            read, failure = _expression(about)
            program, begins = (read.program, read.begins_with) if isinstance(read, Path) else (None, None)
            found.append(Condition(about.get("expression", ""), read, failure, program, begins))
    return found


def dynamic_values(source: Mapping[str, Any]) -> tuple[DynamicValue, ...]:
    """The dynamic values of an action or an ActivityDefinition."""
    made = []
    for one in source.get("dynamicValue", ()):
        read, failure = _expression(one.get("expression", {}))
        made.append(DynamicValue(one.get("path", ""), read, failure))
    return tuple(made)


def on_action(path: str, defined: bool) -> bool:
    """Whether a dynamic value of an action changes the action itself: ``timing``, ``title``, or ``%action.priority``;
    all do where the action proposes nothing."""
    return not defined or path.startswith("%action.") or bool(_OF_ACTION.match(path))


def _expression(about: Mapping[str, Any]) -> tuple[Path | Search | None, ExpressionFailed | None]:
    try:
        return expression(about), None
    except ExpressionFailed as failure:
        return None, failure


def _kind(source: Mapping[str, Any]) -> str | None:
    found = (code_in(concept, ACTION_KIND) for concept in source.get("code", ()))
    return next((code for code in found if code), None)


def _citations(related: Any) -> list[Mapping[str, Any]]:
    return [one for one in related or () if one.get("type") == "citation"]


def _any_explained(actions: tuple[PlannedAction, ...]) -> bool:
    return any(one.explanation is not None or _any_explained(one.children) for one in actions)
