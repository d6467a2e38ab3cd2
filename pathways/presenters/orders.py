"""Medication orders in words: drug, dose, how often; what a step changes, drug by drug."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.fhir.resource import Resource
from app.fhir.translation import text
from app.i18n import num
from pathways.texts import apart, name_of
from pathways.together.drugs import taken_twice
from pathways.treatment import Change, dose


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One order: ``drug`` in the page's language, ``amount`` such as ``5 mg``, ``how`` the instruction."""

    id: str
    drug: str
    amount: str
    how: str
    since: str
    status: str

    @property
    def said(self) -> str:
        """Drug and dose as plain text."""
        return f"{self.drug} {apart(self.amount)}" if self.amount else self.drug


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One line of a change. ``kind``: start, keep, stop, up, down; ``before`` the former amount."""

    kind: str
    order: OrderLine
    before: str = ""


@dataclass(frozen=True, slots=True)
class TwiceLine:
    """Orders of which one is too many. ``title``: what they are, where the group has a name."""

    title: str
    same: bool
    orders: list[OrderLine]


def present(order: Resource, language: str) -> OrderLine:
    """A MedicationRequest, stored or proposed."""
    drug = name_of(order.get("medicationCodeableConcept", {}), language)
    instruction = next(iter(order.get("dosageInstruction", ())), {})
    amount = _said(order)
    return OrderLine(
        id=order.get("id", ""),
        drug=drug,
        amount=amount,
        how=text(instruction, "text", language) or text(instruction, "patientInstruction", language) or "",
        since=str(order.get("authoredOn", ""))[:10],
        status=order.get("status", ""),
    )


def present_change(change: Change, language: str) -> list[ChangeLine]:
    """What a regimen changes: new doses of a drug stand in one line with the former dose."""
    stopped = {drug: order for order in change.stop for drug in _codes(order)}
    lines, replaced = [], set()
    for order in change.start:
        former = next((stopped[code] for code in _codes(order) if code in stopped), None)
        if former is None:
            lines.append(ChangeLine("start", present(order, language)))
            continue
        replaced.add(id(former))
        kind = "up" if _amount(order) >= _amount(former) else "down"
        lines.append(ChangeLine(kind, present(order, language), _said(former)))
    lines += [ChangeLine("keep", present(order, language)) for order in change.keep]
    lines += [ChangeLine("stop", present(order, language)) for order in change.stop if id(order) not in replaced]
    return lines


def present_twice(orders: Iterable[Resource], language: str) -> list[TwiceLine]:
    """Drugs among these that act alike and would be taken together."""
    return [
        TwiceLine(found.title(language), found.same, [present(one, language) for one in found.orders])
        for found in taken_twice(orders)
    ]


def _said(order: Resource) -> str:
    """The amount of one intake with the reader's decimals: ``2,5 mg``."""
    found = dose(order)
    return f"{num(found[0])} {found[1]}" if found else ""


def _codes(order: Resource) -> list[str]:
    return [coding.get("code", "") for coding in order.get("medicationCodeableConcept", {}).get("coding", ())]


def _amount(order: Resource) -> float:
    found = dose(order)
    return float(found[0]) if found else 0.0
