"""The demo region: establishments, staff and their sign-ins. Places are real, people and numbers are not."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.access import accounts, facilities
from app.access.accounts import by_name
from app.access.actor import Actor
from app.access.grants import ROLES, of_roles
from app.access.staff import CLINICAL, INPE, ROLE
from app.errors import Invalid
from app.fhir.repository import Repository
from app.fhir.resource import Resource
from pathways.registration import LANGUAGE
from pathways.simulator.disease import CONTENT
from pathways.simulator.surroundings import Place

Row = Mapping[str, str]
PASSWORD = "parcours-demo-2026"
"""Of every demo account: printed by the command, and never set in production."""
PLACES, STAFF, NAMES = "facilities.csv", "staff.csv", "names.csv"


@dataclass(frozen=True, slots=True)
class SignIn:
    """What is printed for one account."""

    role: str
    username: str
    name: str
    establishment: str
    language: str


def rows(file: str) -> list[dict[str, str]]:
    """The lines of one of the region's files."""
    with (CONTENT / "demo" / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def names() -> dict[str, list[tuple[str, str]]]:
    """``family``, ``female``, ``male`` → (Latin, Arabic)."""
    found: dict[str, list[tuple[str, str]]] = {}
    for row in rows(NAMES):
        found.setdefault(row["kind"], []).append((row["fr"], row["ar"]))
    return found


def sign_ins() -> list[SignIn]:
    """One account of every role, and its counterpart in Arabic where there is one."""
    titles = {row["number"]: row["name_fr"] for row in rows(PLACES)}
    shown: dict[tuple[str, str], SignIn] = {}
    for row in rows(STAFF):
        key = (row["roles"], row["language"])
        one = SignIn(
            row["roles"],
            row["username"],
            f"{row['given_fr']} {row['family_fr']}",
            titles[row["establishment"]],
            row["language"],
        )
        if key not in shown and ("." not in row["username"] or row["username"].endswith(".ar")):
            shown[key] = one
    return sorted(shown.values(), key=lambda one: (ROLES.index(one.role), one.language != "fr"))


def build(repo: Repository, hashed: str) -> None:
    """Make what is missing of the region. ``hashed`` is the hash of the demo password: hashing takes its time."""
    known = {facilities.number_of(one): one for one in repo.search_all("Organization?_count=500")}
    for row in rows(PLACES):
        if row["number"] not in known:
            known[row["number"]] = _establishment(repo, row, known)
    for row in rows(STAFF):
        if by_name(row["username"]) is None:
            _person(repo, row, known, hashed)


def places(repo: Repository, grants: Mapping[str, frozenset[str]]) -> dict[str, Place]:
    """The establishments with their people, as simulated lives need them; by number. ``grants``: role → words."""
    known = {facilities.number_of(one): one for one in repo.search_all("Organization?_count=500")}
    staff = rows(STAFF)
    found = {}
    for row in rows(PLACES):
        reference = f"Organization/{known[row['number']]['id']}"
        here = [one for one in staff if row["number"] in (one["establishment"], one["also"])]
        found[row["number"]] = Place(
            number=row["number"],
            reference=reference,
            level=row["level"],
            commune=(row["commune_fr"], row["commune_ar"]),
            weight=int(row["weight"] or 0),
            hospital=row["hospital"],
            doctors=tuple(_actor(one, reference, grants) for one in here if "physician" in one["roles"]),
            nurses=tuple(_actor(one, reference, grants) for one in here if one["roles"] == "nurse"),
        )
    return found


def _establishment(repo: Repository, row: Row, known: Mapping[str, Resource]) -> Resource:
    above = known.get(row["parent"])
    found = facilities.problems(row, facilities.level_of(above) if above else None)
    if found:
        raise Invalid("the establishment cannot be saved", issues=found)
    values = dict(row) | {"parent": f"Organization/{above['id']}" if above else None, "active": True}
    return repo.create(facilities.described({"id": _id(row["number"])}, values))


def _person(repo: Repository, row: Row, known: Mapping[str, Resource], hashed: str) -> None:
    reference = None
    where = [f"Organization/{known[number]['id']}" for number in (row["establishment"], row["also"]) if number]
    if row["roles"] in CLINICAL:
        reference = f"Practitioner/{repo.create(_practitioner(row))['id']}"
        for number, place in enumerate(where):
            repo.create(_practitioner_role(row, reference, place, number))
    account = accounts.create(
        username=row["username"],
        name=_name(row),
        name_ar=_name(row, "ar"),
        roles=[row["roles"]],
        organization=where[0],
        language=row["language"],
        practitioner=reference,
    )
    account.password = hashed


def _practitioner(row: Row) -> Resource:
    arabic: dict[str, Any] = {"extension": [{"url": LANGUAGE, "valueCode": "ar"}], "use": "official"}
    return {
        "resourceType": "Practitioner",
        "id": f"demo-{row['username'].replace('.', '-')}",
        "identifier": [{"system": INPE, "value": f"DEMO-{row['username']}"}],
        "active": True,
        "name": [
            {"use": "official", "family": row["family_fr"], "given": [row["given_fr"]]},
            arabic | {"family": row["family_ar"], "given": [row["given_ar"]]},
        ],
    }


def _practitioner_role(row: Row, reference: str, place: str, number: int) -> Resource:
    return {
        "resourceType": "PractitionerRole",
        "id": f"demo-{row['username'].replace('.', '-')}-{number + 1}",
        "active": True,
        "practitioner": {"reference": reference, "display": _name(row)},
        "organization": {"reference": place},
        "code": [{"coding": [{"system": ROLE, "code": row["roles"]}]}],
    }


def _actor(row: Row, place: str, grants: Mapping[str, frozenset[str]]) -> Actor:
    return Actor(
        key=f"demo:{row['username']}",
        name=_name(row),
        name_ar=_name(row, "ar"),
        roles=frozenset({row["roles"]}),
        grants=of_roles([row["roles"]], grants),
        practitioner=f"Practitioner/demo-{row['username'].replace('.', '-')}",
        organization=place,
        organizations=frozenset({place}),
    )


def _name(row: Row, script: str = "fr") -> str:
    return f"{row[f'given_{script}']} {row[f'family_{script}']}"


def _id(number: str) -> str:
    return number.lower()
