"""What simulated lives stand in: establishments with their people, names, and the definitions that care follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.access.actor import Actor
from app.errors import NotFound
from app.fhir.resource import Resource
from pathways.measurement import Leading, leading
from pathways.simulator.disease import Disease
from pathways.together.forms import Together, merged


@dataclass(frozen=True)
class Place:
    """An establishment: its people, the commune it stands in, and the hospital that it refers to (a number)."""

    number: str
    reference: str
    level: str
    commune: tuple[str, str]
    weight: int
    hospital: str
    doctors: tuple[Actor, ...]
    nurses: tuple[Actor, ...]


@dataclass(frozen=True)
class Surroundings:
    """All that a life needs besides chance. Plain values, so that another process can be given them.

    ``disease`` is what people are enrolled for; ``others`` can come beside it, as often as its data say.
    """

    day: date
    seed: int
    disease: Disease
    places: Mapping[str, Place]
    names: Mapping[str, Sequence[tuple[str, str]]]
    definitions: Mapping[str, Resource]
    value_sets: Mapping[str, Sequence[tuple[str, str, str]]]
    others: tuple[Disease, ...] = ()
    _forms: dict[tuple[str, ...], Together] = field(default_factory=dict, repr=False, compare=False)

    def canonical(self, reference: str) -> Resource:
        """A definition in force, by ``url`` or ``url|version``. Raises NotFound."""
        url, _bar, version = reference.partition("|")
        found = self.definitions.get(url)
        if found is None or version not in ("", found.get("version")):
            raise NotFound(f"there is no definition {reference}")
        return found

    def listed(self, url: str) -> Sequence[tuple[str, str, str]]:
        """The codes of a value set: (system, code, display)."""
        return self.value_sets.get(url, ())

    def leading(self, pathway: str) -> Leading | None:
        """The leading measurement of a pathway."""
        return leading(self.canonical(pathway))

    def merged(self, canonicals: tuple[str, ...]) -> Together:
        """The one form of several, made once."""
        if canonicals not in self._forms:
            self._forms[canonicals] = merged([self.canonical(one) for one in canonicals])
        return self._forms[canonicals]

    def open_to(self) -> Sequence[Place]:
        """The establishments that enrol patients, as many as their weight."""
        return [place for place in self.places.values() if place.weight]


def as_named(row: Mapping[str, Any]) -> tuple[str, str]:
    """(Latin, Arabic) of a name in ``names.json``."""
    return row["fr"], row["ar"]
