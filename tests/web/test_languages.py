"""Words that depend on a number: Arabic has six forms."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.i18n import due_text
from tests.web.conftest import PASSWORD

OVERDUE = {
    "ar": {
        1: "متأخر بيوم واحد",
        2: "متأخر بيومين",
        5: "متأخر بـ 5 أيام",
        10: "متأخر بـ 10 أيام",
        11: "متأخر بـ 11 يوما",
        76: "متأخر بـ 76 يوما",
        99: "متأخر بـ 99 يوما",
        100: "متأخر بـ 100 يوم",
        102: "متأخر بـ 102 يوم",
        103: "متأخر بـ 103 أيام",
        130: "متأخر بـ 130 يوما",
    },
    "fr": {1: "en retard de 1 j", 2: "en retard de 2 j", 130: "en retard de 130 j"},
}


def test_the_language_outlives_the_session(flask: Flask, browser: FlaskClient, a_person: Any) -> None:
    username = a_person("nurse", language="ar")
    page = browser.get("/sign-in", headers={"Accept-Language": "fr"}).get_data(as_text=True)
    assert '<html lang="fr"' in page
    browser.post("/sign-in", data={"username": username, "password": PASSWORD})
    assert '<html lang="ar"' in browser.get("/account").get_data(as_text=True)
    browser.delete_cookie("maslak")
    page = browser.get("/sign-in", headers={"Accept-Language": "fr"}).get_data(as_text=True)
    assert '<html lang="ar" dir="rtl"' in page
    kept = browser.get_cookie("language")
    assert kept is not None and kept.value == "ar" and kept.http_only


@pytest.mark.parametrize("language", OVERDUE)
def test_days_overdue(flask: Flask, language: str) -> None:
    today = date(2026, 9, 7)
    with flask.test_request_context(f"/?lang={language}"):
        said = {days: due_text(today - timedelta(days=days), today) for days in OVERDUE[language]}
    assert said == OVERDUE[language]
