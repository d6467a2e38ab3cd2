"""Whoever acts has a name in both scripts: each page shows the one of its language."""

from __future__ import annotations

from datetime import timedelta

from app import clock
from app.access import accounts
from app.access.actor import SYSTEM
from app.fhir import validation
from app.store import work
from tests.pathways.views.browser import said
from tests.pathways.views.conftest import MONDAY, PASSWORD, Clinic, enrolled, measured
from tests.pathways.views.test_the_road import play

PEOPLE = {
    "salma": ("Salma Tazi", "سلمى التازي", "physician", "centre"),
    "omar": ("Omar Benjelloun", "عمر بنجلون", "hospital-physician", "chp"),
}


def hired(clinic: Clinic) -> None:
    """A physician of the centre and one of the hospital, both with names in both scripts."""
    clinic.store(*({"resourceType": "Practitioner", "id": name, "active": True} for name in PEOPLE))
    with clinic.flask.app_context(), work(SYSTEM):
        for username, (name, name_ar, role, where) in PEOPLE.items():
            accounts.create(
                username=username,
                name=name,
                name_ar=name_ar,
                roles=[role],
                organization=f"Organization/{where}",
                password=PASSWORD,
                practitioner=f"Practitioner/{username}",
            )


def test_each_page_shows_the_name_in_its_script(clinic_anywhere: Clinic) -> None:
    clinic = clinic_anywhere
    hired(clinic)
    her = enrolled(clinic)
    salma = clinic.browser("salma", "ar")
    step = salma.send(her.visit, **measured(168, 102)).headers["Location"]
    salma.send(step)
    referral = salma.send(f"{her.record}/refer", reason="Bilan").headers["Location"]
    omar = clinic.browser("omar", "fr")
    with clock.frozen(MONDAY + timedelta(hours=4)):
        omar = clinic.browser("omar", "fr")
        play(omar, referral, "send acceptance")
        play(omar, referral, "send interim consultation note")
        omar.send(f"{referral}/answer", findings="HTA", treatment="Amlodipine 10 mg")

        letter = clinic.stored("Composition?_count=1")[0]
        for language, mine, other in (("fr", 0, 1), ("ar", 1, 0)):
            nurse = clinic.browser("nurse", language)
            pages = {
                "salma": [nurse.see(her.record), nurse.see(step)],
                "omar": [nurse.see(her.record), nurse.see(f"/letters/{letter['id']}")],
            }
            for name, seen in pages.items():
                for page in seen:
                    assert PEOPLE[name][mine] in said(page) and PEOPLE[name][other] not in said(page), (name, language)
            header = said(clinic.browser("salma", language).see("/my-day"))
            assert PEOPLE["salma"][mine] in header and PEOPLE["salma"][other] not in header
    assert not validation.validate(letter)
    for one in clinic.stored("Encounter?_count=1"):
        assert one["participant"][0]["individual"]["reference"] == "Practitioner/salma" and not validation.validate(one)
