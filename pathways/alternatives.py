"""What a protocol knows besides the step it proposes: its other steps, and other drugs for the same step.

The physician who adapts chooses among these first, so that an adaptation stays within what the Ministry has described.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import NotFound
from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.fhir.translation import text
from pathways.apply import apply_activity
from pathways.progression import Standing
from pathways.treatment import treatment_actions


@dataclass(frozen=True, slots=True)
class Regimen:
    """One regimen of a protocol: the action that describes it and the ActivityDefinitions of its drugs."""

    action: Resource
    definitions: tuple[Resource, ...]

    def label(self, language: str) -> str:
        """``3. amlodipine 10 mg + telmisartan 40 mg``."""
        drugs = " + ".join(text(one, "title", language) or one["url"] for one in self.definitions)
        return f"{self.action.get('prefix', '')}. {drugs}".lstrip(". ")


def alternatives(repo: Repository, standing: Standing) -> list[Regimen]:
    """The regimens of the protocol that runs in the stage, in its order; those without drugs are left out."""
    plan = _protocol(standing)
    if plan is None:
        return []
    found = []
    for action in treatment_actions(plan):
        definitions = tuple(_drugs(repo, action))
        if definitions and definitions not in [one.definitions for one in found]:
            found.append(Regimen(action, definitions))
    return found


def as_orders(standing: Standing, definitions: list[Resource]) -> tuple[Resource, ...]:
    """MedicationRequests (proposals) of some ActivityDefinitions for the patient."""
    asked = standing.applied.frame.asked
    return tuple(apply_activity(definition, asked) for definition in definitions)


def _protocol(standing: Standing) -> Resource | None:
    """The plan in which the stage's treatment steps stand."""
    below = list(standing.stage.walk()) if standing.stage else []
    for outcome in below:
        if outcome.kind == "treatment":
            return outcome.frame.plan.source
    return None


def _drugs(repo: Repository, action: Resource) -> list[Resource]:
    found = []
    for child in [action, *action.get("action", ())]:
        if canonical := child.get("definitionCanonical"):
            try:
                definition = repo.canonical(canonical)
            except NotFound:
                continue
            if definition.get("kind") == "MedicationRequest":
                found.append(definition)
    return found
