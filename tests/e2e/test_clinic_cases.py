"""What goes otherwise than planned: another's decision, another's patient, a lost session, an impatient hand."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from tests.e2e import clinic
from tests.e2e.visitor import House, Visitor, wait_until

pytestmark = pytest.mark.parametrize("house", ["fr"], indirect=True)
_numbers = count(10)
NAMES = (
    ("Zerouali", "Larbi", "الزروالي", "العربي"),
    ("Ouazzani", "Mokhtar", "الوزاني", "المختار"),
    ("Filali", "Brahim", "الفيلالي", "إبراهيم"),
    ("Chraibi", "Taoufik", "الشرايبي", "توفيق"),
    ("Guessous", "Hamid", "كسوس", "حميد"),
    ("Skouri", "Driss", "السكوري", "إدريس"),
    ("Naciri", "Omar", "الناصري", "عمر"),
    ("Belghiti", "Jamal", "بلغيتي", "جمال"),
)
Enrolled = Callable[[Visitor], tuple[str, str]]


@pytest.fixture
def enrolled() -> Enrolled:
    """``enrolled(clinician)`` registers and enrols somebody new; the paths of the patient and of the visit."""

    def make(clinician: Visitor) -> tuple[str, str]:
        number = next(_numbers)
        names = NAMES[number % len(NAMES)]
        birth = f"03/04/{1930 + number}"  # nobody is like another: neither by name and age nor by telephone
        person = clinic.Person(*names, birth, f"0655{number}31{number}", f"LA5{number}77", gender="male")
        patient = clinic.register(clinician, person)
        return patient, clinic.enrol(clinician, patient)

    return make


def _visits(clinician: Visitor, patient: str, reading: str) -> int:
    """How many visits with this reading the timeline has."""
    clinician.go(f"{patient}?all=1")
    return clinician.main.locator("ol.timeline li").filter(has_text=reading).count()


def test_a_nurse_records_and_a_physician_decides(house: House, enrolled: Enrolled) -> None:
    nurse = house.visitor("infirmier")
    patient, _visit = enrolled(nurse)
    clinic.fill_first_assessment(nurse, "172", "104")
    clinic.save(nurse)
    nurse.shows("A physician decides on the change of treatment. It waits in the physicians' “My day”.")
    assert not nurse.offers("Accept")
    nurse.look("step-nurse")
    physician = house.visitor("medecin")
    waiting = physician.main.locator("section[aria-labelledby=group-decisions]")
    assert waiting.locator(f"a[href^='{patient}']").count()
    physician.look("my-day-decisions")
    physician.go(patient)
    physician.press("See the next step")
    clinic.accept(physician)
    assert physician.main.locator("ul.orders li").count()
    physician.go("/my-day")
    assert not waiting.locator(f"a[href^='{patient}']").count()


def test_another_establishment_opens_the_record_in_an_emergency_only(house: House, enrolled: Enrolled) -> None:
    patient, _visit = enrolled(house.visitor("medecin"))
    other = house.visitor("medecin.souani")
    answer = other.go(patient)
    assert answer is not None
    assert answer.status == 403
    other.look("patient-of-another")
    other.press("Emergency access")
    other.look("emergency")
    other.send()
    other.look("emergency-without-a-reason")
    assert other.path != patient
    other.main.locator("[name=reason]").first.check()
    if other.main.locator("[name=words]:visible").count():
        other.fill(words="Douleur thoracique, le patient est ici")
    other.send()
    assert other.path == patient


def test_the_other_language_keeps_the_place_and_what_was_typed(house: House, enrolled: Enrolled) -> None:
    physician = house.visitor("medecin")
    _patient, visit = enrolled(physician)
    physician.page.fill("[name='bp-systolic']", "151")
    kept = "() => Object.keys(localStorage).some(key => key.startsWith('draft:') && localStorage[key].includes('151'))"
    wait_until(lambda: physician.page.evaluate(kept))
    physician.follow(physician.page.locator("a.language"))
    assert physician.path == visit
    assert physician.page.locator("html").get_attribute("dir") == "rtl"
    assert physician.page.input_value("[name='bp-systolic']") == "151"
    physician.follow(physician.page.locator("a.language"))
    assert physician.page.locator("html").get_attribute("dir") == "ltr"


def test_a_double_click_stores_once(house: House, enrolled: Enrolled) -> None:
    physician = house.visitor("medecin")
    patient, _visit = enrolled(physician)
    clinic.fill_first_assessment(physician, "161", "97")
    with physician.page.expect_navigation(url="**/step"):
        physician.main.locator("form[data-draft] .sticky button.primary").dblclick()
    assert _visits(physician, patient, "161/97") == 1


def test_a_slash_leads_to_the_patient_search(house: House) -> None:
    physician = house.visitor("medecin")
    physician.page.keyboard.press("/")
    physician.page.keyboard.type("Bennis")
    assert physician.page.evaluate("document.activeElement.id") == "find"
    with physician.page.expect_navigation():
        physician.page.keyboard.press("Enter")
    assert physician.path == "/patients"
    physician.look("find")


def test_a_form_can_be_filled_with_the_keyboard_alone(house: House) -> None:
    visitor = house.visitor()
    visitor.go(f"/sign-in?lang={house.language}")
    visitor.look("sign-in")
    visitor.page.focus("[name=username]")
    visitor.page.keyboard.type("medecin")
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.type("parcours-demo-2026")
    with visitor.page.expect_navigation():
        visitor.page.keyboard.press("Enter")
    assert visitor.path == "/my-day"
