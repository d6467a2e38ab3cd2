"""The health centre's part of the road: register, enrol, visit, decide, refer, receive back."""

from __future__ import annotations

from dataclasses import dataclass

from tests.e2e.visitor import Visitor

HYPERTENSION = "[name=pathway][value*='hypertension']"


@dataclass(frozen=True)
class Person:
    """Somebody who comes to the health centre."""

    family: str = "Bennis"
    given: str = "Aicha"
    family_ar: str = "بنيس"
    given_ar: str = "عائشة"
    birth: str = "12/05/1958"
    phone: str = "0661020304"
    cnie: str = "K482911"
    gender: str = "female"

    def shown(self, language: str) -> str:
        """The family name as it is shown in a language."""
        return self.family_ar if language == "ar" else self.family


def register(clinician: Visitor, person: Person) -> str:
    """Through the registration page; the path of the patient's page."""
    clinician.go("/patients/register")
    fill_registration(clinician, person)
    clinician.send()
    assert clinician.page.locator("h1").inner_text().strip(), clinician.path
    assert "/register" not in clinician.path, clinician.main.inner_text()
    return clinician.path


def fill_registration(clinician: Visitor, person: Person) -> None:
    """Type a person in both scripts."""
    names = ("family", "given", "family_ar", "given_ar", "birth", "phone", "cnie")
    clinician.fill(**{name: getattr(person, name) for name in names})
    clinician.choose("gender", person.gender)


def enrol(clinician: Visitor, patient: str, *, look: bool = False) -> str:
    """In the pathway of hypertension; the path of the visit form that opens."""
    clinician.go(f"{patient}/enrol")
    clinician.page.locator(HYPERTENSION).check()
    if look:
        clinician.look("enrol")
    clinician.send()
    assert clinician.path.endswith("/visit"), clinician.main.inner_text()
    return clinician.path


def fill_first_assessment(clinician: Visitor, systolic: str, diastolic: str) -> None:
    """What is asked at the first visit; the person is past the age of childbearing and has no sign of danger."""
    readings = {"bp1-systolic": "172", "bp1-diastolic": "104", "bp-systolic": systolic, "bp-diastolic": diastolic}
    for name, value in readings.items():
        clinician.page.fill(f"[name='{name}']", value)
    clinician.choose("danger-signs", "no-danger-sign")
    for name, value in (("pregnancy", "not-pregnant"), ("contraception", "no-childbearing-potential")):
        if clinician.page.locator(f"[name='{name}']").count():
            clinician.choose(name, value)


def fill_follow_up(clinician: Visitor, systolic: str, diastolic: str, danger: str = "no-danger-sign") -> None:
    """What is asked at a later visit; the first reading is asked again only where the form asks it."""
    for name, value in (("bp1-systolic", systolic), ("bp1-diastolic", diastolic)):
        if clinician.page.locator(f"[name='{name}']").count():
            clinician.page.fill(f"[name='{name}']", value)
    clinician.page.fill("[name='bp-systolic']", systolic)
    clinician.page.fill("[name='bp-diastolic']", diastolic)
    clinician.choose("danger-signs", danger)
    for name, value in (("pregnancy", "not-pregnant"), ("contraception", "no-childbearing-potential")):
        if clinician.page.locator(f"[name='{name}']").count():
            clinician.choose(name, value)


def save(clinician: Visitor) -> None:
    """Send the visit form."""
    clinician.send()


def accept(clinician: Visitor) -> None:
    """Accept the next step that is shown."""
    clinician.press("Accept")
