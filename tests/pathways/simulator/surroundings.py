"""Surroundings of simulated lives made from the content files, without a database."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

from app.access.actor import Actor
from app.access.grants import merged, of_roles
from pathways.feature import FEATURE
from pathways.simulator import region
from pathways.simulator.disease import diseases
from pathways.simulator.surroundings import Place, Surroundings
from tests.golden import golden

DAY = date(2026, 11, 24)
GRANTS = merged([FEATURE])


@cache
def around(day: date = DAY, seed: int = 1, name: str = "hypertension", *, beside: bool = False) -> Surroundings:
    """A pathway, one health centre, one hospital; ``beside``: other diseases come with it."""
    known = {one.name: one for one in diseases()}
    return Surroundings(
        day=day,
        seed=seed,
        disease=known[name],
        others=tuple(one for one in known.values() if one.name != name) if beside else (),
        places={"centre": place("centre", 1, "physician"), "chp": place("chp", 0, "hospital-physician")},
        names=region.names(),
        definitions={url: one for url, one in golden.contents().items() if one["resourceType"] != "ValueSet"},
        value_sets={url: listed(one) for url, one in golden.contents().items() if one["resourceType"] == "ValueSet"},
    )


def place(number: str, weight: int, doctor: str) -> Place:
    reference = f"Organization/{number}"
    return Place(
        number, reference, "CSU-2", ("Larache", "العرائش"), weight, "chp",
        (person(doctor, reference),), (person("nurse", reference),),
    )  # fmt: skip


def person(role: str, place: str) -> Actor:
    return Actor(
        key=role,
        name=role,
        roles=frozenset({role}),
        grants=of_roles([role], GRANTS),
        practitioner=f"Practitioner/{role}",
        organization=place,
        organizations=frozenset({place}),
    )


def listed(value_set: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (include["system"], concept["code"], concept.get("display", concept["code"]))
        for include in value_set["compose"]["include"]
        for concept in include.get("concept", ())
    ]
