"""Loading the demo region: the establishments and their staff, then one simulated life after another.

Lives come in batches, each stored in a transaction of its own, so that memory holds a few batches whatever the number
of people. A load that was broken off goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from flask import current_app
from flask_security import hash_password

from app import clock
from app.access.actor import automation
from app.config import CANONICAL_BASE
from app.errors import Conflict
from app.fhir.repository import Repository
from app.fhir.resource import Resource, canonical
from app.store import work
from app.terminology import Terminology
from pathways.questionnaire import items
from pathways.questionnaire.listing import lists_of
from pathways.simulator import crowd, region
from pathways.simulator.disease import Disease, diseases
from pathways.simulator.surroundings import Surroundings

LOADER = automation("demo")
MARK = "demo-region"
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class State:
    """How far the demo is: ``day`` is the last simulated day of its people."""

    patients: int
    seed: int
    day: date
    done: int

    @property
    def complete(self) -> bool:
        """Whether everybody is there."""
        return self.done >= self.patients


def state() -> State | None:
    """The demo that stands in the store, or a part of it."""
    with work(LOADER) as repo:
        return _state(repo)


def refuse_production() -> None:
    """Raise Conflict on a production server: everybody knows the demo's password."""
    if current_app.config["PRODUCTION"]:
        raise Conflict("a demo region is never loaded into a production server")


def load(patients: int, seed: int, progress: Progress | None = None) -> State:
    """Make the region and its people, or what is missing of them; the state that stands afterwards.

    Raises Conflict on a production server, and when the pathways have not been loaded.
    """
    refuse_production()
    at = state() or State(patients, seed, clock.today(), 0)
    if at.complete:
        return at
    hashed = hash_password(region.PASSWORD)
    with work(LOADER) as repo:
        region.build(repo, hashed)
        repo.update(_mark(at))
        around = _surroundings(repo, diseases(), at)
    for batch in crowd.lives(around, at.done, at.patients):
        with work(LOADER) as repo:
            repo.import_many(resource for life in batch for resource in life)
            at = replace(at, done=at.done + len(batch))
            repo.update(_mark(at))
        if progress:
            progress(at.done, at.patients)
    return at


def _surroundings(repo: Repository, known: Sequence[Disease], at: State) -> list[Surroundings]:
    """For each disease, with the others beside it."""
    definitions = _definitions(repo)
    for disease in known:
        if disease.pathway not in definitions:
            raise Conflict("the pathway {pathway} is not in force: load the content first", pathway=disease.pathway)
    places = region.places(repo, current_app.extensions["maslak.grants"])
    names, value_sets = region.names(), _value_sets(repo, definitions)
    return [
        Surroundings(
            day=at.day,
            seed=at.seed,
            disease=disease,
            places=places,
            names=names,
            definitions=definitions,
            value_sets=value_sets,
            others=tuple(other for other in known if other is not disease),
        )
        for disease in known
    ]


def _definitions(repo: Repository) -> dict[str, Resource]:
    """Everything in force that care may ask for, by url and by ``url|version``."""
    found: dict[str, Resource] = {}
    for kind in ("PlanDefinition", "ActivityDefinition", "Questionnaire", "Library"):
        for one in repo.search_all(f"{kind}?status=active&_count=200"):
            found[canonical(one)] = one
            if one["url"] not in found:
                found[one["url"]] = repo.canonical(one["url"])
    return found


def _value_sets(repo: Repository, definitions: dict[str, Resource]) -> dict[str, Sequence[tuple[str, str, str]]]:
    """The answers of every question that has a list of them."""
    listed = lists_of(Terminology(repo), "fr")
    return {url: listed(url) for url in {url for one in definitions.values() for url in items.lists(one)}}


def _state(repo: Repository) -> State | None:
    mark = repo.find(f"Basic/{MARK}")
    if mark is None:
        return None
    held = {one["system"].rpartition("/")[2]: one["value"] for one in mark["identifier"]}
    return State(
        int(held["demo-patients"]), int(held["demo-seed"]), date.fromisoformat(held["demo-day"]), int(held["demo-done"])
    )


def _mark(at: State) -> Resource:
    values = {"patients": at.patients, "seed": at.seed, "day": at.day.isoformat(), "done": at.done}
    return {
        "resourceType": "Basic",
        "id": MARK,
        "identifier": [
            {"system": f"{CANONICAL_BASE}/sid/demo-{name}", "value": str(value)} for name, value in values.items()
        ],
        "code": {"coding": [{"system": f"{CANONICAL_BASE}/CodeSystem/record", "code": MARK}]},
    }
