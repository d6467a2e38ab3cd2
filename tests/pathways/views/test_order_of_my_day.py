"""The order of those who did not come, and its explanation."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app import clock
from tests.pathways.views.browser import said
from tests.pathways.views.conftest import MONDAY, Clinic, enrolled, measured
from tests.pathways.views.test_both import CODES, diabetic, with_both

WORDS = {
    "fr": ("Dans cet ordre : sévère ou urgent, au-dessus de l’objectif", "sévère", "au-dessus de l’objectif"),
    "ar": ("بهذا الترتيب: الشديد أو الاستعجالي، ثم فوق الهدف", "شديد", "فوق الهدف"),
}


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_the_overdue_stand_by_risk_and_the_page_says_so(clinic: Clinic, language: str) -> None:
    physician = clinic.browser("physician")
    above = enrolled(clinic)
    physician.send(physician.send(above.visit, **measured(166, 104)).headers["Location"])
    with clock.frozen(MONDAY + timedelta(days=1)):
        severe = enrolled(clinic, cnie="LA9", phone="0611111119", family="Tazi", family_ar="التازي", birth="1950")
        physician = clinic.browser("physician")
        physician.send(physician.send(severe.visit, **measured(184, 104)).headers["Location"])
    with clock.frozen(MONDAY + timedelta(days=40)):
        page = clinic.browser("nurse", language).see("/my-day")
        explained, worst, worse = WORDS[language]
        words = said(page)
        assert explained in words
        assert page.text.index(f'href="{severe.record}"') < page.text.index(f'href="{above.record}"')
        assert words.index(f" {worst} 184/104") < words.index(f" {worse} 166/104")


def test_a_row_shows_the_values_of_each_pathway_that_it_is_about(clinic: Clinic) -> None:
    her = with_both(clinic)
    physician = clinic.browser("physician")
    allowed = f"{CODES}|no-metformin-contraindication"
    answers = diabetic(136, 88, metformin_contraindications=allowed, hba1c="6,6")
    physician.send(physician.send(her.visit, **answers).headers["Location"])
    (task,) = clinic.stored("Task?code=visit&status=requested&_count=5")
    assert len(task["basedOn"]) == 2
    with clock.frozen(MONDAY + timedelta(days=400)):
        row = said(clinic.browser("nurse").see("/my-day"))
    assert "au-dessus de l’objectif" in row, "of 130/80, which is stricter with diabetes"
    assert "136/88 mmHg" in row and "6,6 % HbA1c" in row
