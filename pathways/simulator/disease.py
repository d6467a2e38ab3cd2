"""What the simulator knows of a disease: the ``simulation.json`` beside a pathway, plausible figures and no evidence.

``population``: age, share of women. ``signals``: name → what is measured: ``code`` of the question (``system|code``),
``start`` (a person's own level), ``noise``, ``first_visit`` (more on the first day), ``winter`` (more in winter, less
in summer), ``end_digits`` (how people round), ``bounds``, ``below`` ([other signal, distance]), ``when_ordered``
(only when it was ordered, this often), ``measured`` (this often), ``per_year`` (how the disease goes on), ``weeks`` (to
the full effect of a drug), ``scaled`` ([level without effect, level of the full one]), ``own`` (this disease's figures
count in a person who has several). ``traits``: coded values of a person, by sex and age. ``conditions``: other
diseases; with ``disease``, who has it lives on that pathway too. ``answers``: linkId → how a question that is no signal
is answered. ``drug_effects``: ATC and amount a day → change of signals at full effect, or ``per_iu``. ``adherence``,
``side_effects``, ``visits``, ``referral``: habits of people and establishments.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

CONTENT = Path(__file__).parent.parent / "content"
FILE = "simulation.json"


@dataclass(frozen=True)
class Disease:
    """One ``simulation.json``, read."""

    name: str
    pathway: str
    code: str
    population: Mapping[str, Any]
    signals: Mapping[str, Mapping[str, Any]]
    traits: Mapping[str, Sequence[Mapping[str, Any]]]
    conditions: Sequence[Mapping[str, Any]]
    answers: Mapping[str, Sequence[Mapping[str, Any]]]
    effects: Mapping[tuple[str, str], Mapping[str, float]]
    insulins: Mapping[str, Mapping[str, float]]
    response: Mapping[str, Any]
    adherence: Mapping[str, Any]
    side_effects: Sequence[Mapping[str, Any]]
    visits: Mapping[str, Any]
    referral: Mapping[str, Any]

    @cached_property
    def by_code(self) -> Mapping[str, str]:
        """``system|code`` of a question → name of the signal that answers it."""
        return {signal["code"]: name for name, signal in self.signals.items()}

    @property
    def neighbours(self) -> Mapping[str, float]:
        """Name of another disease that can be simulated → how many have it too."""
        return {one["disease"]: one["prevalence"] for one in self.conditions if "disease" in one}

    def alone(self) -> Disease:
        """The same in people who have none of its neighbours."""
        return replace(self, conditions=[one for one in self.conditions if "disease" not in one])

    def with_other(self, other: Disease) -> Disease:
        """Both in one person: the figures of this one, but what the other says of its own signals."""
        own = {name: signal for name, signal in other.signals.items() if signal.get("own")}
        codes = {one["icd10"] for one in self.conditions} | {self.code}
        linked = {*self.answers, *other.answers}
        signals = {**other.signals, **self.signals, **own}
        return replace(
            self,
            signals={
                name: signals[name] for name in (*own, *self.signals, *other.signals)
            },  # what others draw on first
            traits={**other.traits, **self.traits},
            conditions=[
                *(one | {"prevalence": 1} if one["icd10"] == other.code else one for one in self.conditions),
                *(one for one in other.conditions if one["icd10"] not in codes),
            ],
            answers={link: _each([*self.answers.get(link, ()), *other.answers.get(link, ())]) for link in linked},
            effects={**other.effects, **self.effects},
            insulins={**other.insulins, **self.insulins},
            side_effects=[*self.side_effects, *other.side_effects],
        )


def diseases() -> list[Disease]:
    """Every disease that can be simulated, by name."""
    return [read(path) for path in sorted(CONTENT.glob(f"*/{FILE}"))]


def read(path: Path) -> Disease:
    """One file."""
    data = json.loads(path.read_text("utf-8"))
    signals = data["signals"]
    effects = {
        (one["atc"], amount(one["dose_mg"])): {name: one[name] for name in one if name in signals}
        for one in data["drug_effects"]
        if "dose_mg" in one
    }
    insulins = {one["atc"]: one["per_iu"] for one in data["drug_effects"] if "per_iu" in one}
    return Disease(
        name=path.parent.name,
        pathway=data["pathway"],
        code=data["diagnosis"]["code"],
        population=data["population"],
        signals=signals,
        traits=data["traits"],
        conditions=data["conditions"],
        answers={link: [rule] for link, rule in data["answers"].items()},
        effects=effects,
        insulins=insulins,
        response=data["response"],
        adherence=data["adherence"],
        side_effects=data["side_effects"],
        visits=data["visits"],
        referral=data["referral"],
    )


def _each(rules: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Rules that differ, each once."""
    return [rule for number, rule in enumerate(rules) if rule not in rules[:number]]


def amount(dose: float | str) -> str:
    """A dose as ``treatment.dose`` writes it: ``2.5``, ``5``."""
    return f"{float(dose):g}"
