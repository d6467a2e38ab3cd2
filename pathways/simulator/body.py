"""A simulated body: levels of its own, moved by drugs as far as they are taken, and read with noise."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from app.fhir.resource import Resource
from pathways import treatment
from pathways.simulator import chance as draw
from pathways.simulator.disease import Disease, amount
from pathways.vocabulary import ATC

YEAR = 365.25


class Body:
    """One person's physiology in one disease. ``begun`` is the day of the first visit."""

    def __init__(self, disease: Disease, chance: random.Random, sex: str, birth: date, begun: date):
        self.disease, self.chance, self.sex, self.birth, self.begun = disease, chance, sex, birth, begun
        self.levels: dict[str, float] = {}
        for name, signal in disease.signals.items():
            self.levels[name] = draw.number(chance, signal["start"], sex, self.levels)
            older = self.age(begun) - disease.population["age"]["mean"]
            self.levels[name] += signal.get("per_year_of_age", 0) * older
        self.effect = dict.fromkeys(disease.signals, 0.0)
        self.factor = max(0.1, chance.gauss(1, disease.response["individual_factor_sd"]))
        self.habit = draw.part_of(chance, disease.adherence["types"])
        self.taken = chance.uniform(*self.habit["doses_taken"])
        self.conditions = {
            one["icd10"]: self._onset(one) for one in disease.conditions if chance.random() < one["prevalence"]
        }
        self.traits = {name: value for name in disease.traits if (value := self._trait(name)) is not None}
        self.spells = {name: spell for name in disease.traits if (spell := self._spell(name))}
        self.lived = begun
        self.looked_at: dict[str, date] = {}

    def age(self, day: date) -> int:
        """Whole years."""
        return day.year - self.birth.year - ((day.month, day.day) < (self.birth.month, self.birth.day))

    def live(self, day: date, orders: Iterable[Resource]) -> None:
        """Let time pass until a day under some active orders: effects come near to what the drugs can do."""
        target = dict.fromkeys(self.disease.signals, 0.0)
        for drug, dose, unit in taken_drugs(orders):
            for name, change in self._change(drug, dose, unit).items():
                target[name] += change * self.taken * self.factor * self._scale(name)
        usual, days = self.disease.response["weeks_to_full_effect"], (day - self.lived).days
        for name, goal in target.items():
            signal = self.disease.signals[name]
            share = 1 - math.exp(-3 * days / (7 * signal.get("weeks", usual)))
            self.effect[name] += (goal - self.effect[name]) * share
            self.levels[name] += signal.get("per_year", 0) * days / YEAR
        self.lived = day
        if self.chance.random() < self.disease.adherence["change_per_visit"]:
            self.habit = draw.part_of(self.chance, self.disease.adherence["types"])
            self.taken = self.chance.uniform(*self.habit["doses_taken"])

    def _change(self, drug: str, dose: str, unit: str) -> Mapping[str, float]:
        """What a drug does at full effect when all of it is taken."""
        if unit == "mg":
            return self.disease.effects.get((drug, dose), {})
        return {name: by * float(dose) for name, by in self.disease.insulins.get(drug, {}).items()}

    def _scale(self, name: str) -> float:
        """A drug lowers what is high by more than what is nearly right."""
        if "scaled" not in self.disease.signals[name]:
            return 1.0
        none, full = self.disease.signals[name]["scaled"]
        return draw.within((self.levels[name] - none) / (full - none), 0.2, 1.5)

    def level(self, name: str) -> float:
        """What stands behind a reading."""
        return self.levels[name] + self.effect[name]

    def reading(self, name: str, day: date) -> float:
        """One measurement, as somebody writes it down."""
        signal = self.disease.signals[name]
        value = self.level(name) + self.chance.gauss(0, signal.get("noise", 0))
        if day == self.begun:
            value += signal.get("first_visit", 0)
        value += signal.get("winter", 0) * math.cos(2 * math.pi * (day.timetuple().tm_yday - 15) / YEAR)
        return _rounded(self.chance, draw.within(value, *signal["bounds"]), signal)

    def shift(self, change: Mapping[str, float]) -> None:
        """A lasting change of the person's own levels."""
        for name, by in change.items():
            self.levels[name] += by

    def trait(self, name: str, day: date) -> str | None:
        """A person's coded value on a day; None where the question is not for this person."""
        value = self.traits.get(name)
        for first, last, instead in self.spells.get(name, ()):
            if first <= day <= last:
                return instead
        return value

    def due(self, name: str, day: date, every: int) -> bool:
        """Whether something is to be looked at again; then it is."""
        last = self.looked_at.get(name)
        if last is not None and (day - last).days < every:
            return False
        self.looked_at[name] = day
        return True

    def onset(self, icd10: str) -> date | None:
        """Since when a disease is there."""
        return self.conditions.get(icd10)

    def _onset(self, condition: Mapping[str, Any]) -> date:
        return self.begun - timedelta(days=round(self.chance.uniform(*condition["onset_years_ago"]) * YEAR))

    def _case(self, name: str) -> Mapping[str, Any] | None:
        """What is described for people of this sex and age."""
        for case in self.disease.traits[name]:
            low, high = case.get("ages", (0, 200))
            if case.get("sex", self.sex) == self.sex and low <= self.age(self.begun) <= high:
                return case
        return None

    def _trait(self, name: str) -> str | None:
        case = self._case(name)
        return draw.one_of(self.chance, case["shares"]) if case else None

    def _spell(self, name: str) -> list[tuple[date, date, str]]:
        """A time in which a trait has another value."""
        spell = (self._case(name) or {}).get("spell")
        if spell is None or self.chance.random() >= spell["chance"]:
            return []
        first = self.begun + timedelta(days=self.chance.randint(-60, 540))
        return [(first, first + timedelta(days=spell["days"]), spell["value"])]


def taken_drugs(orders: Iterable[Resource]) -> list[tuple[str, str, str]]:
    """(ATC code, amount a day, ``mg`` or ``[IU]``) of some orders."""
    found = []
    for order in orders:
        dose = treatment.dose(order)
        if dose is not None and dose[1] in ("mg", "[IU]"):
            daily = amount(float(dose[0]) * _times(order))
            found += [(code or "", daily, dose[1]) for system, code in treatment.drugs(order) if system == ATC]
    return found


def _times(order: Resource) -> float:
    """How many intakes a day; one where the order says none."""
    frequency, period, unit = treatment.rhythm(order) or ("1", "1", "d")
    return float(frequency or 1) / float(period or 1) if unit == "d" else 1.0


def _rounded(chance: random.Random, value: float, signal: Mapping[str, Any]) -> float:
    habits = signal.get("end_digits")
    if habits is None:
        return float(round(value, signal.get("decimals", 0)))
    roll = chance.random()
    step = 10 if roll < habits["tens"] else 2 if roll < habits["tens"] + habits["even"] else 1
    return float(step * round(value / step))
