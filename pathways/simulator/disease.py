"""What the simulator knows of a disease: the ``simulation.json`` beside a pathway, plausible figures and no evidence.

``population``: age, share of women. ``signals``: name → what is measured: ``code`` of the question (``system|code``),
``start`` (a person's own level), ``noise``, ``first_visit`` (more on the first day), ``winter`` (more in winter, less
in summer), ``end_digits`` (how people round), ``bounds``, ``below`` ([other signal, distance]), ``when_ordered``
(only when it was ordered, this often). ``traits``: coded values of a person, by sex and age. ``conditions``: other
diseases. ``answers``: linkId → how a question that is no signal is answered. ``drug_effects``: ATC and dose → change of
signals at full effect. ``adherence``, ``side_effects``, ``visits``, ``referral``: habits of people and establishments.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONTENT = Path(__file__).parent.parent / "content"
FILE = "simulation.json"


@dataclass(frozen=True)
class Disease:
    """One ``simulation.json``, read."""

    name: str
    pathway: str
    population: Mapping[str, Any]
    signals: Mapping[str, Mapping[str, Any]]
    traits: Mapping[str, Sequence[Mapping[str, Any]]]
    conditions: Sequence[Mapping[str, Any]]
    answers: Mapping[str, Mapping[str, Any]]
    effects: Mapping[tuple[str, str], Mapping[str, float]]
    response: Mapping[str, Any]
    adherence: Mapping[str, Any]
    side_effects: Sequence[Mapping[str, Any]]
    visits: Mapping[str, Any]
    referral: Mapping[str, Any]

    @property
    def by_code(self) -> Mapping[str, str]:
        """``system|code`` of a question → name of the signal that answers it."""
        return {signal["code"]: name for name, signal in self.signals.items()}


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
    }
    return Disease(
        name=path.parent.name,
        pathway=data["pathway"],
        population=data["population"],
        signals=signals,
        traits=data["traits"],
        conditions=data["conditions"],
        answers=data["answers"],
        effects=effects,
        response=data["response"],
        adherence=data["adherence"],
        side_effects=data["side_effects"],
        visits=data["visits"],
        referral=data["referral"],
    )


def amount(dose: float | str) -> str:
    """A dose as ``treatment.dose`` writes it: ``2.5``, ``5``."""
    return f"{float(dose):g}"
