"""Registering a patient, with a look for the same person first: an identifier decides, a likeness warns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from app.config import CANONICAL_BASE
from app.errors import Duplicate, Invalid, Issue
from app.fhir.repository import Repository
from app.fhir.resource import Resource
from pathways.finding import by_identifier, find
from pathways.provenance import record_act
from pathways.vocabulary import FORM, form_identifier

SID = f"{CANONICAL_BASE}/sid"
LANGUAGE = "http://hl7.org/fhir/StructureDefinition/language"
FORMATS = {
    "cnie": re.compile(r"[A-Z]{1,2}\d{1,7}"),
    "idcs": re.compile(r"\d{10}"),
    "cnss": re.compile(r"\d{9}"),
}
"""Formats of MOROCCO's identifiers: CNIE one or two letters and digits; IDCS (law 72-18) 10 digits; CNSS 9 digits."""
OLDEST = 120
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32."""


@dataclass(frozen=True, slots=True)
class Person:
    """What is written down of a person. ``birth``: a FHIR date, or a year alone when no more is known."""

    family: str
    given: str
    gender: str
    birth: str
    family_ar: str = ""
    given_ar: str = ""
    phone: str = ""
    cnie: str = ""
    idcs: str = ""
    cnss: str = ""
    city: str = ""
    district: str = ""


def register(repo: Repository, person: Person, *, form_key: str) -> Resource:
    """Store a new Patient at the actor's establishment. The same form sent twice registers once.

    Raises Invalid (each field that is wrong), Duplicate (somebody has the identifier already: ``details["patient"]``).
    """
    if same := registered(repo, form_key):
        return same
    person = tidied(person)
    if issues := wrong_fields(repo, person):
        raise Invalid("the patient cannot be registered yet", issues=issues)
    for kind in FORMATS:
        value = getattr(person, kind)
        if value and (held := by_identifier(repo, f"{SID}/{kind}", value)):
            raise Duplicate("a patient with this identifier is registered already", patient=held[0].id, expression=kind)
    patient = repo.create(as_patient(repo, person, form_key), if_none_exist=f"identifier={FORM}|{form_key}")
    record_act(repo, "registration", [patient])
    return patient


def registered(repo: Repository, form_key: str) -> Resource | None:
    """The Patient that this form has registered already, where it is sent a second time."""
    return repo.first(f"Patient?identifier={FORM}|{form_key}")


def likely_same(repo: Repository, person: Person) -> list[Any]:
    """Directory rows of people who may be this one: the same phone, or name and sex with a birth year within two."""
    person = tidied(person)
    rows = {row.id: row for row in (find(repo, person.phone) if person.phone else [])}
    for name in (f"{person.family} {person.given}", f"{person.family_ar} {person.given_ar}"):
        if not name.strip():
            continue
        for row in find(repo, name):
            near = not row.birth_year or abs(int(row.birth_year) - int(person.birth[:4])) <= 2
            if near and row.sex in (person.gender, "unknown"):
                rows[row.id] = row
    return list(rows.values())


def tidied(person: Person) -> Person:
    """Without stray spaces; identifiers in capitals without separators; the phone as digits with its country."""

    def compact(text: str) -> str:
        return re.sub(r"[\s.\-/]", "", text).upper()

    return Person(
        family=" ".join(person.family.split()),
        given=" ".join(person.given.split()),
        gender=person.gender,
        birth=person.birth.strip(),
        family_ar=" ".join(person.family_ar.split()),
        given_ar=" ".join(person.given_ar.split()),
        phone=national_phone(person.phone),
        cnie=compact(person.cnie),
        idcs=compact(person.idcs),
        cnss=compact(person.cnss),
        city=person.city.strip(),
        district=person.district.strip(),
    )


def national_phone(text: str) -> str:
    """``0612-34 56 78`` and ``00212 6…`` as ``+212612345678``; other text as its digits."""
    digits = re.sub(r"[^\d+]", "", text)
    if not digits:
        return text.strip()
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if digits.startswith("0") and len(digits) == 10:
        digits = "+212" + digits[1:]
    return digits


def wrong_fields(repo: Repository, person: Person) -> list[Issue]:
    """One issue for each field that cannot stand; ``expression`` is the field's name."""
    issues = []
    if not (person.family and person.given) and not (person.family_ar and person.given_ar):
        issues.append(
            Issue("write the family name and the given name, in Latin or in Arabic letters", "required", "family")
        )
    if person.gender not in ("female", "male"):
        issues.append(Issue("choose the sex", "required", "gender"))
    today = repo.today.isoformat()
    if not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", person.birth):
        issues.append(Issue("write the date of birth, or the year alone", "required", "birth"))
    elif person.birth > today[: len(person.birth)]:
        issues.append(Issue("the date of birth is in the future", "value", "birth"))
    elif int(person.birth[:4]) < repo.today.year - OLDEST:
        issues.append(Issue("the year of birth is more than 120 years ago", "value", "birth"))
    wrong_form = {
        "cnie": Issue("a CNIE number is one or two letters followed by digits", "value", "cnie"),
        "idcs": Issue("an IDCS has 10 digits", "value", "idcs"),
        "cnss": Issue("a CNSS number has 9 digits", "value", "cnss"),
    }
    for kind, form in FORMATS.items():
        if getattr(person, kind) and not form.fullmatch(getattr(person, kind)):
            issues.append(wrong_form[kind])
    if person.phone and not re.fullmatch(r"\+?\d{8,15}", person.phone):
        issues.append(Issue("a phone number has 8 to 15 digits", "value", "phone"))
    return issues


def as_patient(repo: Repository, person: Person, form_key: str) -> Resource:
    """The Patient resource of a tidied person, with a file number of its own."""
    id = repo.new_id()
    patient: Resource = {
        "resourceType": "Patient",
        "id": id,
        "identifier": [form_identifier(form_key), {"system": f"{SID}/patient", "value": file_number(id)}]
        + [{"system": f"{SID}/{kind}", "value": getattr(person, kind)} for kind in FORMATS if getattr(person, kind)],
        "active": True,
        "name": names(person),
        "gender": person.gender,
        "birthDate": person.birth,
    }
    if person.phone:
        patient["telecom"] = [{"system": "phone", "value": person.phone, "use": "mobile"}]
    if person.city or person.district:
        parts = {"city": person.city, "district": person.district, "country": "MA"}
        patient["address"] = [{key: value for key, value in parts.items() if value}]
    if repo.actor.organization:
        patient["managingOrganization"] = {"reference": repo.actor.organization}
    return patient


def file_number(id: str) -> str:
    """A number that can be read out and typed: ``K7M29QXD`` (40 random bits of the id, without I, L, O and U).

    Two patients in a billion may share one: a search by it then shows both, and no act relies on it alone.
    """
    bits = int(id.replace("-", "")[-10:], 16)
    return "".join(ALPHABET[bits >> shift & 31] for shift in range(35, -1, -5))


def names(person: Person) -> list[Resource]:
    """HumanNames: the Latin one official, the Arabic one marked by its language."""
    found: list[Resource] = []
    if person.family or person.given:
        found.append({"use": "official", "family": person.family, "given": [person.given]})
    if person.family_ar or person.given_ar:
        arabic: Resource = {"extension": [{"url": LANGUAGE, "valueCode": "ar"}], "use": "official"}
        found.append(arabic | {"family": person.family_ar, "given": [person.given_ar]})
    return found
