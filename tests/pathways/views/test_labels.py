"""The labels of the clinic's forms, as somebody reads them who sees the page for the first time."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from flask import Flask

from app.fhir.resource import quantity
from pathways.presenters import orders, worklist
from pathways.vocabulary import RETURN, task_kind
from tests.pathways.views.conftest import Clinic, Followed
from tests.pathways.views.test_pages import ending

NAMES = ("family", "given", "family_ar", "given_ar")
LABELS = {
    "fr": ("Nom (lettres latines)", "Prénom (lettres latines)", "Nom (lettres arabes)", "Prénom (lettres arabes)"),
    "ar": (
        "الاسم العائلي (بالحروف اللاتينية)",
        "الاسم الشخصي (بالحروف اللاتينية)",
        "الاسم العائلي (بالحروف العربية)",
        "الاسم الشخصي (بالحروف العربية)",
    ),
}


def label(text: str, name: str) -> str:
    """The label of a field, without its star."""
    return re.sub("<[^>]+>", "", text.partition(f'<label for="{name}">')[2].partition("<")[0]).strip()


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_each_name_says_in_which_letters_and_those_of_the_page_come_first(clinic: Clinic, language: str) -> None:
    page = clinic.browser("nurse", language).see("/patients/register").text
    assert tuple(label(page, name) for name in NAMES) == LABELS[language]
    places = [page.index(f'id="{name}"') for name in (NAMES if language == "fr" else NAMES[2:] + NAMES[:2])]
    assert places == sorted(places)
    for name in ("phone", "cnie", "idcs", "cnss", "city"):
        assert f'id="{name}-hint"' in page, f"{name} says what is meant"


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_what_must_be_answered_has_a_star_and_nothing_else_is_marked(
    clinic: Clinic, zineb: Followed, language: str
) -> None:
    physician = clinic.browser("physician", language)
    forms = ("/patients/register", f"{zineb.record}/death", f"{zineb.record}/refer", zineb.visit, ending(clinic, zineb))
    for path in forms:
        page = physician.see(path)
        assert 'class="needed"' in page.text and 'class="optional"' not in page.text, path
        assert not re.findall(r"<label[^>]*>\s*</label>", page.text), path


def test_a_dose_is_written_with_the_reader_s_decimals(clinic: Clinic) -> None:
    order: dict[str, Any] = {
        "id": "o",
        "status": "active",
        "medicationCodeableConcept": {"text": "Amlodipine"},
        "dosageInstruction": [{"doseAndRate": [{"doseQuantity": quantity(2.5, "mg")}]}],
    }
    for language in ("fr", "ar"):
        assert amount(clinic.flask, order, language) == "2,5 mg"


def amount(flask: Flask, order: dict[str, Any], language: str) -> str:
    with flask.test_request_context(f"/?lang={language}"):
        return orders.present(order, language).amount


def test_one_who_is_back_is_spoken_of_as_one(clinic: Clinic) -> None:
    task = {
        "resourceType": "Task",
        "code": task_kind(RETURN),
        "restriction": {"period": {"end": str(date(2026, 9, 8))}},
    }
    for language, words in (("fr", "Visite de retour"), ("ar", "زيارة العودة")):
        with clinic.flask.test_request_context(f"/?lang={language}"):
            assert worklist.why(task, language) == words
