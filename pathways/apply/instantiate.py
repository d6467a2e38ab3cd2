"""Step: instantiate. Makes what a taken action asks for: a request, a nested plan's group, a Task to fill a form.

A Questionnaire is handed over by reference, as peers do; where the action says when or by whom, or is of our own
kinds, it becomes a Task to fill it, since only a Task has a due date and a performer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.errors import Invalid, MaslakError
from app.fhir.resource import canonical
from pathways.apply.action import DynamicValue, PlannedAction
from pathways.apply.conditions import empty_needed
from pathways.apply.definitions import refuse_cycle, refuse_subject, tail
from pathways.apply.dynamic import set_value
from pathways.apply.expression import ExpressionFailed, Path
from pathways.apply.frame import Frame
from pathways.apply.kinds import CPG, request_resource
from pathways.apply.outcome import ActionOutcome
from pathways.apply.plan import DEEPEST, Plan
from pathways.apply.recipe import Recipe, recipe_of
from pathways.apply.scope import Scope
from pathways.apply.values import plain

if TYPE_CHECKING:
    from pathways.apply.walk import Walk

Resource = dict[str, Any]
ONCE = frozenset({"Task", "Appointment"})
"""What is done once: the definition's own timing says when."""
ACTIVITY_TYPE = "http://hl7.org/fhir/uv/cpg/CodeSystem/cpg-activity-type"
GROUP: Resource = {"resourceType": "RequestGroup"}
"""What the dynamic values of an action that applies a plan go into."""
PRESCRIBED = ("dosageInstruction", "medication", "dispenseRequest")
"""What of a MedicationRequest has to be known, where it is computed."""
FILL: Resource = {
    "resourceType": "ActivityDefinition",
    "kind": "Task",
    "profile": CPG + "cpg-questionnairetask",
    "intent": "proposal",
    "code": {"coding": [{"system": ACTIVITY_TYPE, "code": "collect-information", "display": "Collect information"}]},
}
"""What a form to fill is made of."""


def instantiate(frame: Frame, outcome: ActionOutcome, walk: Walk) -> None:
    """Propose what the action's definition asks for; on trouble the action fails, by name, and proposes nothing."""
    reference = outcome.action.definition
    if reference is None:
        return
    if "definitionUri" in outcome.action.source and not _known(frame, reference):
        return  # described elsewhere, in another form: the reader gets its address
    try:
        _instantiate(frame, outcome, reference, walk)
    except Unknown as error:
        outcome.lacking = error.lacking
        fail(frame, outcome, error.reason, error.expression)
    except ExpressionFailed as error:
        fail(frame, outcome, error.reason, error.expression)
    except MaslakError as error:
        fail(frame, outcome, error.message, reference, error.code)


class Unknown(ExpressionFailed):
    """What a prescription is to say cannot be worked out; ``lacking``: the variables that are empty."""

    def __init__(self, one: DynamicValue, lacking: tuple[str, ...]):
        text = getattr(one.expression, "text", "")
        names = ", ".join(f"%{name}" for name in lacking) or text
        super().__init__(text, f"'{one.path}' is not known: {names} is empty")
        self.lacking = lacking


def _known(frame: Frame, reference: str) -> bool:
    try:
        frame.run.definitions.find(reference, frame.plan.source)
    except MaslakError:
        return False
    return True


def fail(frame: Frame, outcome: ActionOutcome, reason: str, expression: str, code: str = "processing") -> None:
    """Let an action fail, by name: it proposes nothing."""
    outcome.taken, outcome.failure = "failed", reason
    frame.report(outcome, reason, expression=expression, code=code)


def _instantiate(frame: Frame, outcome: ActionOutcome, reference: str, walk: Walk) -> None:
    if "/Questionnaire/" in reference:
        _questionnaire(frame, outcome, reference)
        return
    action = outcome.action
    recipe = frame.run.recipe(reference, frame.plan.source)
    definition, kind, subject = recipe.definition, recipe.type, frame.asked.subject["resourceType"]
    if kind == "PlanDefinition":
        refuse_cycle(recipe.plan.name, frame.chain)  # the worst fault first
    if recipe.subjects and kind != "Questionnaire":
        refuse_subject(definition, recipe.subjects, subject)
    if kind == "PlanDefinition":
        nested = nested_frame(frame, outcome, recipe.plan)
        if action.dynamic:
            nested.group = _filled(GROUP, action.dynamic, frame.plan.node, frame.scope)
        outcome.children = [*outcome.children, *walk(nested)]
        outcome.nested = nested
    elif kind == "ActivityDefinition":
        made = activity(frame, recipe, action.dynamic, frame.scope, action.source.get("priority"))
        outcome.timed_by = recipe.timing if made["resourceType"] in ONCE else None
        outcome.resources = [frame.run.propose(made, str(definition.get("id") or tail(reference)))]
    elif kind == "Questionnaire":
        _questionnaire(frame, outcome, reference)
    else:
        fail(frame, outcome, f"a definition of type {kind} cannot be applied", reference, "not-supported")


def nested_frame(frame: Frame, outcome: ActionOutcome, plan: Plan) -> Frame:
    """The frame of a plan inside a plan: it inherits the variables, and counts from the action's own due day."""
    path = outcome.path
    if path.count("action[") > DEEPEST:
        raise Invalid("plans are nested more than {levels} deep", levels=DEEPEST)
    chain = (*frame.chain, plan.name)
    return Frame(frame.run, plan, frame.within(plan), chain, outcome.due.earliest or frame.anchor, path + "/", frame)


def activity(
    frame: Frame, recipe: Recipe, more: tuple[DynamicValue, ...], scope: Scope, priority: str | None = None
) -> Resource:
    """The request of an ActivityDefinition with its dynamic values, then those of the action that uses it.

    Its own expressions are read on the ActivityDefinition, the action's on the plan. ``priority`` of the action wins.
    """
    made = request_resource(recipe, frame.asked, frame.run.parties, priority)
    if recipe.dynamic:
        outer = scope if recipe.mentions <= frame.plan.visible else frame.alone()
        inner = Scope(frame.asked, recipe.variables, outer) if recipe.variables else outer
        made = _filled(made, recipe.dynamic, recipe.node, inner)
    return _filled(made, more, frame.plan.node, scope) if more else made


def settle_action(frame: Frame, action: PlannedAction) -> PlannedAction:
    """The action with its own dynamic values set. Raises ExpressionFailed or Invalid."""
    if not action.own:
        return action
    return action.settled([_worked_out(one, frame.plan.node, frame.scope, {}) for one in action.own])


def _filled(made: Resource, values: tuple[DynamicValue, ...], focus: Any, scope: Scope) -> Resource:
    for one in values:
        used: dict[str, None] = {}
        found = _worked_out(one, focus, scope, used)
        if not found and _prescribes(made, one.path):
            raise Unknown(one, _empty(scope, used))
        made = set_value(made, one.path, found)
    return made


def _worked_out(one: DynamicValue, focus: Any, scope: Scope, used: dict[str, None]) -> list[Any]:
    """What goes to the place of a dynamic value, as FHIR JSON; ``used`` takes the names of variables."""
    if one.expression is None:
        raise one.failure or ExpressionFailed(one.path, "the dynamic value has no expression")
    if isinstance(one.expression, Path):
        return [plain(item) for item in one.expression.items(focus, scope, used)]
    return [one.expression.run(scope.facts, focus, scope)]


def _prescribes(made: Mapping[str, Any], path: str) -> bool:
    """Whether a value is part of a prescription: without it the printed one, another one, would be prescribed."""
    name = path.removeprefix("%resource.").removeprefix("MedicationRequest.")
    return made.get("resourceType") == "MedicationRequest" and name.startswith(PRESCRIBED)


def _empty(scope: Scope, used: Mapping[str, None]) -> tuple[str, ...]:
    """What is missing behind an expression: the needed variables that are empty, else the deepest empty ones."""
    if needed := empty_needed(scope, tuple(used)):
        return tuple(needed)
    names = [name for name in scope.all_used(used) if scope.declared(name) and not scope.answer(name).items]
    return tuple(name for name in names if not any(other in names for other in scope.answer(name).used))


def _questionnaire(frame: Frame, outcome: ActionOutcome, reference: str) -> None:
    try:
        definition = frame.run.definitions.find(reference, frame.plan.source)
    except MaslakError:
        definition = {"resourceType": "Questionnaire", "id": tail(reference), "url": reference}
    source = outcome.action.source
    if outcome.action.kind or outcome.action.timing or "participant" in source or outcome.action.dynamic:
        task = _filled(_to_fill(frame, definition), outcome.action.dynamic, frame.plan.node, frame.scope)
        outcome.resources = [frame.run.propose(task, f"fill-{tail(reference)}")]
    else:
        outcome.resources = [f"Questionnaire/{definition.get('id') or tail(reference)}"]


def _to_fill(frame: Frame, questionnaire: Mapping[str, Any]) -> Resource:
    """A Task to fill a form (http://hl7.org/fhir/uv/cpg/StructureDefinition/cpg-questionnairetask)."""
    made = request_resource(recipe_of(FILL), frame.asked, frame.run.parties)
    where = canonical(questionnaire) if questionnaire.get("url") else f"Questionnaire/{questionnaire['id']}"
    return made | {"input": [{"type": FILL["code"], "valueCanonical": where}]}
