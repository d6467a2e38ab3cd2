"""The whole road by the pages: registered, enrolled, seen, treated, referred, answered, back; in French and Arabic."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app import clock
from tests.pathways.views.browser import Browser, fields, said
from tests.pathways.views.conftest import MONDAY, Clinic, enrolled, measured

WORDS = {
    "fr": {
        "physician decides": "décidé par un médecin",
        "amlodipine": "Amlodipine",
        "back": "De retour de l’hôpital 1",
        "moved on": "Le parcours a avancé : Retour au centre de santé",
    },
    "ar": {
        "physician decides": "قرار للطبيب",
        "amlodipine": "أملوديبين",
        "back": "عائدون من المستشفى 1",
        "moved on": "انتقل المسلك إلى: العودة إلى المركز الصحي",
    },
}


def play(browser: Browser, referral: str, move: str, **more: str) -> None:
    """Press the button of a move; those that ask for something open their form first."""
    path = f"{referral}?move={move}" if more else referral
    page = browser.see(path)
    held = fields(page, 0) if more else fields(page)
    browser.send(referral, form=held | {"move": [move]}, **more)


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_from_registration_to_the_return_visit(clinic_anywhere: Clinic, language: str) -> None:
    clinic, words = clinic_anywhere, WORDS[language]
    her = enrolled(clinic, language)
    nurse, physician = clinic.browser("nurse", language), clinic.browser("physician", language)
    hospital = clinic.browser("hospital", language)

    step = nurse.send(her.visit, **measured(168, 102)).headers["Location"]
    page = nurse.see(step)
    assert words["physician decides"] in said(page)
    assert words["amlodipine"] in said(page)
    row = said(physician.see("/my-day"))
    assert "168/102" in row

    assert physician.send(step).headers["Location"] == her.record
    page = physician.see(her.record)
    assert words["amlodipine"] in said(page)
    assert '<bdi dir="ltr" class="dose">5 mg</bdi>' in page.text

    referral = physician.send(f"{her.record}/refer", urgency="urgent", reason="HTA sévère").headers["Location"]
    assert "HTA sévère" in said(hospital.see("/referrals"))
    assert hospital.see(her.record).status_code == 200, "the hospital reads the record of who is referred to it"
    play(hospital, referral, "send acceptance")
    play(hospital, referral, "send schedule visit information", day="2026-09-14")
    with clock.frozen(MONDAY + timedelta(days=7)):
        hospital = clinic.browser("hospital", language)
        play(hospital, referral, "send interim consultation note")
        answer = hospital.see(f"{referral}/answer")
        assert fields(answer)["return_on"] == ["2026-10-12"], "four weeks, as the pathway asks"
        hospital.send(f"{referral}/answer", findings="HTA essentielle", treatment="Amlodipine 10 mg\nأملوديبين 10 مغ")

    with clock.frozen(MONDAY + timedelta(days=9)):
        nurse = clinic.browser("nurse", language)
        day = nurse.see("/my-day")
        assert words["back"] in said(day)
        letter = next(part.split('"')[0] for part in day.text.split('href="')[1:] if part.startswith("/letters/"))
        page = nurse.see(letter)
        assert words["moved on"] in said(page)
        assert '<li dir="auto">Amlodipine 10 mg</li>' in page.text
        assert her.visit in page.text
        nurse.send(her.visit, **measured(136, 84))
        assert words["back"] not in said(nurse.see("/my-day"))
        assert "136/84" in said(nurse.see(her.record))
