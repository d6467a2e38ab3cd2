"""Step: put together. The answer as FHIR: RequestGroup (nested ones as entries of their own), CarePlan, Goals,
requests.

Nothing is stored. Texts stay bilingual; the operation reduces them to the reader's language. A plan that is not
written to be explained gets exactly what its definitions say (https://hl7.org/fhir/R4/plandefinition.html, "Applying a
PlanDefinition").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from app.config import CANONICAL_BASE
from app.fhir.bundle import entry
from app.fhir.resource import canonical, has_coding
from pathways.apply.explain import explained, not_taken
from pathways.apply.frame import Frame
from pathways.apply.goals import pertaining
from pathways.apply.outcome import ActionOutcome, Applied
from pathways.apply.request import reference_of
from pathways.apply.telling import fault_outcome

Resource = dict[str, Any]

MESSAGES = "http://hl7.org/fhir/StructureDefinition/cqf-messages"
PLAN_TYPE = "http://terminology.hl7.org/CodeSystem/plan-definition-type"
STRATEGY = "http://hl7.org/fhir/uv/cpg/StructureDefinition/cpg-strategydefinition"
CREATE = {"coding": [{"code": "create", "system": "http://terminology.hl7.org/CodeSystem/action-type"}]}


def bundle_of(applied: Applied) -> Resource:
    """The Bundle of an answer."""
    frame = applied.frame
    groups: list[Resource] = []
    first = _group(frame, applied.actions, groups)
    plans = [_care_plan(frame, first)] if _is_pathway(frame.plan.source) else []
    resources = [*reversed(groups), *plans, *frame.run.resources.values()]
    return {"resourceType": "Bundle", "type": "collection", "entry": [_entry(one) for one in resources]}


def _entry(resource: Resource) -> Resource:
    return entry(resource, f"{CANONICAL_BASE}/{resource['resourceType']}/{resource['id']}")


def _group(frame: Frame, outcomes: list[ActionOutcome], groups: list[Resource]) -> Resource:
    """The RequestGroup of a plan with these outcomes; those of nested plans are added to ``groups`` before it."""
    source = frame.plan.source
    made: Resource = {"resourceType": "RequestGroup", "id": frame.run.new_id(str(source.get("id") or "plan"))}
    made |= _about(frame) | frame.group
    actions = _actions(outcomes, groups)
    extensions = pertaining(list(frame.goals.values())).get("extension", [])
    if frame.plan.explains:
        extensions = extensions + not_taken(outcomes)
    if frame.issues:
        made["contained"] = [fault_outcome(frame.issues) | {"id": "messages"}]
        extensions = [*extensions, {"url": MESSAGES, "valueReference": {"reference": "#messages"}}]
    made |= ({"extension": extensions} if extensions else {}) | ({"action": actions} if actions else {})
    groups.append(made)
    return made


def _about(frame: Frame) -> Resource:
    """What RequestGroup and CarePlan share: definition, status, people."""
    asked, source = frame.asked, frame.plan.source
    made: Resource = {"instantiatesCanonical": [canonical(source)]} if source.get("url") else {}
    made |= {"status": "draft", "intent": "proposal", "subject": reference_of(asked.subject)}
    encounter, author = reference_of(asked.encounter), reference_of(asked.practitioner)
    return made | ({"encounter": encounter} if encounter else {}) | ({"author": author} if author else {})


def _actions(outcomes: Iterable[ActionOutcome], groups: list[Resource]) -> list[Resource]:
    """The actions of a RequestGroup; most outcomes are not taken, and are none."""
    made = (_action(one, groups) for one in outcomes if one.taken != "not-taken")
    return [one for one in made if one is not None]


def _action(outcome: ActionOutcome, groups: list[Resource]) -> Resource | None:
    """The RequestGroup.action of an outcome; None for what failed, and for groups of which nothing is taken."""
    if outcome.taken == "missing" or outcome.lacking:
        return _asks(outcome, groups)
    if outcome.taken != "taken":
        return None
    action, frame = outcome.action, outcome.frame
    source, made = action.source, dict(action.copied)
    if "definitionUri" in source and not outcome.resources and outcome.nested is None:
        elsewhere = {"type": "documentation", "url": source["definitionUri"]}
        made["documentation"] = [*source.get("documentation", ()), elsewhere]
    if (timing := action.timing) is not None:
        made[f"timing{timing.kind}"] = timing.value
    if action.starts:
        made["condition"] = action.starts
    extensions = explained(outcome) if frame.plan.explains else []
    if frame.goals:
        goals = [frame.goals[id] for id in source.get("goalId", ()) if id in frame.goals]
        extensions = pertaining(goals).get("extension", []) + extensions
    if extensions:
        made["extension"] = extensions
    return _with_content(made, outcome, groups)


def _with_content(made: Resource, outcome: ActionOutcome, groups: list[Resource]) -> Resource | None:
    """The action with what it proposes (a request, a nested plan's group), or with the actions below it.

    One that has both gets its own proposal as the first below it: in a RequestGroup an action has a resource or
    actions (rqg-1).
    """
    below = [child for child in outcome.children if child.frame is outcome.frame] if outcome.action.children else []
    children = _actions(below, groups)
    own = _own(made, outcome, groups)
    if own and children:
        named = {key: made[key] for key in ("title", "_title") if key in made}
        rest = {key: value for key, value in made.items() if key != "type"}
        return rest | {"action": [named | own, *children]}
    if own:
        return made | own
    if outcome.action.children and not children:
        return None
    return made | ({"action": children} if children else {})


def _own(made: Resource, outcome: ActionOutcome, groups: list[Resource]) -> Resource:
    """The ``resource`` of an action, and what is to be done with it; nothing where it proposes nothing itself."""
    kind = {"type": made["type"]} if "type" in made else {}
    if outcome.nested is not None:
        within = [child for child in outcome.children if child.frame is outcome.nested]
        nested = _group(outcome.nested, within, groups)
        return kind | {"resource": {"reference": f"RequestGroup/{nested['id']}"}}
    if not outcome.resources:
        return {}
    reference = outcome.resources[0]
    kind = kind or ({} if reference.startswith("Questionnaire/") else {"type": CREATE})
    return kind | {"resource": {"reference": reference}}


def _asks(outcome: ActionOutcome, groups: list[Resource]) -> Resource | None:
    """What is asked for because an action lacks values: the asks that this action, or a part of it, needed first."""
    asks = _actions(_needed_first(outcome), groups)
    if len(asks) <= 1:
        return asks[0] if asks else None
    return {"title": outcome.title, "groupingBehavior": "logical-group", "action": asks}


def _needed_first(outcome: ActionOutcome) -> Iterator[ActionOutcome]:
    for child in outcome.children:
        if child.asked_by is None:
            yield from _needed_first(child)
        elif child.frame is outcome.frame and child.asked_by is outcome:
            yield child


def _is_pathway(source: Resource) -> bool:
    """A pathway becomes a CarePlan (CPG case plan); protocols and strategies stay RequestGroups."""
    profiles = source.get("meta", {}).get("profile", ())
    return has_coding(source.get("type"), PLAN_TYPE, "workflow-definition") and STRATEGY not in profiles


def _care_plan(frame: Frame, group: Resource) -> Resource:
    source = frame.plan.source
    made: Resource = {"resourceType": "CarePlan", "id": frame.run.new_id(str(source.get("id") or "plan"))} | _about(
        frame
    )
    made |= {key: source[key] for name in ("title", "description") for key in (name, f"_{name}") if key in source}
    made["period"] = {"start": frame.anchor.isoformat()}
    if frame.goals:
        made["goal"] = [{"reference": one} for one in frame.goals.values()]
    return made | {"activity": [{"reference": {"reference": f"RequestGroup/{group['id']}"}}]}
