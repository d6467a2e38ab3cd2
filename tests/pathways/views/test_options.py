"""What the page's script is given while one types in a long list."""

from __future__ import annotations

from app.config import CANONICAL_BASE
from tests.pathways.views.conftest import Clinic

DANGER = f"{CANONICAL_BASE}/ValueSet/hypertension-danger-signs"


def test_an_answer_is_found_in_either_language_and_said_in_that_of_the_page(clinic: Clinic) -> None:
    for language, label in (("fr", "Convulsions"), ("ar", "نوبات تشنج")):
        browser = clinic.browser("nurse", language)
        for typed in ("convuls", "تشنج"):
            found = browser.client.get("/forms/options", query_string={"list": DANGER, "q": typed}).get_json()
            assert [label] == [one[1] for one in found["options"]] and found["more"] is False


def test_nothing_typed_finds_nothing(clinic: Clinic) -> None:
    browser = clinic.browser("nurse")
    assert browser.client.get("/forms/options", query_string={"list": DANGER}).get_json()["options"] == []


def test_a_list_that_is_not_kept_here_is_not_found(clinic: Clinic) -> None:
    browser = clinic.browser("nurse")
    assert browser.client.get("/forms/options", query_string={"list": "urn:none", "q": "a"}).status_code == 404


def test_it_is_for_those_who_record_visits(clinic: Clinic) -> None:
    browser = clinic.browser("manager")
    assert browser.client.get("/forms/options", query_string={"list": DANGER, "q": "a"}).status_code == 403
