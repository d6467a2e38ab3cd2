"""A form filled in for a simulated body: each question by the signal of its code, else by what the disease says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from app.fhir.resource import Resource
from pathways.questionnaire import items
from pathways.questionnaire.context import ValueSets
from pathways.questionnaire.response import Answers
from pathways.simulator import chance as draw
from pathways.simulator.body import YEAR, Body, taken_drugs

Answer = dict[str, Any]
Rule = Mapping[str, Any]
OTHER_FORM = re.compile(r"^p\d+-")
"""What stands before the linkId of a question that a merged form has from its second source."""


class Filling:
    """One form on one day.

    ``orders``: active MedicationRequests; ``ordered``: codes (``system|code``) of the tests that are awaited;
    ``known``: ICD-10 codes that the record holds already.
    """

    def __init__(
        self, body: Body, day: date, value_sets: ValueSets, orders: list[Resource], ordered: set[str], known: set[str]
    ):
        self.body, self.day, self.value_sets = body, day, value_sets
        self.drugs = taken_drugs(orders)
        self.ordered, self.known = ordered, known
        self.read: dict[str, float] = {}

    def fill(self, questionnaire: Resource) -> Answers:
        """linkId → answers. Those of questions that are not asked are dropped when the response is made."""
        found: Answers = {}
        for item in items.walk(questionnaire):
            if items.is_question(item) and (given := self._answers(item)):
                found[item["linkId"]] = given
        return found

    def _answers(self, item: Resource) -> list[Answer]:
        for code in items.codes(item):
            if name := self.body.disease.by_code.get(f"{code.get('system')}|{code.get('code')}"):
                return self._measured(item, name)
        rules = self.body.disease.answers.get(OTHER_FORM.sub("", item["linkId"]), ())
        given = [answer for rule in rules if self._asked(rule) for answer in BY_KIND[rule["kind"]](self, item, rule)]
        each = _one_by_one(given, {rule["none"] for rule in rules if "none" in rule})
        return each if items.repeats(item) else each[:1]

    def _asked(self, rule: Rule) -> bool:
        """Whether somebody looks at this today: always, when ordered, or once in a time; and then not always."""
        if "ordered" in rule and rule["ordered"] not in self.ordered:
            return False
        if "chance" in rule and self.body.chance.random() >= rule["chance"]:
            return False
        return "every_days" not in rule or self.body.due(rule["trait"], self.day, rule["every_days"])

    def _measured(self, item: Resource, name: str) -> list[Answer]:
        signal = self.body.disease.signals[name]
        if "when_ordered" in signal and not self._came_back(signal):
            return []
        if "measured" in signal and self.body.chance.random() >= signal["measured"]:
            return []
        value = self.body.reading(name, self.day)
        if "below" in signal:
            other, distance = signal["below"]
            value = min(value, self.read.get(other, value + distance) - distance)
        self.read[name] = value
        exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-signal.get("decimals", 0)))
        match item["type"]:
            case "integer":
                return [{"valueInteger": int(exact)}]
            case "quantity":
                unit = next((u for u in items.units(item) if u["code"] == signal.get("unit")), None)
                about = {"unit": items.unit_name(unit), "system": unit["system"], "code": unit["code"]} if unit else {}
                return [{"valueQuantity": {"value": exact} | about}]
            case _:
                return [{"valueDecimal": exact}]

    def _came_back(self, signal: Rule) -> bool:
        """Whether the result of a test is there: some are never done."""
        return signal["code"] in self.ordered and self.body.chance.random() < signal["when_ordered"]

    def _trait(self, item: Resource, rule: Rule) -> list[Answer]:
        value = self.body.trait(rule["trait"], self.day)
        if item["type"] == "boolean":
            return [{"valueBoolean": True}] if value == "true" else []
        return self._coded(item, [value] if value else [])

    def _since(self, item: Resource, rule: Rule) -> list[Answer]:
        if "icd10" in rule:
            onset = self.body.onset(rule["icd10"])
        elif self.body.trait(rule["trait"], self.day) == rule.get("if"):
            onset = self.day - timedelta(days=round(self.body.chance.uniform(*rule["years_ago"]) * YEAR))
        else:
            onset = None
        return [{"valueDate": onset.isoformat()}] if onset else []

    def _condition(self, item: Resource, rule: Rule) -> list[Answer]:
        there = rule["icd10"] in self.body.conditions and rule["icd10"] not in self.known
        return [{"valueBoolean": True}] if there else []

    def _conditions(self, item: Resource, rule: Rule) -> list[Answer]:
        return self._coded(item, [code for code in self.body.conditions if code not in self.known])

    def _signs(self, item: Resource, rule: Rule) -> list[Answer]:
        for case in rule["chances"]:
            if all(self._level(name) > limit for name, limit in case.get("over", {}).items()):
                if self.body.chance.random() < case["chance"]:
                    return self._coded(item, [draw.one_of(self.body.chance, rule["signs"])])
                break
        return self._coded(item, [rule["none"]] if "none" in rule else [])

    def _level(self, name: str) -> float:
        """What was read, or what the body has where nobody has measured it yet."""
        return self.read.get(name) or self.body.level(name)

    def _written(self, item: Resource, rule: Rule) -> list[Answer]:
        return [{"valueString": draw.one_of(self.body.chance, rule["texts"])}]

    def _adherence(self, item: Resource, rule: Rule) -> list[Answer]:
        return self._coded(item, [self.body.habit["code"]]) if self.drugs else []

    def _side_effects(self, item: Resource, rule: Rule) -> list[Answer]:
        if not self.drugs:
            return []
        here = [one for one in self.body.disease.side_effects if one.get("question", "side-effects") == item["linkId"]]
        found = [one["code"] for one in here if self.body.chance.random() < self._likely(one)]
        return self._coded(item, found or [rule["none"]])

    def _likely(self, effect: Mapping[str, Any]) -> float:
        doses = [dose for drug, dose, _unit in self.drugs if drug.startswith(effect.get("atc", ""))]
        if not doses:
            return 0.0
        by_dose = effect.get("probability_by_dose", {})
        return max(float(by_dose.get(dose, effect.get("probability", 0))) for dose in doses)

    def _coded(self, item: Resource, codes: list[str]) -> list[Answer]:
        """Codings of the item's value set, in the display that a page would show; others are not among its answers."""
        listed = {code: (system, display) for system, code, display in self.value_sets(item["answerValueSet"])}
        return [
            {"valueCoding": {"system": listed[code][0], "code": code, "display": listed[code][1]}}
            for code in codes
            if code in listed
        ]


def _one_by_one(answers: list[Answer], nothing: set[str]) -> list[Answer]:
    """Each answer once; *none of these* only where there is no other."""
    each = [one for number, one in enumerate(answers) if one not in answers[:number]]
    others = [one for one in each if one.get("valueCoding", {}).get("code") not in nothing]
    return others or each[:1]


BY_KIND: Mapping[str, Callable[[Filling, Resource, Rule], list[Answer]]] = {
    "trait": Filling._trait,
    "since": Filling._since,
    "condition": Filling._condition,
    "conditions": Filling._conditions,
    "signs": Filling._signs,
    "written": Filling._written,
    "adherence": Filling._adherence,
    "side-effects": Filling._side_effects,
}
"""``kind`` in ``answers`` → how."""
