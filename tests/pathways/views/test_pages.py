"""The pages of the clinic: who sees what, where each row leads, what a page weighs, how often it asks the database."""

from __future__ import annotations

import gzip
from datetime import timedelta

import pytest

from app import clock
from tests.pathways.views.browser import fields, said
from tests.pathways.views.conftest import MONDAY, ZINEB, Clinic, Followed, enrolled, measured
from tests.pathways.views.counting import statements

PAGE, VIEW = 15 * 1024, 30 * 1024
"""Bytes on the line: of one page, and of a first view with its style, script and picture."""


def ending(clinic: Clinic, followed: Followed) -> str:
    """The page on which the first pathway of a patient is ended."""
    return f"{followed.record}/pathways/{clinic.stored('EpisodeOfCare?_count=1')[0]['id']}/end"


def on_the_line(text: bytes) -> int:
    return len(gzip.compress(text, 6))


def test_every_page_is_light(clinic: Clinic, zineb: Followed) -> None:
    nurse, physician, hospital = (clinic.browser(name, "ar") for name in ("nurse", "physician", "hospital"))
    for week in range(12):
        with clock.frozen(MONDAY + timedelta(days=28 * week)):
            physician = clinic.browser("physician", "ar")
            step = physician.send(zineb.visit, **measured(172 - week, 104, weight="72")).headers["Location"]
    referral = physician.send(f"{zineb.record}/refer", urgency="urgent", reason="ضغط مرتفع").headers["Location"]
    paths = {
        physician: [
            "/my-day", "/patients", "/patients?q=amrani", "/patients/register", zineb.record, zineb.visit, step,
            f"{step}?act=adapt", f"{zineb.record}/refer", f"{zineb.record}/enrol", f"{zineb.record}/death",
            ending(clinic, zineb), "/referrals", referral,
        ],
        hospital: ["/referrals", referral, f"{referral}/answer"],
        nurse: ["/my-day"],
    }  # fmt: skip
    for browser, seen in paths.items():
        for path in seen:
            page = browser.see(path)
            weight = on_the_line(page.data)
            assert weight <= PAGE, (path, weight)
            assets = {
                one.split('"')[0]
                for one in page.text.replace('src="', 'href="').split('href="')
                if "/assets/" in one[:9]
            }
            whole = weight + sum(on_the_line(browser.client.get(one).data) for one in assets)
            assert len(assets) >= 2 and whole <= VIEW, (path, whole)


def test_my_day_asks_as_often_for_many_as_for_few(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked() -> int:
        physician.see("/my-day")
        with statements(monkeypatch) as found:
            physician.see("/my-day")
        return len(found)

    physician = clinic.browser("physician")
    enrolled(clinic, cnie="LA1", phone="0611111111", family="Idrissi", family_ar="الإدريسي")
    few = asked()
    others = (
        ("Tazi", "التازي"),
        ("Berrada", "برادة"),
        ("Fassi", "الفاسي"),
        ("Ouazzani", "الوزاني"),
        ("Chraibi", "الشرايبي"),
    )
    for number, (latin, arabic) in enumerate(others, start=2):
        enrolled(clinic, cnie=f"LA{number}", phone=f"061111111{number}", family=latin, family_ar=arabic)
    assert said(physician.see("/my-day")).count("66 ans") == 6
    assert asked() == few


def test_a_patient_s_page_asks_as_often_after_many_visits(
    clinic: Clinic, zineb: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(days: int) -> int:
        with clock.frozen(MONDAY + timedelta(days=days)):
            physician = clinic.browser("physician")
            physician.send(zineb.visit, **measured(168, 102))
            physician.see(zineb.record)
            with statements(monkeypatch) as found:
                page = physician.see(zineb.record)
        return len(found) if "168/102" in said(page) else 0

    few = asked(0)
    for days in (28, 56, 84):
        many = asked(days)
    assert few == many > 0


def test_the_rows_of_my_day_lead_to_what_is_to_be_done(clinic: Clinic, zineb: Followed) -> None:
    nurse, physician = clinic.browser("nurse"), clinic.browser("physician")
    assert f'href="{zineb.visit}"' in nurse.see("/my-day").text
    step = nurse.send(zineb.visit, **measured(168, 102)).headers["Location"]
    assert f'href="{step}"' in physician.see("/my-day").text
    physician.send(step)
    with clock.frozen(MONDAY + timedelta(days=40)):
        page = clinic.browser("nurse").see("/my-day")
        assert "En retard 1" in said(page) and "en retard de 12 j" in said(page)
        assert f'href="{zineb.visit}"' in page.text
    with clock.frozen(MONDAY + timedelta(days=80)):
        page = clinic.browser("nurse").see("/my-day")
        assert "À appeler 1" in said(page) and "En retard 0" in said(page)
        assert 'href="tel:+212612345678"' in page.text
        assert "52 j" in said(clinic.browser("nurse").see("/my-day?group=call"))


def test_the_direction_of_the_last_values(clinic: Clinic, zineb: Followed) -> None:
    clinic.browser("physician").send(zineb.visit, **measured(150, 94))
    with clock.frozen(MONDAY + timedelta(days=28)):
        clinic.browser("nurse").send(zineb.visit, **measured(162, 98))
        assert "162/98 mmHg ▲ en hausse" in said(clinic.browser("physician").see("/my-day"))
        page = clinic.browser("physician").see(zineb.record)
        assert "objectif < 140/90 mmHg non atteint" in said(page)
        assert '<polyline class="line"' in page.text and 'class="band"' in page.text
        assert "dernière fois 162/98 , 5 oct. 2026" in said(clinic.browser("nurse").see(zineb.visit))


def test_those_who_watch_over_a_region_see_counts(clinic: Clinic, zineb: Followed) -> None:
    delegate = clinic.browser("delegate")
    page = delegate.see("/my-day")
    assert "Ensemble 0 0 1 0 0" in said(page) and "Province de Chefchaouen 0 0 1 0 0" in said(page)
    page = delegate.see("/my-day?place=Organization/province")
    assert "Centre de santé Bab Taza 0 0 1 0 0" in said(page) and "Bni Ahmed 0 0 0 0 0" in said(page)
    page = delegate.see("/my-day?place=Organization/centre")
    assert "Amrani Zineb" in said(page) and "Visite" in said(page)
    assert zineb.visit not in page.text, "a delegate records no visit"
    assert "Amrani Zineb" in said(clinic.browser("manager").see("/my-day"))
    assert "Amrani Zineb" not in said(clinic.browser("stranger").see("/my-day?place=Organization/centre"))


@pytest.mark.parametrize("typed", ["amrani", "Zineb AMRANI", "زينب", "العمراني زينب", "amr"])
def test_finding_by_name(clinic: Clinic, zineb: Followed, typed: str) -> None:
    page = clinic.browser("nurse").see(f"/patients?q={typed}")
    assert f'href="{zineb.record}" data-focus' in page.text
    assert "العمراني زينب" in said(page) and "Amrani Zineb" in said(page)


@pytest.mark.parametrize("typed", ["LF12345", "lf 12345", "0612345678", "06 12 34 56 78", "%2B212612345678"])
def test_finding_by_number_opens_the_record(clinic: Clinic, zineb: Followed, typed: str) -> None:
    answer = clinic.browser("nurse").see(f"/patients?q={typed}", 303)
    assert answer.headers["Location"] == zineb.record


def test_registering_what_was_searched_for(clinic: Clinic) -> None:
    nurse = clinic.browser("nurse")
    page = nurse.see("/patients?q=Ouazzani Karim")
    assert "/patients/register?q=Ouazzani" in page.text
    form = fields(nurse.see("/patients/register?q=Ouazzani Karim"))
    assert (form["family"], form["given"]) == (["Ouazzani"], ["Karim"])
    assert fields(nurse.see("/patients/register?q=كريم"))["family_ar"] == ["كريم"]


@pytest.mark.parametrize(
    ("language", "other", "banner"),
    [("fr", "autre établissement", "Accès d’urgence : ce patient"), ("ar", "مؤسسة أخرى", "ولوج استعجالي")],
)
def test_emergency_access_to_a_patient_of_another_establishment(
    clinic: Clinic, zineb: Followed, language: str, other: str, banner: str
) -> None:
    stranger = clinic.browser("stranger", language)
    assert other in said(stranger.see("/patients?q=amrani"))
    refused = stranger.see(zineb.record, 403)
    door = next(part.split('"')[0] for part in refused.text.split('href="')[1:] if part.startswith("/emergency/"))
    opened = stranger.send(door.replace("&amp;", "&"), reason="here", words="Malaise au centre")
    assert opened.headers["Location"].split("?")[0] == zineb.record
    page = stranger.see(zineb.record)
    assert banner in said(page) and banner in said(stranger.see(zineb.record)), "as long as the access lasts"
    assert clinic.stored("AuditEvent?_count=200")


def test_a_death_is_recorded_once(clinic: Clinic, zineb: Followed) -> None:
    physician = clinic.browser("physician")
    form = fields(physician.see(f"{zineb.record}/death"))
    for _ in range(2):
        physician.send(f"{zineb.record}/death", form=form, day="2026-09-06")
    assert "est décédé le 6 sept. 2026" in said(physician.see(zineb.record))
    assert clinic.stored("EpisodeOfCare?_count=1")[0]["status"] == "finished"


def test_who_is_not_ill_leaves_the_pathway(clinic: Clinic, zineb: Followed) -> None:
    nurse = clinic.browser("nurse")
    path = ending(clinic, zineb)
    nurse.send(path, 422, reason="other")
    nurse.send(path, reason="not-confirmed")
    assert "ne suit aucun parcours" in said(nurse.see(zineb.record))
    nurse.see(zineb.visit, 409)


def test_the_hospital_s_buttons_in_their_order(clinic: Clinic, zineb: Followed) -> None:
    referral = clinic.browser("physician").send(f"{zineb.record}/refer", reason="Bilan").headers["Location"]
    hospital = clinic.browser("hospital")
    page = hospital.see(referral)
    assert page.text.count('class="primary"') == 1
    hospital.send(referral, move="send acceptance")
    page = hospital.see(referral)
    assert (
        said(page).index("Donner un rendez-vous")
        < said(page).index("Le patient a été vu")
        < said(page).index("Refuser")
    )
    refused = hospital.send(referral, 422, move="send schedule visit information", day="2026-09-01")
    assert "rendez-vous" in said(refused)
    hospital.send(referral, move="send interim consultation note")
    page = hospital.see(referral)
    assert "Ajouter une note de consultation" in said(page)
    note = fields(hospital.see(f"{referral}?move=send interim consultation note"), 0)
    hospital.send(referral, form=note, reason="Fond d'œil normal")
    assert "Fond d'œil normal" in said(hospital.see(referral))
    assert "Références envoyées" in said(clinic.browser("nurse").see("/referrals"))


def test_nobody_without_a_grant_opens_a_form(clinic: Clinic, zineb: Followed) -> None:
    manager = clinic.browser("manager")
    page = manager.see(zineb.record)
    assert "Enregistrer une visite" not in said(page)
    for path in (zineb.visit, f"{zineb.record}/enrol", f"{zineb.record}/refer", f"{zineb.record}/death"):
        manager.see(path, 403)
    assert clinic.stored("Patient?_count=5")[0]["name"][0]["family"] == ZINEB["family"]
