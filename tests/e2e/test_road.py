"""The whole road, once in each language: release 1.1.0 → enrol → visit → step accepted → referral → letter → back."""

from __future__ import annotations

from datetime import timedelta

from app import clock
from tests.e2e import clinic, ministry
from tests.e2e.visitor import House, Visitor

PERSON = clinic.Person()


def test_the_whole_road(house: House) -> None:
    ministry.release_a_new_version(house)
    physician = house.visitor("medecin")
    patient = _first_visit(physician)
    referral = _referred(physician, patient)
    _answered_by_the_hospital(house, referral)
    _back_at_the_health_centre(physician, patient)
    physician.leave()


def _first_visit(physician: Visitor) -> str:
    """Register, enrol, measure (wrongly first), take the next step; the path of the patient's page."""
    physician.look("my-day")
    physician.go("/patients?q=Bennis")
    physician.look("find-nobody")
    physician.go("/patients/register")
    physician.look("register")
    patient = clinic.register(physician, PERSON)
    physician.look("patient-new")
    _warned_of_a_likely_duplicate(physician, patient)

    visit = clinic.enrol(physician, patient, look=True)
    physician.look("visit")
    clinic.fill_first_assessment(physician, "1400", "102")
    clinic.save(physician)
    assert physician.path == visit
    physician.reads("1400")
    physician.look("visit-wrong")
    assert physician.page.input_value("[name='bp-diastolic']") == "102"
    assert physician.page.input_value("[name='bp-systolic']") == "1400"
    assert physician.page.locator("[name='danger-signs']:checked").count() == 1

    physician.page.fill("[name='bp-systolic']", "168")
    clinic.save(physician)
    assert physician.path.endswith("/step"), physician.main.inner_text()
    physician.reads("168")
    assert physician.main.locator(".why").first.inner_text().strip(), "a step says why"
    physician.look("step")
    physician.go(physician.page.url.partition("?")[0] + "?act=adapt")
    physician.look("step-adapt")
    physician.page.go_back()
    clinic.accept(physician)
    assert physician.path == patient
    physician.reads("168/102")
    physician.look("patient")
    orders = physician.main.locator("ul.orders li")
    assert orders.count() >= 1, "the medication stands on the patient's page"
    assert physician.main.locator("section[aria-labelledby=tasks] li").count() >= 1, "so does the next visit"
    return patient


def _warned_of_a_likely_duplicate(physician: Visitor, patient: str) -> None:
    """The same telephone and name again: who is there already is shown, and nothing is stored."""
    physician.go("/patients/register")
    clinic.fill_registration(physician, clinic.Person(cnie="", given="Aïcha"))
    physician.send()
    assert physician.path == "/patients/register"
    physician.shows("Is it one of these people?")
    assert physician.main.locator(f"a[href='{patient}']").count() == 1
    physician.look("register-duplicate")


def _referred(physician: Visitor, patient: str) -> str:
    """A second visit with a sign of danger: an urgent referral is proposed and sent; its path."""
    physician.go(patient)
    physician.press("Record a visit")
    physician.look("visit-second")
    clinic.fill_follow_up(physician, "212", "124", danger="severe-headache")
    clinic.save(physician)
    assert physician.path.endswith("/step"), physician.main.inner_text()
    assert physician.main.locator(".panel.danger").count() >= 1, "an urgent referral is proposed"
    physician.look("step-urgent")
    clinic.accept(physician)
    assert physician.path.endswith("/refer"), physician.main.inner_text()
    assert physician.page.locator("[name=urgency]:checked").get_attribute("value") in ("urgent", "stat")
    assert "212/124" in physician.page.input_value("[name=summary]")
    assert physician.page.input_value("[name=reason]").strip()
    physician.look("refer")
    physician.send()
    physician.shows("The referral is sent.")
    physician.look("referral-sent")
    referral = physician.path
    physician.go("/referrals")
    physician.look("referrals-sent")
    return referral


def _answered_by_the_hospital(house: House, referral: str) -> None:
    """Accept, give an appointment, see, write the letter."""
    hospital = house.visitor("hopital")
    hospital.go("/referrals")
    hospital.reads(PERSON.shown(hospital.language))
    hospital.look("referrals-received")
    hospital.follow(hospital.main.locator(f"a[href='{referral}']").first)
    hospital.look("referral-received")
    hospital.press("Accept")
    hospital.shows("Recorded.")
    hospital.press("Give an appointment")
    tomorrow = clock.today() + timedelta(days=1)
    hospital.page.fill("[name=day]", tomorrow.isoformat())
    hospital.look("referral-appointment")
    hospital.follow(hospital.main.locator("form").filter(has=hospital.page.locator("[name=day]")).locator("button"))
    hospital.shows("Recorded.")
    hospital.press("The patient has been seen")
    hospital.shows("Recorded.")
    hospital.look("referral-seen")
    hospital.press("Write the answer")
    hospital.fill(
        findings="HTA essentielle sévère, sans atteinte d’organe", treatment="Amlodipine 10 mg + losartan 50 mg"
    )
    hospital.fill(return_on=(clock.today() + timedelta(days=7)).isoformat())
    hospital.look("answer")
    hospital.send()
    hospital.shows("The letter is sent. The patient is back with the health centre.")
    hospital.look("referral-answered")
    hospital.leave()


def _back_at_the_health_centre(physician: Visitor, patient: str) -> None:
    """The patient is on the list of those who are back, and the stage has moved on; the return visit follows."""
    physician.go("/my-day")
    back = physician.main.locator("section[aria-labelledby=group-back]")
    assert back.locator(f"a[href='{patient}']").count() >= 1
    physician.look("my-day-back")
    physician.go(patient)
    stage = physician.main.locator("ol.steps li[aria-current=step]").inner_text()
    physician.look("patient-back")
    physician.follow(physician.main.locator("a[href^='/letters/']").first)
    physician.reads("HTA essentielle sévère")
    physician.look("letter")
    physician.page.go_back()
    physician.press("Record a visit")
    physician.look("visit-return")
    clinic.fill_follow_up(physician, "146", "88")
    clinic.save(physician)
    assert physician.path.endswith("/step"), physician.main.inner_text()
    physician.look("step-return")
    if physician.offers("Accept"):
        clinic.accept(physician)
    physician.go(patient)
    after = physician.main.locator("ol.steps li[aria-current=step]").inner_text()
    assert after != stage, f"the return visit ends the stage {stage}"
    physician.go("/my-day")
    assert not physician.main.locator("section[aria-labelledby=group-back]").locator(f"a[href='{patient}']").count()
