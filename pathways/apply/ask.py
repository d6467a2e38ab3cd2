"""Step: ask. What is missing is asked for: one Task to measure for each needed value, made from its ``ask-with``
definition."""

from __future__ import annotations

from app.config import CANONICAL_BASE
from app.errors import MaslakError
from pathways.apply.action import PlannedAction
from pathways.apply.conditions import Verdict
from pathways.apply.definitions import tail
from pathways.apply.expression import ExpressionFailed
from pathways.apply.frame import Frame
from pathways.apply.instantiate import activity
from pathways.apply.outcome import ActionOutcome
from pathways.vocabulary import ACTION_KIND

MEASURE = {"coding": [{"system": ACTION_KIND, "code": "measure"}]}
MISSING = f"{CANONICAL_BASE}/StructureDefinition/variable-missing"


def ask_for(frame: Frame, outcome: ActionOutcome) -> None:
    """Propose, below an action whose needed values are missing, a Task for each; the same one is asked for once."""
    for name in (*outcome.verdict.missing, *outcome.lacking):
        variable = frame.scope.declared(name)
        if variable is None or variable.ask_with is None:
            continue
        asked = frame.run.asks.get(variable.ask_with)
        if asked is not None:
            if asked not in outcome.children:
                outcome.children = [*outcome.children, asked]
            continue
        try:
            recipe = frame.run.recipe(variable.ask_with, frame.plan.source)
            made = activity(frame, recipe, (), frame.scope)
        except ExpressionFailed as error:
            frame.report(outcome, error.reason, expression=error.expression)
            continue
        except MaslakError as error:
            frame.report(outcome, error.message, expression=variable.ask_with, code=error.code)
            continue
        definition = recipe.definition
        ask = ActionOutcome(_action(definition, name, outcome), frame, Verdict("taken"))
        ask.timed_by = recipe.timing
        ask.asked_by = outcome
        ask.resources = [frame.run.propose(made, str(definition.get("id") or tail(variable.ask_with)))]
        frame.run.asks[variable.ask_with] = ask
        frame.run.taken.append(ask)
        outcome.children = [*outcome.children, ask]


def _action(definition: dict[str, object], name: str, outcome: ActionOutcome) -> PlannedAction:
    """The action that stands for an ask: titled by its definition, in both languages."""
    kept = ("title", "_title", "description", "_description", "priority")
    texts = {field: definition[field] for field in kept if field in definition}
    timing = {field: item for field, item in definition.items() if field.startswith("timing")}
    source = {"id": f"ask-{name}", "code": [MEASURE], **texts, **timing}
    source["extension"] = [{"url": MISSING, "valueString": name}]
    place = f"{outcome.action.path}.ask[{name}]"
    return PlannedAction(source, place, (), (), (), (), "measure", outcome.action.sources, None, False, False)
