"""What a definition says that is the same for everybody it is applied to, read once as long as it is the same object:
for whom it is, when it is due, its dynamic values and variables; of an ActivityDefinition what its requests have in
common, of a PlanDefinition the plan."""

from __future__ import annotations

from collections import OrderedDict
from functools import cached_property
from typing import Any

from app.fhir.fhirpath import node
from pathways.apply.action import DynamicValue
from pathways.apply.definitions import subjects_of
from pathways.apply.kinds import parts_of
from pathways.apply.plan import Plan, dynamic_values, read_plan
from pathways.apply.timing import Timing, timing_of
from pathways.apply.variables import Variable, mentioned, variables_of

Resource = dict[str, Any]
_KEPT = 512
_read: OrderedDict[int, Recipe] = OrderedDict()


class Recipe:
    """A definition, and what has been asked of it so far."""

    def __init__(self, definition: Resource):
        self.definition = definition
        self.type: str = definition["resourceType"]

    @cached_property
    def subjects(self) -> frozenset[str] | None:
        """For what types of subject it is: None where it does not say, empty where for any."""
        return subjects_of(self.definition)

    @cached_property
    def timing(self) -> Timing | None:
        """When it is due."""
        return timing_of(self.definition)

    @cached_property
    def dynamic(self) -> tuple[DynamicValue, ...]:
        """Its dynamic values."""
        return dynamic_values(self.definition)

    @cached_property
    def variables(self) -> dict[str, Variable]:
        """The variables that it declares itself."""
        return variables_of(self.definition)

    @cached_property
    def mentions(self) -> frozenset[str]:
        """The names of variables in its dynamic values and in its variables."""
        return mentioned((self.definition.get("dynamicValue"), self.definition.get("extension")))

    @cached_property
    def node(self) -> Any:
        """The definition as expressions see it."""
        return node(self.definition)

    @cached_property
    def parts(self) -> tuple[Resource, Resource]:
        """What of the requests of an ActivityDefinition is always the same (``kinds.parts_of``)."""
        return parts_of(self.definition)

    @cached_property
    def plan(self) -> Plan:
        """The plan of a PlanDefinition. Raises Invalid where its actions are nested too deep."""
        return read_plan(self.definition)


def recipe_of(definition: Resource) -> Recipe:
    """The recipe of a definition, which nobody changes as long as it is in use."""
    found = _read.get(id(definition))
    if found is None or found.definition is not definition:
        found = _read[id(definition)] = Recipe(definition)
        while len(_read) > _KEPT:
            _read.popitem(last=False)
    return found
