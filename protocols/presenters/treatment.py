"""The steps of a treatment as a table: each step's medicines and doses, and the other choices beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from app.errors import NotFound
from app.fhir.resource import Resource
from app.fhir.translation import text
from protocols.presenters.plans import Item

Definitions = Callable[[str], Resource]
Group = dict[str, dict[str, list[str]]]
"""Medicine → step → its doses."""


@dataclass(frozen=True, slots=True)
class Dose:
    """A medicine, how much of it (left to right), and how it is taken where that is not once a day."""

    medicine: str
    amount: str
    schedule: str
    code: str = ""


@dataclass(slots=True)
class Regimen:
    """What is given together; ``choices`` are groups of which one is given: (title, doses, the first is meant)."""

    doses: list[Dose] = field(default_factory=list)
    choices: list[tuple[str, list[Dose]]] = field(default_factory=list)

    @property
    def key(self) -> tuple[Dose, ...]:
        return (*self.doses, *(dose for _, doses in self.choices for dose in doses))

    @property
    def shown(self) -> list[Dose]:
        """The regimen by its first choices."""
        return [*self.doses, *(doses[0] for _, doses in self.choices if doses)]


@dataclass(frozen=True, slots=True)
class Step:
    """A row of the table: its number, the usual regimen, what is done instead in some cases."""

    number: str
    title: str
    description: str
    regimen: Regimen
    variants: tuple[Item, ...]
    to_confirm: bool


@dataclass(frozen=True, slots=True)
class Alternatives:
    """The other choices of a group (such as a class of medicines): doses by medicine and range of steps."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def steps(found: Iterable[Item], definitions: Definitions, lang: str) -> list[Step]:
    """One row for each number that stands as prefix; of several forms of a step, the most frequent regimen is usual."""
    numbered: dict[str, list[Item]] = {}
    for item in found:
        if item.prefix:
            numbered.setdefault(item.prefix, []).append(item)
    return [_step(number, forms, definitions, lang) for number, forms in sorted(numbered.items(), key=_by_number)]


def alternatives(table: Iterable[Step]) -> list[Alternatives]:
    """The groups of choices of all steps, each as a small table; equal neighbouring steps stand together."""
    groups: dict[str, Group] = {}
    numbers: dict[str, list[str]] = {}
    for step in table:
        for title, doses in step.regimen.choices:
            numbers.setdefault(title, []).append(step.number)
            for dose in doses:
                groups.setdefault(title, {}).setdefault(dose.medicine, {}).setdefault(step.number, []).append(
                    dose.amount
                )
    return [_alternatives(title, group, numbers[title]) for title, group in groups.items()]


def _step(number: str, forms: list[Item], definitions: Definitions, lang: str) -> Step:
    regimens = [_regimen(item, definitions, lang) for item in forms]
    count = Counter(regimen.key for regimen in regimens if regimen.shown)
    best = max(range(len(forms)), key=lambda index: (count[regimens[index].key], -index))
    usual, item = regimens[best], forms[best]
    variants = tuple(form for form, other in zip(forms, regimens, strict=True) if other.key != usual.key)
    return Step(number, item.title, item.description, usual, variants, item.to_confirm)


def _regimen(item: Item, definitions: Definitions, lang: str) -> Regimen:
    found = Regimen()
    for child in item.children:
        if child.children and child.action.get("selectionBehavior") in ("exactly-one", "at-most-one"):
            options = [dose for one in child.children if (dose := _dose(one.action, definitions, lang))]
            found.choices.append((child.title, options))
        elif child.children:
            inner = _regimen(child, definitions, lang)
            found.doses += inner.doses
            found.choices += inner.choices
        elif dose := _dose(child.action, definitions, lang):
            found.doses.append(dose)
    return found


def _dose(action: Resource, definitions: Definitions, lang: str) -> Dose | None:
    """The dose that an action orders; None where it orders something else."""
    try:
        order = definitions(action.get("definitionCanonical", ""))
    except NotFound:
        return None
    if order.get("kind") != "MedicationRequest":
        return None
    product = order.get("productCodeableConcept", {})
    dosage: Resource = next(iter(order.get("dosage", ())), {})
    quantity: Resource = next(
        (one["doseQuantity"] for one in dosage.get("doseAndRate", ()) if "doseQuantity" in one), {}
    )
    named = text(product, "text", lang) if quantity else None  # without a dose the title says what is meant
    repeat = dosage.get("timing", {}).get("repeat", {})
    code = next((one.get("code", "") for one in product.get("coding", ())), "")
    return Dose(
        named or text(order, "title", lang) or "",
        _amount(quantity, repeat),
        "" if _once_a_day(repeat) else text(dosage, "text", lang) or "",
        code,
    )


def _amount(quantity: Resource, repeat: Resource) -> str:
    """``12,5 mg``, ``1000 mg × 2``; no sign between thousands: ``1.000`` is a thousand to some and one to others."""
    if not quantity:
        return ""
    number = str(quantity["value"]).replace(".", ",")
    times = repeat.get("frequency", 1)
    return f"{number} {quantity.get('unit', '')}".strip() + (f" × {times}" if times != 1 else "")


def _once_a_day(repeat: Resource) -> bool:
    """The usual schedule, which the table does not repeat at each dose."""
    return (repeat.get("frequency", 1), repeat.get("period", 1), repeat.get("periodUnit", "d")) == (1, 1, "d")


def _alternatives(title: str, group: Group, numbers: list[str]) -> Alternatives:
    def column(number: str) -> tuple[str, ...]:
        return tuple(" / ".join(dict.fromkeys(doses.get(number, ()))) for doses in group.values())

    runs: list[list[str]] = []
    for number in numbers:
        if runs and column(runs[-1][0]) == column(number):
            runs[-1].append(number)
        else:
            runs.append([number])
    heads = tuple(run[0] if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)
    cells = [column(run[0]) for run in runs]
    return Alternatives(
        title, heads, tuple((name, tuple(cell[row] for cell in cells)) for row, name in enumerate(group))
    )


def _by_number(pair: tuple[str, list[Item]]) -> tuple[int, str]:
    digits = "".join(character for character in pair[0] if character.isdigit())
    return (int(digits) if digits else 10**6, pair[0])
