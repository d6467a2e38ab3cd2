"""Step: goals. The Goals that a plan proposes, with target dates counted from the anchor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.fhir.resource import choice
from pathways.apply.frame import Frame
from pathways.apply.request import reference_of
from pathways.apply.timing import span

Resource = dict[str, Any]
PERTAINS = "http://hl7.org/fhir/StructureDefinition/resource-pertainsToGoal"
_COPIED = ("category", "priority", "description")


def goals_of(frame: Frame) -> dict[str, str]:
    """Propose the goals of a plan; goal id (its place, where it has none) → reference."""
    made = {}
    for at, goal in enumerate(frame.plan.source.get("goal", ())):
        name = goal.get("id") or goal.get("description", {}).get("text") or "goal"
        made[str(goal.get("id") or at)] = frame.run.propose(_goal(frame, goal), str(name))
    return made


def _goal(frame: Frame, goal: Mapping[str, Any]) -> Resource:
    made: Resource = {
        "resourceType": "Goal",
        "lifecycleStatus": "planned",
        "subject": reference_of(frame.asked.subject),
    }
    made |= {name: goal[name] for name in _COPIED if name in goal}
    if "start" in goal:
        made["startCodeableConcept"] = goal["start"]
    if goal.get("target"):
        made["target"] = [_target(frame, one) for one in goal["target"]]
    return made


def _target(frame: Frame, target: Mapping[str, Any]) -> Resource:
    made = {"measure": target["measure"]} if "measure" in target else {}
    detail = choice(target, "detail")
    if detail:
        made["detail" + detail[0]] = detail[1]
    if "due" in target:
        made["dueDate"] = (frame.anchor + span(target["due"])).isoformat()
    return made


def pertaining(references: list[str]) -> Resource:
    """The extensions that tie a RequestGroup or an action to goals; nothing without goals."""
    ties = [{"url": PERTAINS, "valueReference": {"reference": one}} for one in references]
    return {"extension": ties} if ties else {}
