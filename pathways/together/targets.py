"""Where two pathways aim at different values of the same measurement, the stricter one applies, with its source.

A pathway names its targets by the extension ``target``: the measurement's code, the variable that holds the value (a
measured value is to be below it; ``at-most``: or equal), the variable that says whether it concerns this patient
(``when``, always without it), and the source. The value of the stricter pathway is then handed to the other one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.config import CANONICAL_BASE
from app.fhir.resource import Resource, extensions
from app.fhir.translation import text
from pathways.measurement import Limit, holds, number_of
from pathways.progression import Standing

URL = f"{CANONICAL_BASE}/StructureDefinition/target"


@dataclass(frozen=True, slots=True)
class Target:
    """One target of one pathway: ``measure`` a Coding, ``variable`` its name there, ``limit`` for this patient."""

    measure: Resource
    variable: str
    limit: Limit
    pathway: Resource
    source: Resource

    @property
    def code(self) -> str:
        """``system|code`` of the measurement."""
        return f"{self.measure['system']}|{self.measure['code']}"

    def title(self, language: str) -> str:
        """The measurement's name."""
        return text(self.measure, "display", language) or str(self.measure["code"])

    def citation(self, language: str) -> str:
        """The document that the value comes from; empty where the pathway names none."""
        return text(self.source, "valueString", language) or ""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Targets of one measurement that differ; ``applies`` is the stricter one."""

    applies: Target
    others: tuple[Target, ...]


def targets(standing: Standing) -> list[Target]:
    """The targets that a pathway sets for this patient; those that cannot be told are left out."""
    found = []
    plan = standing.enrolment.pathway
    for one in extensions(plan, URL):
        parts = {part["url"]: part for part in one["extension"]}
        name = parts["variable"]["valueId"]
        if "when" in parts and not holds(standing.applied.frame.scope, parts["when"]["valueId"]):
            continue
        if (value := number_of(standing.applied.frame.scope, name)) is not None:
            limit = Limit(value, parts.get("at-most", {}).get("valueBoolean") is True)
            found.append(Target(parts["measure"]["valueCoding"], name, limit, plan, parts.get("source", {})))
    return found


def disagreements(standings: Sequence[Standing]) -> list[Disagreement]:
    """Measurements for which two pathways have different targets."""
    by_code: dict[str, list[Target]] = {}
    for standing in standings:
        for target in targets(standing):
            by_code.setdefault(target.code, []).append(target)
    found = []
    for held in by_code.values():
        strictest = min(held, key=lambda target: _strictness(target.limit))
        others = tuple(target for target in held if _strictness(target.limit) > _strictness(strictest.limit))
        if others:
            found.append(Disagreement(strictest, others))
    return found


def _strictness(limit: Limit) -> tuple[Decimal, bool]:
    """Below a value is stricter than at most that value."""
    return limit.value, limit.at_most


def overrides(disagreeing: Sequence[Disagreement], plan: Resource) -> dict[str, Decimal]:
    """Variable -> stricter value, for one pathway."""
    return {
        target.variable: one.applies.limit.value
        for one in disagreeing
        for target in one.others
        if target.pathway["url"] == plan["url"]
    }
