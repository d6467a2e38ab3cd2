"""What is typed wrongly, too late, twice or for the wrong person, in both languages: a clear message, everything typed
still there, nothing stored, or stored once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from app import clock
from tests.e2e import clinic
from tests.e2e.seeding import newer_form
from tests.e2e.visitor import House, Visitor

HIM = clinic.Person("Lahrichi", "Anouar", "الحريشي", "أنوار", "14/02/1949", "0655909001", "LB909001", "male")
SAID = {
    "fr": {
        "1400": "doit être entre 50 et 300",
        "diastolic": "La diastolique doit être plus basse que la systolique",
        "future": "La date est dans le futur",
        "dead": "est noté décédé depuis le",
        "again": "suit déjà ce parcours",
        "version": "Une nouvelle version de ce formulaire est entrée en vigueur",
    },
    "ar": {
        "1400": "بين 50 و300",
        "diastolic": "الانبساطي",
        "future": "المستقبل",
        "dead": "مسجل متوفى منذ",
        "again": "يتابع المريض هذا المسلك من قبل",
        "version": "دخلت نسخة جديدة من هذه الاستمارة حيز التنفيذ",
    },
}
TYPED = {"weight": "72,5", "note": "Fatigué – متعب"}
SEND_THRICE = """async () => {
    const form = document.querySelector('main form[data-draft]');
    const once = () => fetch(location.href, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
    const answers = await Promise.all([once(), once(), once()]);
    return answers.map(answer => [answer.status, new URL(answer.url).pathname]);
}"""


def fill(physician: Visitor, systolic: str, diastolic: str) -> None:
    """The whole first assessment, with a weight and a remark."""
    clinic.fill_first_assessment(physician, systolic, diastolic)
    for name, value in TYPED.items():
        box = physician.page.locator(f"[name='{name}']")
        physician.unfold(box)
        box.fill(value)


def enrolled(physician: Visitor, **person: str) -> tuple[str, str]:
    """The addresses of a new patient's record and visit form."""
    patient = clinic.register(physician, replace(HIM, **person))
    return patient, clinic.enrol(physician, patient)


def refused(physician: Visitor, visit: str, message: str, systolic: str, diastolic: str, **more: str) -> None:
    """The form is back with the message at its head, and with all that was typed."""
    assert physician.path == visit
    physician.reads(SAID[physician.language][message])
    assert physician.main.locator("section.wrong[role=alert]").count() == 1
    typed = {"bp-systolic": systolic, "bp-diastolic": diastolic, "bp1-systolic": "172", **TYPED, **more}
    assert {name: physician.page.input_value(f"[name='{name}']") for name in typed} == typed
    assert physician.page.locator("[name='danger-signs']:checked").count() == 1


def visits(clinician: Visitor, patient: str) -> list[str]:
    """What stands in the timeline beside enrolments: one entry for each visit."""
    clinician.go(f"{patient}?all=1")
    return [entry.inner_text() for entry in clinician.main.locator("ol.timeline li:has(b)").all()]


def test_a_second_enrolment(house: House) -> None:
    physician = house.visitor("medecin")
    patient = clinic.register(physician, HIM)
    physician.go(f"{patient}/enrol")
    other = house.visitor("infirmier")
    clinic.enrol(other, patient)
    physician.page.locator(clinic.HYPERTENSION).check()
    physician.send()
    physician.reads(SAID[house.language]["again"])
    assert physician.page.locator(clinic.HYPERTENSION).is_checked()
    physician.go(f"{patient}/enrol")
    assert not physician.page.locator(clinic.HYPERTENSION).count(), "it is not offered again"
    physician.look("enrol-again")
    physician.go(patient)
    assert physician.main.locator("h2[id^=pathway-]").count() == 1


def test_wrong_values_a_lost_session_and_a_form_sent_thrice(house: House) -> None:
    physician = house.visitor("medecin")
    patient, visit = enrolled(
        physician, family="Sqalli", family_ar="الصقلي", phone="0655909002", cnie="LB909002", birth="1947"
    )
    fill(physician, "1400", "90")
    clinic.save(physician)
    refused(physician, visit, "1400", "1400", "90")

    fill(physician, "90", "140")
    clinic.save(physician)
    refused(physician, visit, "diastolic", "90", "140")

    fill(physician, "150", "94")
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    day = physician.page.locator("[name='visit_day']")
    physician.unfold(day)
    day.fill(tomorrow)
    clinic.save(physician)
    refused(physician, visit, "future", "150", "94", visit_day=tomorrow)
    assert visits(physician, patient) == []

    physician.go(visit)
    fill(physician, "157", "96")
    physician.page.context.clear_cookies(name="maslak")
    clinic.save(physician)
    assert physician.path == "/sign-in"
    physician.shows("Your session had ended. What you typed is kept: sign in and it is there again.")
    physician.look("sign-in-again")
    physician.enter("medecin")
    assert physician.path == visit
    typed = {"bp-systolic": "157", "bp-diastolic": "96", **TYPED}
    assert {name: physician.page.input_value(f"[name='{name}']") for name in typed} == typed
    assert physician.page.locator("[name='danger-signs']:checked").count() == 1

    answers = physician.page.evaluate(SEND_THRICE)
    assert {status for status, _path in answers} == {200}, answers
    assert len({path for _status, path in answers}) == 1, "all three lead to the same step"
    (stored,) = visits(physician, patient)
    assert "157/96" in stored


def test_a_page_left_open_over_a_new_version_then_over_a_death(house: House) -> None:
    physician = house.visitor("medecin")
    patient, visit = enrolled(
        physician, family="Bargach", family_ar="بركاش", phone="0655909003", cnie="LB909003", birth="1945"
    )
    fill(physician, "152", "95")
    with newer_form(house.database, "HypertensionFirstAssessment"):
        clinic.save(physician)
        refused(physician, visit, "version", "152", "95")
        other = house.visitor("infirmier")
        assert visits(other, patient) == []

        other.go(f"{patient}/death")
        other.page.fill("[name=day]", clock.today().isoformat())
        other.send()
        clinic.save(physician)
        refused(physician, visit, "dead", "152", "95")
        physician.look("visit-dead")
        assert visits(other, patient) == []
        physician.go(visit)
        physician.reads(SAID[house.language]["dead"])
