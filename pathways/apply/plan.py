"""Step: read the plan. A PlanDefinition is read once (conditions, variables, templates compiled), then applied many
times."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from app.config import CANONICAL_BASE
from app.errors import Invalid
from app.fhir.fhirpath import node
from app.fhir.resource import code_in, extension, extensions
from pathways.apply.action import Condition, DynamicValue, PlannedAction
from pathways.apply.definitions import name_of
from pathways.apply.expression import ExpressionFailed, Path, Search, expression
from pathways.apply.variables import SHARED, Variable, mentioned, variables_of
from pathways.vocabulary import ACTION_KIND

EXPLANATION = f"{CANONICAL_BASE}/StructureDefinition/explanation"
TO_BE_CONFIRMED = f"{CANONICAL_BASE}/StructureDefinition/to-be-confirmed"
AVOID_RAMADAN = f"{CANONICAL_BASE}/StructureDefinition/avoid-ramadan-fast"
_OF_ACTION = re.compile(r"(?:timing|title|prefix|textEquivalent)(?:[A-Z.\[]|$)")
DEEPEST = 40
"""Levels of actions in a plan, and of plans in plans: more than anybody reads, less than the stack holds."""
URGENT = frozenset({"urgent", "asap", "stat"})


class Joined(NamedTuple):
    """The variables of some plans, and what they are together with another's."""

    present: Mapping[str, Variable]
    both: Mapping[str, Variable] | None


@dataclass(frozen=True)
class Plan:
    """A PlanDefinition ready to run. ``explains``: it is written to be explained (variables or templates)."""

    source: dict[str, Any]
    variables: Mapping[str, Variable]
    actions: tuple[PlannedAction, ...]
    explains: bool
    node: Any = None
    """The source as expressions see it."""

    joins: dict[int, Joined] = field(default_factory=dict, compare=False)
    """Other plans' variables, by their identity → they and this plan's own together."""

    @cached_property
    def name(self) -> str:
        """By what it is told apart in a chain of definitions."""
        return name_of(self.source)

    @cached_property
    def visible(self) -> frozenset[str]:
        """The names that it declares, and those of the request."""
        return SHARED.union(self.variables)

    @cached_property
    def closed(self) -> bool:
        """Whether its expressions name nothing but variables that it declares, and those of the request."""
        own = all(one.key is not None and name not in SHARED for name, one in self.variables.items())
        return own and mentioned(self.source.get("action")) <= self.visible

    def joined(self, present: Mapping[str, Variable]) -> Mapping[str, Variable] | None:
        """The variables of closed plans and of this one together; None where this one is not closed, or a name means
        something else, or is called otherwise, in it."""
        found = self.joins.get(id(present))
        if found is None or found.present is not present:
            agrees = self.closed and all(
                name not in present or present[name].words == one.words for name, one in self.variables.items()
            )
            more = agrees and not present.keys() >= self.variables.keys()
            both = {**present, **self.variables} if more else present if agrees else None
            if len(self.joins) >= _JOINS:
                self.joins.clear()
            found = self.joins[id(present)] = Joined(present, both)
        return found.both


_KEPT = 512
_JOINS = 64
"""Sets of plans with which one plan is kept together."""
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
