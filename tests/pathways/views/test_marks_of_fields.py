"""How a field says that it must be answered, and how a warning of the visit form is confirmed."""

from __future__ import annotations

import re

from app.config import CANONICAL_BASE
from tests.pathways.views.browser import said
from tests.pathways.views.conftest import Clinic, Followed, measured
from tests.pathways.views.test_both import with_both
from tests.pathways.views.test_pages import VIEW, on_the_line


def test_the_day_of_an_appointment_is_marked_as_needed(clinic: Clinic, zineb: Followed) -> None:
    referral = clinic.browser("physician").send(f"{zineb.record}/refer", reason="Bilan").headers["Location"]
    hospital = clinic.browser("hospital")
    hospital.send(referral, move="send acceptance")
    page = hospital.see(f"{referral}?move=send schedule visit information")
    assert "Jour du rendez-vous" in said(page) and "facultatif" not in said(page)
    label = page.text.partition('<label for="day">')[2].partition("</label>")[0]
    assert 'class="needed"' in label


def test_a_height_that_can_hardly_be_is_asked_about_before_it_is_stored(clinic: Clinic, zineb: Followed) -> None:
    physician = clinic.browser("physician")
    answers = measured(172, 104, weight="72", height="60")
    page = physician.send(zineb.visit, 422, **answers)
    assert "bien en centimètres" in said(page) and 'name="confirm"' in page.text
    assert not clinic.stored("Observation?code=8302-2")
    physician.send(zineb.visit, **answers, confirm=["height-plausible"])
    (height,) = clinic.stored("Observation?code=8302-2")
    assert height["valueQuantity"]["value"] == 60


def test_the_longest_form_with_its_scripts_stays_within_the_first_view(clinic: Clinic) -> None:
    """Two first assessments asked as one, with everything that calculates: 30 KiB on the line."""
    her = with_both(clinic)
    for language in ("fr", "ar"):
        browser = clinic.browser("physician", language)
        page = browser.see(her.visit)
        assets = set(re.findall(r'(?:href|src)="(/assets/[^"]+)"', page.text))
        assert any(one.endswith("forms.js") for one in assets)
        whole = on_the_line(page.data) + sum(on_the_line(browser.client.get(one).data) for one in assets)
        assert whole <= VIEW


def test_what_is_calculated_is_stored_with_the_visit(clinic: Clinic, zineb: Followed) -> None:
    physician = clinic.browser("physician")
    smoking = f"{CANONICAL_BASE}/CodeSystem/clinical|never-smoker"
    answers = measured(172, 104, weight="72", height="160", smoking=smoking, creatinine="12")
    answers = answers | {"creatinine.unit": "mg/L"}
    physician.send(zineb.visit, **answers)
    (filtration,) = clinic.stored("Observation?code=98979-8")
    assert filtration["valueQuantity"]["code"] == "mL/min/{1.73_m2}"
    (mass,) = clinic.stored("Observation?code=39156-5")
    assert str(mass["valueQuantity"]["value"]) == "28.1"
    assert clinic.stored("Observation?code=cvd-risk")
