"""The pathway engine: a released PlanDefinition applied to a patient, with due dates and reasons. Pure: no I/O, no
clock.

The pipeline, one file a step, in order:

    request       what is asked: for whom, with which facts, when, in which language
    plan          the PlanDefinition read once: its actions (action), variables (variables), expressions (expression)
    scope         variables: lazy, inherited by nested plans, watched
    walk          each action in order:
      conditions    does it apply? taken, not taken, missing, failed
      selection     which of a group's actions
      ask           what is missing is asked for
      definitions   what the action points at (recipe: what of it is the same for everybody)
      instantiate   the request (kinds), its dynamic values (dynamic), the nested plan, the form to fill
    goals         the plan's goals
    schedule      due days: timing, relations between actions, working days (timing, ``pathways.calendar``)
    explanation   why, with dates and sources (wording); what was looked at (seen, values)
    bundle        the answer as FHIR (explain)

``batch`` applies a plan to many patients; ``check`` reads content without a patient; ``operation`` is the FHIR
operation over all of it.
"""

from pathways.apply.batch import apply_many
from pathways.apply.engine import apply, apply_activity
from pathways.apply.outcome import ActionOutcome, Applied, Source, Value
from pathways.apply.request import ApplyRequest
from pathways.apply.timing import Due

__all__ = [
    "ActionOutcome",
    "Applied",
    "ApplyRequest",
    "Due",
    "Source",
    "Value",
    "apply",
    "apply_activity",
    "apply_many",
]
