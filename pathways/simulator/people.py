"""Who a simulated person is: a name in both scripts, identifiers that nobody else has, a birth date.

Nobody is meant: CNIE numbers begin with ZZ (no office issues that), telephone numbers are +21260 and the person's
number.
"""

from __future__ import annotations

import random
from datetime import date, timedelta

from app.fhir.repository import Repository
from app.fhir.resource import Resource
from pathways.registration import Person, register
from pathways.simulator import chance as draw
from pathways.simulator.body import YEAR
from pathways.simulator.surroundings import Place, Surroundings


def person(around: Surroundings, chance: random.Random, number: int, place: Place, begun: date) -> Person:
    """A person of the disease's age and sex who lives near an establishment."""
    population = around.disease.population
    gender = "female" if chance.random() < population["female"] else "male"
    age = draw.number(chance, population["age"])
    birth = begun - timedelta(days=round((age + chance.random()) * YEAR))
    given, family = chance.choice(around.names[gender]), chance.choice(around.names["family"])
    if chance.random() < 0.12:
        second = chance.choice(around.names[gender])
        given = given if second == given else (f"{given[0]} {second[0]}", f"{given[1]} {second[1]}")
    year_alone = age > 60 and chance.random() < 0.15  # born before civil registration reached the village
    return Person(
        family=family[0],
        given=given[0],
        family_ar=family[1],
        given_ar=given[1],
        gender=gender,
        birth=str(birth.year) if year_alone else birth.isoformat(),
        phone=f"+21260{number:07d}" if chance.random() < 0.86 else "",
        cnie=f"ZZ{number:06d}" if chance.random() < 0.93 else "",
        city=place.commune[0],
    )


def registered(repo: Repository, who: Person, number: int) -> Resource:
    """The Patient, registered as in a clinic."""
    return register(repo, who, form_key=f"demo-{number}-registration")
