"""Current treatment, and what accepting a step changes in it.

A treatment step is a whole regimen: accepting it makes the active orders of this protocol equal to it. The same
drug at the same dose is kept, another dose replaces, what the regimen no longer holds is stopped. Drugs that the
protocol's steps do not know (another disease's) are never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.errors import NotFound
from app.fhir.repository import Repository
from app.fhir.resource import Resource, codings, has_coding
from pathways.vocabulary import ACTION_KIND

Definitions = Callable[[str], Resource]
Drug = tuple[str | None, str | None]
"""(system, code) of a medication, mostly ATC."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a regimen changes: ``keep`` and ``stop`` are stored orders, ``start`` proposed ones."""

    keep: tuple[Resource, ...]
    start: tuple[Resource, ...]
    stop: tuple[Resource, ...]

    @property
    def none(self) -> bool:
        """Whether nothing changes."""
        return not self.start and not self.stop


def current(repo: Repository, patient: str) -> list[Resource]:
    """The active orders of a patient, oldest first."""
    query = f"MedicationRequest?patient={patient}&status=active&intent=order&_sort=authoredon&_count=100"
    return list(repo.search(query).resources)


def change(active: Iterable[Resource], regimen: Sequence[Resource], managed: frozenset[Drug]) -> Change:
    """Compare the active orders with a regimen; ``managed`` are the drugs that the protocol's steps know."""
    wanted = {key(order): order for order in regimen}
    keep, stop = [], []
    for order in active:
        if key(order) in wanted:
            keep.append(order)
            del wanted[key(order)]
        elif managed & set(drugs(order)):
            stop.append(order)
    return Change(tuple(keep), tuple(wanted.values()), tuple(stop))


def key(order: Resource) -> tuple[Any, ...]:
    """What makes two orders the same: drug, dose, and how often."""
    return (tuple(sorted(map(str, drugs(order)))), dose(order), rhythm(order))


def drugs(order: Resource) -> list[Drug]:
    """The codes of an order's medication, or of an ActivityDefinition's product."""
    concept = order.get("medicationCodeableConcept") or order.get("productCodeableConcept")
    return [pair for pair in codings(concept) if pair[1]]


def dose(order: Resource) -> tuple[str, str] | None:
    """(amount, UCUM unit) of one intake; None where the order says none."""
    for instruction in order.get("dosageInstruction") or order.get("dosage") or ():
        for rate in instruction.get("doseAndRate", ()):
            if quantity := rate.get("doseQuantity"):
                amount = f"{quantity['value']:f}" if hasattr(quantity["value"], "as_tuple") else str(quantity["value"])
                if "." in amount:
                    amount = amount.rstrip("0").rstrip(".")
                return amount, quantity.get("code") or quantity.get("unit", "")
    return None


def rhythm(order: Resource) -> tuple[str, ...] | None:
    """(frequency, period, unit) of an order's timing; None where it says none."""
    for instruction in order.get("dosageInstruction") or order.get("dosage") or ():
        if repeat := instruction.get("timing", {}).get("repeat"):
            return tuple(str(repeat.get(part, "")) for part in ("frequency", "period", "periodUnit"))
    return None


def managed_drugs(plan: Resource, definitions: Definitions) -> frozenset[Drug]:
    """The drugs of all treatment steps of a protocol (``PlanDefinition``): those that its steps may stop."""
    found: set[Drug] = set()
    for action in treatment_actions(plan):
        for canonical in _definitions(action):
            try:
                definition = definitions(canonical)
            except NotFound:
                continue
            if definition.get("kind") == "MedicationRequest":
                found |= set(drugs(definition))
    return frozenset(found)


def treatment_actions(element: Resource) -> Iterator[Resource]:
    """The actions of kind treatment that are numbered steps (``prefix``), wherever they stand in a plan."""
    for action in element.get("action", ()):
        if action.get("prefix") and any(has_coding(code, ACTION_KIND, "treatment") for code in action.get("code", ())):
            yield action
        else:
            yield from treatment_actions(action)


def _definitions(action: Resource) -> Iterator[str]:
    if "definitionCanonical" in action:
        yield action["definitionCanonical"]
    for child in action.get("action", ()):
        yield from _definitions(child)
