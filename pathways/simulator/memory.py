"""A Repository that holds one patient in memory, so that the use cases run on it as on the store.

Searches are answered by ``Facts``, as the engine's are. What it ends with is stored in bulk; ids come from the person's
own source of chance, so that the same seed gives the same ids. Versions are counted as the store will count them: what
is imported is the last state, as version 1.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import unquote

from app.access.actor import Actor
from app.clock import day_of, moment_text
from app.errors import NotFound, NotSupported
from app.fhir.resource import Resource, reference
from pathways.facts import Facts
from pathways.facts.query import place

OUTSIDE = frozenset({"Provenance"})
"""Types that stand outside of a patient's record (their compartment has none of ours)."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of everything that was found."""

    resources: list[Resource]
    included: list[Resource] = field(default_factory=list)
    total: int | None = None
    next: str | None = None


class Memory:
    """One patient's resources. ``actor`` and ``now`` are set by whoever lets time pass (``at``)."""

    def __init__(self, chance: random.Random, definitions: Callable[[str], Resource], actor: Actor, now: datetime):
        self.actor, self.now = actor, now
        self._definitions = definitions
        self._hidden: str | None = None
        self._chance = chance
        self._held: dict[str, Resource] = {}
        self._facts: Facts | None = None

    def at(self, now: datetime, actor: Actor) -> Memory:
        """The same record, later, in somebody's hands."""
        self.actor, self.now, self._facts = actor, now, None
        return self

    def canonical(self, reference: str) -> Resource:
        """A definition. Raises NotFound."""
        if self._hidden and self._hidden in reference:
            raise NotFound("{name} is left out here", name=reference)
        return self._definitions(reference)

    @contextmanager
    def without(self, kind: str) -> Iterator[None]:
        """Within the block definitions of a type are not found."""
        self._hidden = f"/{kind}/"
        try:
            yield
        finally:
            self._hidden = None

    @property
    def today(self) -> date:
        """The Moroccan day."""
        return day_of(self.now)

    @property
    def resources(self) -> list[Resource]:
        """Everything held, in the order in which it was created."""
        return list(self._held.values())

    @property
    def facts(self) -> Facts:
        """The record as the engine sees it."""
        if self._facts is None:
            self._facts = Facts(self._record(), self.now)
        return self._facts

    def new_id(self) -> str:
        """A UUID of version 7 of the simulated instant."""
        value = int(self.now.timestamp() * 1000) << 80 | 0x7 << 76 | self._chance.getrandbits(12) << 64
        text = f"{value | 0x2 << 62 | self._chance.getrandbits(62):032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    # -- reading

    def read(self, reference: str) -> Resource:
        """Raises NotFound."""
        found = self._held.get(reference)
        if found is None:
            raise NotFound(f"there is no {reference}")
        return found

    def find(self, reference: str) -> Resource | None:
        """The resource, if there is one."""
        return self._held.get(reference)

    def read_many(self, references: Iterable[str]) -> dict[str, Resource]:
        """Those that are there."""
        return {one: self._held[one] for one in references if one in self._held}

    def record_of(self, patient_id: str, types: Iterable[str] | None = None) -> list[Resource]:
        """The record of the one patient."""
        wanted = set(types) if types else None
        return [one for one in self._record() if wanted is None or one["resourceType"] in wanted]

    def search(self, query: str) -> Found:
        """Every match, without paging."""
        entries = self.facts.query(*_apart(query)).get("entry", ())
        return Found([entry["resource"] for entry in entries])

    def search_all(self, query: str) -> Iterator[Resource]:
        """Every match."""
        return iter(self.search(query).resources)

    def first(self, query: str) -> Resource | None:
        """The first match."""
        return next(self.search_all(query), None)

    def count(self, query: str) -> int:
        """How many match."""
        return len(self.search(query).resources)

    def search_directory(self, query: str) -> list[Any]:
        """Nobody else: simulated people have identifiers of their own."""
        return []

    # -- changing

    def create(self, resource: Resource, *, if_none_exist: str | None = None) -> Resource:
        """The resource with an id; what meets ``if_none_exist`` is given back instead."""
        if if_none_exist and (same := self.first(f"{resource['resourceType']}?{if_none_exist}")) is not None:
            return same
        return self._keep(resource | {"id": resource.get("id") or self.new_id()})

    def update(self, resource: Resource, *, if_match: int | None = None) -> Resource:
        """The resource in its place."""
        return self._keep(resource)

    def import_many(self, resources: Iterable[Resource]) -> int:
        """Keep all."""
        return sum(1 for one in resources if self._keep(one))

    def _keep(self, resource: Resource) -> Resource:
        made = {"resourceType": resource["resourceType"], "id": resource["id"]}
        made |= resource | {"meta": {"versionId": "1", "lastUpdated": moment_text(self.now)}}
        self._held[reference(made)] = made
        if made["resourceType"] not in OUTSIDE:
            self._facts = None
        return made

    def _record(self) -> list[Resource]:
        return [one for one in self._held.values() if one["resourceType"] not in OUTSIDE]

    # -- what a record in memory has no use for

    def __getattr__(self, name: str) -> Any:
        raise NotSupported(f"a record in memory knows no '{name}'")


def _apart(query: str) -> tuple[str, list[str]]:
    """The shape of a query and its values: shapes are few and are read once, values are everybody's own."""
    type, _, rest = query.partition("?")
    shape, values = [], []
    for pair in rest.split("&"):
        name, _, value = pair.partition("=")
        if name.startswith("_"):
            shape.append(pair)
        else:
            shape.append(f"{name}={place(len(values))}")
            values.append(unquote(value))
    return f"{type}?{'&'.join(shape)}", values
