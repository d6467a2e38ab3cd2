"""The doors of the engine: ``apply`` for a PlanDefinition, ``apply_activity`` for an ActivityDefinition."""

from __future__ import annotations

from typing import Any

from app.errors import Invalid
from app.fhir.fhirpath import node
from pathways.apply.definitions import Definitions, broken, name_of, refuse_subject
from pathways.apply.expression import ExpressionFailed
from pathways.apply.frame import Frame, Run
from pathways.apply.instantiate import ONCE, activity
from pathways.apply.outcome import Applied
from pathways.apply.plan import Plan, read_plan
from pathways.apply.recipe import recipe_of
from pathways.apply.request import ApplyRequest
from pathways.apply.schedule import mark, schedule
from pathways.apply.scope import Scope
from pathways.apply.timing import from_timing, working
from pathways.apply.walk import walk

Resource = dict[str, Any]


def apply(plan: Resource, asked: ApplyRequest, before: Run | None = None, watched: bool = True) -> Applied:
    """The outcome of a PlanDefinition for one subject (https://hl7.org/fhir/R4/plandefinition-operation-apply.html).
    ``before``: that of another subject of the same batch; ``watched``: whether what conditions look at is noted on the
    way, because all of it will be told, or found out for the actions of which it is asked.

    What goes wrong with one action is reported on it, in ``issues`` and in the answer. Raises Invalid where the plan
    is no PlanDefinition, or is for another type of subject: then after what is worse, definitions that are not there or
    go in a circle.
    """
    _refuse_other(plan, "PlanDefinition")
    try:
        refuse_subject(plan, recipe_of(plan).subjects, asked.subject["resourceType"])
    except Invalid as error:
        worse = list(broken(plan, Definitions(asked).find))
        if not worse:
            raise
        raise Invalid(str(worse[0]), issues=[*worse, *error.issues]) from error
    read = read_plan(plan)
    scope = Scope(asked, read.variables, joins=read.closed, watched=watched)
    frame = Frame(Run(asked, before), read, scope, (read.name,), asked.day)
    outcomes = walk(frame)
    schedule(frame.run)
    frame.run.ended()
    return Applied(frame, outcomes)


def apply_activity(definition: Resource, asked: ApplyRequest) -> Resource:
    """The request of an ActivityDefinition for one subject, transient (activitydefinition-operation-apply).

    Raises Invalid, naming the expression, where it cannot be made: half a prescription is none.
    """
    _refuse_other(definition, "ActivityDefinition")
    recipe = recipe_of(definition)
    refuse_subject(definition, recipe.subjects, asked.subject["resourceType"])
    empty = Plan(definition, {}, (), False, node(definition))
    frame = Frame(Run(asked), empty, Scope(asked, {}), (name_of(definition),), asked.day)
    try:
        made = activity(frame, recipe, (), frame.scope)
    except ExpressionFailed as error:
        name = definition.get("title") or name_of(definition)
        raise Invalid(
            "'{name}' cannot be made: {reason}", name=name, reason=error.reason, expression=error.expression
        ) from error
    reference = frame.run.propose(made, str(definition.get("id") or "request"))
    proposed = frame.run.resources[reference]
    due = from_timing(definition, asked.day, asked.subject.get("birthDate")) if made["resourceType"] in ONCE else None
    if due is not None:
        urgent = definition.get("priority", "routine") != "routine"
        mark(proposed, working(due, asked.calendar, urgent))
    return proposed


def _refuse_other(definition: Resource, kind: str) -> None:
    if definition.get("resourceType") != kind:
        raise Invalid("{type} is no {kind}", type=definition.get("resourceType"), kind=kind)
