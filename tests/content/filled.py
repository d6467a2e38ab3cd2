"""A form of the content as somebody filled it in: checked, extracted, and followed by the engine."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.config import CANONICAL_BASE
from pathways.apply import Applied
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.extract import extract
from pathways.questionnaire.response import respond
from pathways.questionnaire.validate import validate
from tests.golden.golden import definition, walked

NOW = "2026-09-15T10:00:00+01:00"
CLINICAL = f"{CANONICAL_BASE}/CodeSystem/clinical"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
NAIMA = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1981-03-10"}
SAID = NAIMA | {"gender": "male", "birthDate": "1966-03-10"}


def value_set(url: str) -> list[tuple[str, str, str]]:
    """The codes of a value set of the content."""
    includes = definition(url)["compose"]["include"]
    return [(one["system"], concept["code"], concept["display"]) for one in includes for concept in one["concept"]]


def coded(code: str, system: str = CLINICAL) -> dict[str, Any]:
    return {"valueCoding": {"system": system, "code": code}}


def pressure(systolic: int, diastolic: int, reading: str = "bp") -> dict[str, Any]:
    return {
        f"{reading}-systolic": [{"valueInteger": systolic}],
        f"{reading}-diastolic": [{"valueInteger": diastolic}],
    }


class Filled:
    """A form as somebody filled it in."""

    def __init__(self, form: dict[str, Any], answers: dict[str, Any], patient: dict[str, Any], disease: str):
        self.form, self.patient, self.disease = form, patient, disease
        self.context = FormContext(datetime.fromisoformat(NOW), patient=patient, value_sets=value_set)
        self.response = respond(form, answers, self.context, form_key="k")

    @property
    def problems(self) -> list[str]:
        return [issue.text for issue in validate(self.form, self.response, self.context)]

    @property
    def resources(self) -> list[dict[str, Any]]:
        return extract(self.form, self.response, self.context, form_key="k", effective=NOW)

    def next_step(self, *before: dict[str, Any]) -> Applied:
        made = [one | {"id": f"made-{at}"} for at, one in enumerate(self.resources)]
        return walked(self.disease, {"record": [self.patient, *before, *made], "asOf": NOW})


def with_record(patient: dict[str, Any], *more: dict[str, Any]) -> dict[str, Any]:
    return patient | {"record": [*patient["record"], *more]}


def forms_asked(applied: Applied) -> list[str]:
    """The forms that the actions taken name."""
    named = [one.action.definition or "" for one in applied.walk() if one.taken == "taken"]
    return [definition for definition in named if "/Questionnaire/" in definition]
