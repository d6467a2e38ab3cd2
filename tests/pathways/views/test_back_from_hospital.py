"""Back from hospital: what was urgent has been answered, and is urgent again only by something new."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest

from app import clock
from tests.pathways.views.browser import fields, said
from tests.pathways.views.conftest import MONDAY, Clinic, enrolled, measured
from tests.pathways.views.test_the_road import play

PANEL = 'class="panel danger"'


@pytest.mark.parametrize(("language", "back"), [("fr", "De retour de l’hôpital."), ("ar", "العودة من المستشفى.")])
def test_the_red_panel_goes_with_the_hospital_s_answer(clinic_anywhere: Clinic, language: str, back: str) -> None:
    clinic = clinic_anywhere
    her = enrolled(clinic, language)
    physician = clinic.browser("physician", language)
    step = physician.send(her.visit, **measured(210, 124)).headers["Location"]
    assert PANEL in physician.see(her.record).text
    refer = physician.send(step).headers["Location"]
    assert fields(physician.see(refer))["urgency"] == ["urgent"]
    referral = physician.send(refer).headers["Location"]
    assert PANEL not in physician.see(her.record).text, "it is on its way"

    with clock.frozen(MONDAY + timedelta(hours=6)):
        hospital = clinic.browser("hospital", language)
        play(hospital, referral, "send acceptance")
        play(hospital, referral, "send interim consultation note")
        hospital.send(f"{referral}/answer", findings="HTA", treatment="Amlodipine 10 mg")

    with clock.frozen(MONDAY + timedelta(days=2)):
        page = clinic.browser("physician", language).see(her.record)
        assert PANEL not in page.text and back in said(page)
        assert fields(clinic.browser("physician", language).see(f"{her.record}/refer"))["urgency"] == ["routine"]
        again = copy.deepcopy(clinic.stored("Observation?code=http://loinc.org|85354-9&_sort=-date")[0])
        for gone in ("id", "meta", "identifier"):
            again.pop(gone, None)
        clinic.store(again | {"effectiveDateTime": "2026-09-09"})
        assert PANEL in clinic.browser("physician", language).see(her.record).text, "a new value is a new danger"
