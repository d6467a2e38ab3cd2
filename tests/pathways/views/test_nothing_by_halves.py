"""What a page sends is stored as a whole or not at all, and once more where another transaction was in the way."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import psycopg
import pytest

import pathways.visit
from app import clock
from app.errors import Conflict
from app.store import patience
from tests.pathways.views.browser import fields, said
from tests.pathways.views.conftest import MONDAY, Clinic, Followed, enrolled, measured
from tests.pathways.views.test_the_road import play

WRITTEN = {"findings": "HTA", "treatment": "Amlodipine 10 mg"}


def test_a_letter_over_a_page_that_is_out_of_date_leaves_no_letter(clinic_anywhere: Clinic) -> None:
    clinic = clinic_anywhere
    her = enrolled(clinic)
    physician = clinic.browser("physician")
    step = physician.send(her.visit, **measured(210, 124)).headers["Location"]
    referral = physician.send(physician.send(step).headers["Location"]).headers["Location"]
    with clock.frozen(MONDAY + timedelta(hours=6)):
        hospital = clinic.browser("hospital")
        play(hospital, referral, "send acceptance")
        play(hospital, referral, "send interim consultation note")
        page = fields(hospital.see(f"{referral}/answer"))
        (task,) = clinic.stored(f"Task?_id={referral.rpartition('/')[2]}")
        clinic.store(copy.deepcopy(task) | {"note": [{"text": "by another hand"}]})
        again = hospital.send(f"{referral}/answer", 422, form=page, **WRITTEN)
        assert "HTA" in again.text, "what was written is kept"
        assert not clinic.stored("Composition?"), "a letter that was refused is nowhere"
        hospital.send(f"{referral}/answer", form=fields(again))
        assert len(clinic.stored("Composition?")) == 1


def test_a_visit_that_is_refused_late_is_stored_in_no_part(
    clinic: Clinic, zineb: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Any:
        raise Conflict("the episode has been closed")

    physician = clinic.browser("physician")
    with monkeypatch.context() as patched:
        patched.setattr(pathways.visit, "close_answered", refuse)
        page = physician.send(zineb.visit, 422, **measured(152, 94))
    assert "the episode has been closed" in said(page) and 'value="152"' in page.text
    for kind in ("Encounter", "QuestionnaireResponse", "Observation"):
        assert not clinic.stored(f"{kind}?"), kind
    physician.send(zineb.visit, form=fields(page))
    assert len(clinic.stored("Encounter?")) == 1


def test_what_was_in_the_way_of_another_is_done_again_once(
    clinic: Clinic, zineb: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    true, beaten = pathways.visit.close_answered, iter([psycopg.errors.DeadlockDetected("deadlock detected")])

    def late(*given: Any) -> Any:
        for error in beaten:
            raise error
        return true(*given)

    monkeypatch.setattr(pathways.visit, "close_answered", late)
    step = clinic.browser("physician").send(zineb.visit, **measured(152, 94)).headers["Location"]
    assert len(clinic.stored("Encounter?")) == 1
    assert step.endswith("/step")


def test_but_not_for_ever(clinic: Clinic, zineb: Followed, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def beaten(*_: Any) -> Any:
        tried.append(1)
        raise psycopg.errors.DeadlockDetected("deadlock detected")

    monkeypatch.setattr(pathways.visit, "close_answered", beaten)
    clinic.browser("physician").send(zineb.visit, 500, **measured(152, 94))
    assert len(tried) == patience.TIMES and not clinic.stored("Encounter?")
