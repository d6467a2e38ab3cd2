"""Hypertension and diabetes in one person: one form, one next step with the reasons of both, one date, one target."""

from __future__ import annotations

from tests.e2e import clinic
from tests.e2e.visitor import House, Visitor

PERSON = clinic.Person(
    "Tahiri", "Abdellah", "الطاهري", "عبد الله", birth="14/02/1964", phone="0667112290", cnie="K771203", gender="male"
)
OTHER = clinic.Person(
    "Sebti", "Mehdi", "السبتي", "المهدي", birth="02/09/1959", phone="0667115571", cnie="K771388", gender="male"
)
SOURCE = {"fr": "OMS HEARTS-D 2020, traitements associés", "ar": "HEARTS-D 2020، العلاجات المرافقة"}
DRUGS = {"fr": ("Amlodipine", "Metformine"), "ar": ("أملوديبين", "ميتفورمين")}


def test_one_visit_for_two_pathways(house: House) -> None:
    physician = house.visitor("medecin")
    patient = _follows_both(physician, PERSON)
    for name in ("bp-systolic", "bp-diastolic", "weight", "hba1c"):
        assert physician.page.locator(f"[name='{name}']").count() == 1, f"{name} is asked once"

    _first_visit(physician)
    physician.reads("< 130/80 mmHg")
    physician.shows("The stricter target applies")
    physician.reads(SOURCE[physician.language])
    for drug in DRUGS[physician.language]:
        physician.reads(drug)
    assert physician.main.locator(".why").filter(has_text="166/104").count() >= 1, "each step says why"
    assert physician.main.locator(".why").filter(has_text="HbA1c").count() >= 1
    physician.look("step-two-pathways")
    clinic.accept(physician)

    assert physician.path == patient
    visits = physician.main.locator("section[aria-labelledby=tasks] li").filter(has_text=physician.say("Visit"))
    assert visits.count() == 1, "one next visit for both"
    assert physician.main.locator("ul.orders li").count() == 2
    physician.reads(SOURCE[physician.language])
    physician.look("patient-two-pathways")
    physician.leave()


def test_a_missing_hba1c_is_asked_for(house: House) -> None:
    physician = house.visitor("medecin")
    _follows_both(physician, OTHER)
    clinic.fill_first_assessment(physician, "124", "74")
    physician.choose("diabetes-symptoms", "no-diabetes-symptom")
    _diabetic_for_years(physician)
    physician.choose("metformin-contraindications", "no-metformin-contraindication")
    clinic.save(physician)
    assert physician.path.endswith("/step"), physician.main.inner_text()
    physician.shows("Missing")
    assert physician.main.locator(".notice.warning").filter(has_text="HbA1c").count() >= 1
    assert physician.main.locator("ul.orders li").count() == 0, "no step is guessed"
    physician.look("step-without-hba1c")
    physician.leave()


def _diabetic_for_years(physician: Visitor) -> None:
    physician.choose("known-diabetes", "true")
    physician.page.fill("[name='known-diabetes-date']", "2024-05-01")


def _follows_both(physician: Visitor, person: clinic.Person) -> str:
    """Registered and enrolled in both pathways; the visit form is open. The path of the patient's page."""
    patient = clinic.register(physician, person)
    clinic.enrol(physician, patient)
    physician.go(f"{patient}/enrol")
    assert physician.page.locator(clinic.HYPERTENSION).count() == 0, "only the pathways that are left are offered"
    physician.page.locator("[name=pathway][value*='diabetes']").check()
    physician.send()
    assert physician.path == f"{patient}/visit"
    return patient


def _first_visit(physician: Visitor) -> None:
    clinic.fill_first_assessment(physician, "166", "104")
    physician.choose("diabetes-symptoms", "no-diabetes-symptom")
    _diabetic_for_years(physician)
    physician.choose("metformin-contraindications", "no-metformin-contraindication")
    for name, value in (("hba1c", "8,1"), ("creatinine", "9"), ("weight", "81,5")):
        physician.unfold(physician.page.locator(f"[name='{name}']"))
        physician.page.fill(f"[name='{name}']", value)
    physician.look("visit-two-pathways")
    clinic.save(physician)
    assert physician.path.endswith("/step"), physician.main.inner_text()
