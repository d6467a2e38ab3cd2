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

    def age(self, day: date) -> int:
        """Whole years."""
        return day.year - self.birth.year - ((day.month, day.day) < (self.birth.month, self.birth.day))

    def live(self, day: date, orders: Iterable[Resource]) -> None:
        """Let time pass until a day under some active orders: effects come near to what the drugs can do."""
        target = dict.fromkeys(self.disease.signals, 0.0)
        for drug, dose in taken_drugs(orders):
            for name, change in self.disease.effects.get((drug, dose), {}).items():
                target[name] += change * self.taken * self.factor
        weeks = self.disease.response["weeks_to_full_effect"]
        share = 1 - math.exp(-3 * (day - self.lived).days / (7 * weeks))
        for name, goal in target.items():
            self.effect[name] += (goal - self.effect[name]) * share
        self.lived = day
        if self.chance.random() < self.disease.adherence["change_per_visit"]:
            self.habit = draw.part_of(self.chance, self.disease.adherence["types"])
            self.taken = self.chance.uniform(*self.habit["doses_taken"])

    def reading(self, name: str, day: date) -> float:
        """One measurement, as somebody writes it down."""
        signal = self.disease.signals[name]
        value = self.levels[name] + self.effect[name] + self.chance.gauss(0, signal.get("noise", 0))
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


def taken_drugs(orders: Iterable[Resource]) -> list[tuple[str, str]]:
    """(ATC code, milligrams of one intake) of some orders."""
    found = []
    for order in orders:
        dose = treatment.dose(order)
        if dose is not None and dose[1] == "mg":
            found += [(code or "", amount(dose[0])) for system, code in treatment.drugs(order) if system == ATC]
    return found


def _rounded(chance: random.Random, value: float, signal: Mapping[str, Any]) -> float:
    habits = signal.get("end_digits")
    if habits is None:
        return float(round(value, signal.get("decimals", 0)))
    roll = chance.random()
    step = 10 if roll < habits["tens"] else 2 if roll < habits["tens"] + habits["even"] else 1
    return float(step * round(value / step))
