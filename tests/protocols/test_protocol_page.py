"""The protocol page of the national content: everything that a clinician asks for, taken from the artefacts."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale

from app.config import LOCALES
from app.errors import NotFound
from app.factory import create_app
from app.fhir import json
from protocols.presenters import page
from protocols.presenters.page import ProtocolPage

ROOT = Path(__file__).resolve().parents[2]
CONTENT = ROOT / "protocols" / "content"
DISEASES = sorted(path.name for path in CONTENT.iterdir() if list(path.glob("library-*-protocol.json")))


@pytest.fixture(scope="module")
def flask() -> Iterator[Flask]:
    made = create_app({"SQLALCHEMY_DATABASE_URI": "sqlite://", "FEATURES": ("protocols",), "TESTING": True})
    with made.test_request_context("/"):
        yield made


def presented(disease: str, lang: str) -> ProtocolPage:
    found = [json.loads(path.read_bytes()) for path in sorted((CONTENT / disease).glob("*.json"))]
    by_url = {one["url"]: one for one in found if "url" in one}
    library = next(one for one in found if one["resourceType"] == "Library")

    def definitions(canonical: str) -> Any:
        if canonical.split("|")[0] not in by_url:
            raise NotFound("not here")
        return by_url[canonical.split("|")[0]]

    with force_locale(LOCALES[lang]):
        return page.present(library, [one for one in found if one is not library], definitions, lang)


@pytest.mark.parametrize("disease", DISEASES)
@pytest.mark.parametrize("lang", ["fr", "ar"])
def test_a_page_answers_every_question(flask: Flask, disease: str, lang: str) -> None:
    shown = presented(disease, lang)
    assert shown.title and shown.levels and shown.sources
    assert len(shown.minute) >= 5 and all(answer for _question, answer, _anchor in shown.minute)
    anchors = {section.anchor for section in shown.sections}
    assert {anchor for _question, _answer, anchor in shown.minute} <= anchors
    treatment = next(section for section in shown.sections if section.role == "treatment")
    numbers = [step.number for step in treatment.steps]
    digits = [int(number) for number in numbers if number.isdigit()]
    assert digits == sorted(digits) and len(numbers) == len(set(numbers))
    for step in treatment.steps:
        assert step.regimen.shown or step.description
        assert all(dose.medicine for dose in step.regimen.shown)
    referral = next(section for section in shown.sections if section.role == "referral")
    assert referral.urgent and referral.rest


@pytest.mark.parametrize("disease", DISEASES)
def test_both_languages_say_the_same_number_of_things(flask: Flask, disease: str) -> None:
    french, arabic = (presented(disease, lang) for lang in ("fr", "ar"))
    for one, other in zip(french.sections, arabic.sections, strict=True):
        assert (one.anchor, one.role) == (other.anchor, other.role)
        assert [len(group.titles) for group in one.rest] == [len(group.titles) for group in other.rest]
        assert [[d.amount for d in s.regimen.shown] for s in one.steps] == [
            [d.amount for d in s.regimen.shown] for s in other.steps
        ]
    assert [p.name for p in french.parameters] == [p.name for p in arabic.parameters]


def test_the_first_step_of_hypertension_is_as_the_protocol_has_it(flask: Flask) -> None:
    """MOROCCO §3.1, first table: amlodipine 5, 10, + telmisartan 40, 80, + chlorthalidone 12.5, 25, then refer."""
    treatment = next(s for s in presented("hypertension", "fr").sections if s.role == "treatment")
    doses = [[dose.amount for dose in step.regimen.shown] for step in treatment.steps]
    assert doses == [
        ["5 mg"],
        ["10 mg"],
        ["10 mg", "40 mg"],
        ["10 mg", "80 mg"],
        ["10 mg", "80 mg", "12,5 mg"],
        ["10 mg", "80 mg", "25 mg"],
        [],
    ]
    choices = treatment.alternatives[0]
    assert choices.columns == ("3", "4–6") and dict(choices.rows)["Losartan"] == ("50 mg", "100 mg")


@pytest.mark.parametrize("lang", ["fr", "ar"])
def test_the_first_view_is_light(flask: Flask, lang: str) -> None:
    """30 KiB with the stylesheet and the script, so at most 20 for the page."""
    from app.web import render

    with force_locale(LOCALES[lang]):
        body = render(
            "protocols/body.html",
            page=presented("hypertension", lang),
            version={
                "id": "x",
                "word": "x",
                "tag": "good",
                "number": "1.0.0",
                "state": "released",
                "since": "2026-11-21",
            },
            history=[],
            changed=[],
            before=None,
            figures=[],
            lang=lang,
            alone=True,
        )
    assert len(gzip.compress(body.encode())) < 14 * 1024


def test_a_dose_says_how_often_and_has_no_sign_between_thousands(flask: Flask) -> None:
    from protocols.presenters.treatment import _amount

    quantity = {"value": 1000, "unit": "mg"}
    assert _amount(quantity, {"frequency": 2, "period": 1, "periodUnit": "d"}) == "1000 mg × 2"
    assert _amount(quantity, {"frequency": 1, "period": 1, "periodUnit": "d"}) == "1000 mg"
