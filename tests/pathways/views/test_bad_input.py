"""What people type wrongly, twice, too late or for the wrong person: said clearly, kept, stored once."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.pathways.views.browser import fields, said
from tests.pathways.views.conftest import HYPERTENSION, ZINEB, Clinic, Followed, enrolled, measured

WORDS = {
    "fr": {
        "1400": "doit être entre 50 et 300",
        "diastolic": "diastolique doit être plus basse que la systolique",
        "future": "La date est dans le futur",
        "dead": "décédé depuis le 1 sept. 2026",
        "again": "suit déjà ce parcours",
        "version": "nouvelle version de ce formulaire",
    },
    "ar": {
        "1400": "بين 50 و300",
        "diastolic": "الانبساطي",
        "future": "المستقبل",
        "dead": "1 شتنبر 2026",
        "again": "يتابع المريض هذا المسلك من قبل",
        "version": "نسخة جديدة",
    },
}
both_languages = pytest.mark.parametrize("language", ["fr", "ar"])


@both_languages
def test_a_systolic_of_1400(clinic: Clinic, zineb: Followed, language: str) -> None:
    answers = measured(140, 90, bp_systolic=1400, weight="72,5")
    page = clinic.browser("nurse", language).send(zineb.visit, 422, **answers)
    assert WORDS[language]["1400"] in said(page)
    assert 'href="#bp-systolic"' in page.text, "the summary leads to the field"
    kept = fields(page)
    assert (kept["bp-systolic"], kept["weight"]) == (["1400"], ["72,5"])
    assert kept["danger-signs"] == answers["danger_signs"].split("\n")
    assert not clinic.stored("Encounter?_count=1")


@both_languages
def test_a_diastolic_above_the_systolic(clinic: Clinic, zineb: Followed, language: str) -> None:
    page = clinic.browser("nurse", language).send(zineb.visit, 422, **measured(90, 140))
    assert WORDS[language]["diastolic"] in said(page)
    assert fields(page)["bp-diastolic"] == ["140"]


def test_none_of_the_signs_together_with_one(clinic: Clinic, zineb: Followed) -> None:
    nurse = clinic.browser("nurse")
    none = measured(140, 90)["danger_signs"]
    sign = none.replace("no-danger-sign", "severe-headache")
    known = nurse.see(zineb.visit).text
    assert f'value="{none}"' in known and 'data-exclusive=""' in known
    assert known.index(none) < known.index("|severe-headache"), "none of them comes first"
    nurse.send(zineb.visit, 422, **measured(140, 90, danger_signs=[none, sign]))


@both_languages
def test_a_visit_in_the_future(clinic: Clinic, zineb: Followed, language: str) -> None:
    page = clinic.browser("nurse", language).send(zineb.visit, 422, **measured(150, 94, visit_day="2026-09-08"))
    assert WORDS[language]["future"] in said(page)
    assert fields(page)["visit_day"] == ["2026-09-08"]


def test_a_visit_of_an_earlier_day(clinic: Clinic, zineb: Followed) -> None:
    nurse = clinic.browser("nurse")
    page = nurse.send(zineb.visit, 422, **measured(150, 94, visit_day="2026-09-01"))
    assert "depuis le 7 sept. 2026 seulement" in said(page)

    episode = clinic.stored("EpisodeOfCare?_count=1")[0]
    clinic.store(episode | {"period": {"start": "2026-08-01"}})
    nurse.send(zineb.visit, **measured(150, 94, visit_day="2026-09-01"))
    assert clinic.stored("Encounter?_count=1")[0]["period"]["start"] == "2026-09-01"
    pressure = clinic.stored("Observation?code=http://loinc.org|85354-9")
    assert [one["effectiveDateTime"] for one in pressure] == ["2026-09-01"]


@both_languages
def test_a_patient_who_has_died(clinic: Clinic, zineb: Followed, language: str) -> None:
    physician = clinic.browser("physician", language)
    open_visit = fields(physician.see(zineb.visit))
    refused = physician.send(f"{zineb.record}/death", 422, day="2026-09-30")
    assert WORDS[language]["future"] in said(refused)
    physician.send(f"{zineb.record}/death", day="2026-09-01")

    for path in (zineb.visit, f"{zineb.record}/enrol", f"{zineb.record}/refer"):
        assert WORDS[language]["dead"] in said(physician.see(path, 409)), path
    page = physician.send(zineb.visit, 422, form=open_visit, **measured(150, 94))
    assert WORDS[language]["dead"] in said(page)
    assert fields(page)["bp-systolic"] == ["150"]
    assert not clinic.stored("Encounter?_count=1")
    assert {task["status"] for task in clinic.stored("Task?_count=50")} == {"cancelled"}
    assert "Amrani" not in said(clinic.browser("nurse").see("/my-day"))


@both_languages
def test_a_second_enrolment(clinic: Clinic, language: str) -> None:
    nurse = clinic.browser("nurse", language)
    record = nurse.send("/patients/register", **ZINEB).headers["Location"]
    first, second = fields(nurse.see(f"{record}/enrol")), fields(nurse.see(f"{record}/enrol"))
    nurse.send(f"{record}/enrol", form=first, pathway=HYPERTENSION)
    page = nurse.send(f"{record}/enrol", 422, form=second, pathway=HYPERTENSION)
    assert WORDS[language]["again"] in said(page)
    assert len(clinic.stored("EpisodeOfCare?_count=5")) == 1


def test_every_form_sent_twice_is_stored_once(clinic: Clinic) -> None:
    nurse, physician = clinic.browser("nurse"), clinic.browser("physician")

    def twice(browser: Any, path: str, **answers: Any) -> str:
        form = fields(browser.see(path))
        places = [browser.send(path, form=copy.deepcopy(form), **answers).headers["Location"] for _ in range(2)]
        assert places[0] == places[1], path
        return places[0]

    record = twice(nurse, "/patients/register", **ZINEB)
    visit = twice(nurse, f"{record}/enrol", pathway=HYPERTENSION)
    step = twice(nurse, visit, **measured(168, 102))
    twice(physician, step)
    twice(physician, f"{record}/refer", urgency="urgent", reason="HTA sévère")
    kinds = ("Patient", "EpisodeOfCare", "Encounter", "QuestionnaireResponse", "MedicationRequest", "ServiceRequest")
    referrals = [one for one in clinic.stored("ServiceRequest?_count=50") if "reasonCode" in one]
    counted = {kind: len(clinic.stored(f"{kind}?_count=50")) for kind in kinds[:-1]}
    assert counted == dict.fromkeys(kinds[:-1], 1)
    assert len(referrals) == 1


@both_languages
def test_a_page_left_open_over_a_new_version(clinic: Clinic, zineb: Followed, language: str) -> None:
    nurse = clinic.browser("nurse", language)
    form = fields(nurse.see(zineb.visit))
    old = clinic.stored("Questionnaire?name=HypertensionFirstAssessment")[0]
    clinic.store({**old, "id": "hypertension-first-assessment-1.1.0", "version": "1.1.0"}, old | {"status": "retired"})
    page = nurse.send(zineb.visit, 422, form=form, **measured(150, 94, weight="72"))
    assert WORDS[language]["version"] in said(page)
    again = fields(page)
    assert (again["bp-systolic"], again["weight"]) == (["150"], ["72"])
    assert not clinic.stored("Encounter?_count=1")
    nurse.send(zineb.visit, form=again)
    assert clinic.stored("QuestionnaireResponse?_count=1")[0]["questionnaire"].endswith("|1.1.0")


@both_languages
def test_the_session_ends_in_mid_form(clinic: Clinic, zineb: Followed, language: str) -> None:
    nurse = clinic.browser("nurse", language)
    form = fields(nurse.see(zineb.visit))
    nurse.client.delete_cookie("maslak")
    answer = nurse.send(zineb.visit, 302, form=form, **measured(150, 94, weight="72,5", note="fatiguée"))
    assert "/sign-in" in answer.headers["Location"]
    assert not clinic.stored("Encounter?_count=1")
    nurse.client.post(answer.headers["Location"], data={"username": "nurse", "password": "une phrase bien longue"})
    kept = fields(nurse.see(zineb.visit))
    assert (kept["bp-systolic"], kept["weight"], kept["note"]) == (["150"], ["72,5"], ["fatiguée"])
    assert kept["danger-signs"] == [measured(1, 1)["danger_signs"]]
    nurse.send(zineb.visit, form=kept)
    assert len(clinic.stored("Encounter?_count=5")) == 1


def test_two_people_decide_on_one_visit(clinic: Clinic, zineb: Followed) -> None:
    physician = clinic.browser("physician")
    step = clinic.browser("nurse").send(zineb.visit, **measured(168, 102)).headers["Location"]
    one, other = fields(physician.see(step)), fields(physician.see(step))
    physician.send(step, form=one)
    page = physician.send(step, 422, form=other)
    assert "est déjà décidée" in said(page)
    assert "La décision de cette visite est enregistrée" in said(page)
    assert len(clinic.stored("MedicationRequest?_count=5")) == 1


def test_a_proposal_that_has_changed_since_it_was_read(clinic: Clinic, zineb: Followed) -> None:
    physician = clinic.browser("physician")
    step = clinic.browser("nurse").send(zineb.visit, **measured(168, 102)).headers["Location"]
    form = fields(physician.see(step))
    bp = clinic.stored("Observation?code=http://loinc.org|85354-9")[0]
    lower = copy.deepcopy(bp)
    lower["component"][0]["valueQuantity"]["value"] = 128
    lower["component"][1]["valueQuantity"]["value"] = 78
    clinic.store(lower | {"status": "amended"})
    page = physician.send(step, 422, form=form)
    assert "a changé depuis l’ouverture de cette page" in said(page)
    assert not clinic.stored("MedicationRequest?_count=5")
    physician.send(step, form=fields(page))


def test_a_nurse_does_not_change_the_treatment(clinic: Clinic, zineb: Followed) -> None:
    nurse = clinic.browser("nurse")
    step = nurse.send(zineb.visit, **measured(168, 102)).headers["Location"]
    page = nurse.see(step)
    assert "Accepter" not in said(page)
    form = fields(clinic.browser("physician").see(step))
    assert "médecin" in said(nurse.send(step, 403, form=form))
    assert "médecin" in said(nurse.see(f"{step}?act=adapt", 403))
    assert not clinic.stored("MedicationRequest?_count=5")


def test_an_adaptation_without_its_reason(clinic: Clinic, zineb: Followed) -> None:
    physician = clinic.browser("physician")
    step = clinic.browser("nurse").send(zineb.visit, **measured(168, 102)).headers["Location"]
    path = f"{step}?act=adapt"
    proposed = fields(physician.see(path))["next_visit"]
    assert proposed == ["2026-10-05"], "the day that the protocol proposes"
    page = physician.send(path, 422, decision="other", text="préfère attendre", next_visit="2026-09-28")
    assert "Choisissez le traitement que vous donnez à la place" in said(page)
    kept = fields(page)
    assert (kept["text"], kept["next_visit"], kept["decision"]) == (["préfère attendre"], ["2026-09-28"], ["other"])
    physician.send(path, form=kept, decision="keep", reason="patient-choice")
    page = physician.see(step)
    assert "préfère attendre" in said(page) and "28 sept. 2026" in said(page)


def test_a_move_that_the_other_side_has_overtaken(clinic: Clinic, zineb: Followed) -> None:
    physician, hospital = clinic.browser("physician"), clinic.browser("hospital")
    referral = physician.send(f"{zineb.record}/refer", reason="Bilan").headers["Location"]
    stale = fields(hospital.see(referral))
    form = fields(physician.see(f"{referral}?move=send cancellation request"), 0)
    physician.send(referral, form=form, reason="Le patient ne vient pas")
    page = hospital.send(referral, 422, form=stale | {"move": ["send acceptance"]})
    assert "« annulation demandée » : « Accepter » n’est plus possible" in said(page)
    assert "Le patient ne vient pas" in said(page)


@pytest.mark.parametrize("wrong", [{"birth": "31/02/1980"}, {"birth": "2030"}, {"cnie": "12"}, {"phone": "12"}])
def test_a_registration_with_something_wrong_keeps_the_rest(clinic: Clinic, wrong: dict[str, str]) -> None:
    page = clinic.browser("nurse").send("/patients/register", 422, **{**ZINEB, **wrong})
    kept = fields(page)
    assert kept["family_ar"] == ["العمراني"]
    assert all(kept[name] == [value] for name, value in wrong.items())
    assert not clinic.stored("Patient?_count=1")


def test_somebody_who_may_be_registered_already(clinic: Clinic) -> None:
    enrolled(clinic)
    nurse = clinic.browser("nurse")
    page = nurse.send("/patients/register", 422, **ZINEB)
    assert "Amrani Zineb" in said(page)
    page = nurse.send("/patients/register", 422, **{**ZINEB, "cnie": ""})
    nurse.send("/patients/register", form=fields(page), other_person="y")
    assert len(clinic.stored("Patient?_count=5")) == 2
