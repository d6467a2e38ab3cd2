"""What the forms calculate: CKD-EPI 2021 and the WHO risk of 2019, against published values; what they say when they
cannot."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from app.config import CANONICAL_BASE, ROOT
from app.fhir.resource import extensions
from pathways.questionnaire import sdc
from pathways.questionnaire.calculation import explained
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.expressions import Expressions
from pathways.questionnaire.extract import extract
from pathways.questionnaire.response import respond
from pathways.questionnaire.validate import validate
from tests.content.filled import ICD10, NOW, coded, pressure, value_set
from tests.golden.golden import definition

FIRST = [f"{CANONICAL_BASE}/Questionnaire/{disease}-first-assessment" for disease in ("hypertension", "diabetes")]
LATER = [f"{CANONICAL_BASE}/Questionnaire/{disease}-follow-up" for disease in ("hypertension", "diabetes")]


def person(gender: str, age: int) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "p", "gender": gender, "birthDate": f"{2026 - age}-09-15"}


def amount(value: str, unit: str) -> list[dict[str, Any]]:
    quantity = {"value": Decimal(value), "unit": unit, "system": sdc.UCUM, "code": unit}
    return [{"valueQuantity": quantity}]


def number(value: str) -> list[dict[str, Any]]:
    return [{"valueDecimal": Decimal(value)}]


def vascular(systolic: int, smokes: bool, **more: Any) -> dict[str, Any]:
    """The answers on which the risk rests."""
    smoking = {"smoking": [coded("smoker" if smokes else "never-smoker")]}
    return pressure(systolic, 80) | smoking | {name.replace("_", "-"): given for name, given in more.items()}


class Form:
    """A form of the content, answered by somebody."""

    def __init__(self, url: str, patient: dict[str, Any], answers: dict[str, Any], language: str = "fr", **more: Any):
        self.questionnaire = definition(url)
        self.context = FormContext(datetime.fromisoformat(NOW), language, patient=patient, value_sets=value_set, **more)
        self.response = respond(self.questionnaire, answers, self.context, form_key="k")
        self.expressions = Expressions(self.questionnaire, self.context)

    def exactly(self, variable: str) -> Decimal:
        return self.expressions.evaluate(variable, self.response)[0]

    def said(self, link_id: str) -> tuple[str, str]:
        made = explained(self.expressions.definitions[link_id], self.expressions, self.response)
        return made.value, made.note.replace("\u2068", "").replace("\u2069", "")

    def observed(self, code: str) -> dict[str, Any] | None:
        made = extract(self.questionnaire, self.response, self.context)
        found = [one for one in made if one.get("code", {}).get("coding", [{}])[0].get("code") == code]
        return found[0]["valueQuantity"] if found else None


@pytest.mark.parametrize("url", [*FIRST, *LATER])
@pytest.mark.parametrize(
    ("gender", "expected"), [("male", "69.23"), ("female", "51.82")], ids=["man of 60", "woman of 60"]
)
@pytest.mark.parametrize("creatinine", [("1.2", "mg/dL"), ("12", "mg/L"), ("106.08", "umol/L")], ids=lambda one: one[1])
def test_filtration_is_that_of_ckd_epi_2021(url: str, gender: str, expected: str, creatinine: tuple[str, str]) -> None:
    form = Form(url, person(gender, 60), {"creatinine": amount(*creatinine)})
    assert round(form.exactly("%ckdEpi2021"), 2) == Decimal(expected)
    observed = form.observed("98979-8")
    assert observed is not None and observed["code"] == "mL/min/{1.73_m2}"
    assert observed["value"] == round(Decimal(expected), 1)


RISKS = {
    "man of 60, 150, smokes, 5.5": (
        "male", 60, vascular(150, True, total_cholesterol=amount("5.5", "mmol/L")), "23.5377",
    ),
    "woman of 55, 145, diabetes, 5.2": (
        "female", 55,
        vascular(145, False, total_cholesterol=amount("5.2", "mmol/L"), history=[coded("E11", ICD10)]), "16.3156",
    ),
    "man of 60, 150, smokes, BMI 28": (
        "male", 60, vascular(150, True, weight=number("112"), height=number("200")), "25.5076",
    ),
    "woman of 55, 145, BMI 30": (
        "female", 55, vascular(145, False, weight=number("120"), height=number("200")), "10.5407",
    ),
}  # fmt: skip


@pytest.mark.parametrize("url", FIRST)
@pytest.mark.parametrize("case", RISKS)
def test_risk_is_that_of_who_2019(url: str, case: str) -> None:
    gender, age, answers, expected = RISKS[case]
    form = Form(url, person(gender, age), answers)
    assert round(form.exactly("%cvdRisk10"), 4) == Decimal(expected)
    observed = form.observed("cvd-risk")
    assert observed is not None and observed["value"] == round(Decimal(expected), 1) and observed["code"] == "%"


@pytest.mark.parametrize(
    ("gender", "age", "systolic", "smokes", "diabetes", "cholesterol", "expected"),
    [("female", "72.5", 190, True, True, "7.5", "59.1511"), ("male", "42.5", 110, False, False, "3.5", "2.1584")],
)
def test_risk_between_two_birthdays(
    gender: str, age: str, systolic: int, smokes: bool, diabetes: bool, cholesterol: str, expected: str
) -> None:
    """The middle of the age bands of the charts: the age is put in the place of that of the form."""
    history = {"history": [coded("E10", ICD10)]} if diabetes else {}
    answers = vascular(systolic, smokes, total_cholesterol=amount(cholesterol, "mmol/L")) | history
    form = Form(FIRST[0], person(gender, 60), answers)
    aged = [
        one | {"valueExpression": one["valueExpression"] | {"expression": age}}
        if one.get("valueExpression", {}).get("name") == "age" else one
        for one in form.questionnaire["extension"]
    ]  # fmt: skip
    form.expressions = Expressions(form.questionnaire | {"extension": aged}, form.context)
    assert round(form.exactly("%cvdRisk10"), 4) == Decimal(expected)


@pytest.mark.parametrize("given", [("2.1269", "g/L"), ("212.69", "mg/dL")])
def test_cholesterol_counts_the_same_in_every_unit(given: tuple[str, str]) -> None:
    form = Form(FIRST[0], person("male", 60), vascular(150, True, total_cholesterol=amount(*given)))
    assert abs(form.exactly("%cvdRisk10") - Decimal("23.5377")) < Decimal("0.01")


@pytest.mark.parametrize(
    ("age", "said"),
    [(39, "Sans objet : avant 40 ans"), (40, None), (74, None), (75, "Sans objet : après 74 ans")],
)
def test_risk_is_for_people_of_40_to_74(age: int, said: str | None) -> None:
    answers = vascular(150, True, total_cholesterol=amount("5.5", "mmol/L"))
    form = Form(FIRST[0], person("male", age), answers)
    assert (form.observed("cvd-risk") is None) is (said is not None)
    value, note = form.said("cvd-risk")
    assert (value, note) == ("", said) if said else value.endswith(" %")


def test_risk_is_not_for_those_who_have_the_disease() -> None:
    answers = vascular(150, True, total_cholesterol=amount("5.5", "mmol/L"))
    for more in ({"infarction": [{"valueBoolean": True}]}, {"history": [coded("I63", ICD10)]}):
        value, note = Form(FIRST[0], person("male", 60), answers | more).said("cvd-risk")
        assert value == "" and note.startswith("Sans objet : maladie cardiovasculaire")
    stroke = {"resourceType": "Condition", "code": {"coding": [{"system": ICD10, "code": "I63.9"}]}}
    bundle = {"resourceType": "Bundle", "entry": [{"resource": stroke}]}
    known = Form(FIRST[0], person("male", 60), answers, query=lambda text: bundle if "Condition" in text else {})
    assert known.said("cvd-risk")[0] == ""


def test_what_is_missing_is_named() -> None:
    nothing = Form(FIRST[0], person("male", 60), {})
    assert nothing.said("egfr") == ("", "Il manque : la créatinine")
    assert nothing.said("bmi") == ("", "Il manque : le poids, la taille")
    wanted = "Il manque : la systolique, le tabac, le cholestérol total, ou le poids et la taille"
    assert nothing.said("cvd-risk") == ("", wanted)
    arabic = Form(FIRST[0], person("male", 60), {}, "ar")
    assert arabic.said("egfr") == ("", "ينقص: الكرياتينين")


def test_with_diabetes_the_risk_waits_for_the_cholesterol() -> None:
    """The model without laboratory has no term for diabetes: it would say too little."""
    answers = vascular(150, True, weight=number("90"), height=number("170"), history=[coded("E11", ICD10)])
    assert Form(FIRST[1], person("male", 60), answers).said("cvd-risk") == ("", "Il manque : le cholestérol total")


def test_a_value_says_from_what_it_was_calculated() -> None:
    form = Form(FIRST[0], person("female", 60), {"creatinine": amount("12", "mg/L")})
    said = "Calculé : créatinine 1,2 mg/dL, 60 ans, femme, CKD-EPI 2021"
    assert form.said("egfr") == ("51,8 mL/min/1,73 m²", said)
    gender, age, answers, _ = RISKS["man of 60, 150, smokes, 5.5"]
    value, note = Form(FIRST[0], person(gender, age), answers).said("cvd-risk")
    assert value == "23,5 %"
    for one in ("60 ans", "homme", "150 mmHg", "fumeur", "5,5 mmol/L", "sans diabète connu", "OMS 2019"):
        assert one in note


def test_before_18_there_is_no_filtration() -> None:
    assert Form(LATER[1], person("male", 17), {"creatinine": amount("9", "mg/L")}).said("egfr")[1].startswith("Sans")


@pytest.mark.parametrize("link_id", ["egfr", "cvd-risk"])
def test_the_value_of_a_laboratory_or_a_colleague_stands(link_id: str) -> None:
    answers = vascular(150, True, total_cholesterol=amount("5.5", "mmol/L"), creatinine=amount("12", "mg/L"))
    form = Form(FIRST[0], person("male", 60), answers | {link_id: number("31")})
    code = {"egfr": "98979-8", "cvd-risk": "cvd-risk"}[link_id]
    observed = form.observed(code)
    assert observed is not None and observed["value"] == 31
    told = [one for one in validate(form.questionnaire, form.response, form.context) if one.diagnostics == link_id]
    assert [one.severity for one in told] == ["warning"]


@pytest.mark.parametrize(("birth", "age"), [("1966-09-15", 60), ("1966-09-16", 59), ("1966-09", 60), ("1966", 60)])
def test_age_is_in_completed_years(birth: str, age: int) -> None:
    assert Form(LATER[0], person("male", 60) | {"birthDate": birth}, {}).exactly("%age") == age


def test_one_name_means_one_formula_in_every_form() -> None:
    """Forms of several pathways are asked as one: what they calculate under one name must be the same."""
    found: dict[str, set[str]] = {}
    for url in (*FIRST, *LATER):
        for one in extensions(definition(url), sdc.VARIABLE):
            found.setdefault(one["valueExpression"]["name"], set()).add(json.dumps(one, sort_keys=True))
    assert found and {name for name, texts in found.items() if len(texts) > 1} == set()


def test_coefficients_name_their_source() -> None:
    for url, name in product(FIRST, ("ckdEpi2021", "labCoronarySum", "plainStrokeSum", "cvdRisk10")):
        declared = extensions(definition(url), sdc.VARIABLE)
        expression = next(one["valueExpression"] for one in declared if one["valueExpression"]["name"] == name)
        assert expression["reference"].startswith("https://doi.org/") and expression["description"]


def test_no_formula_stands_in_python() -> None:
    for path in (ROOT / "pathways").rglob("*.py"):
        text = path.read_text("utf-8")
        assert "0.9938" not in text and "0.9540108" not in text, path


def test_an_observation_says_that_it_was_calculated_and_a_laboratory_s_does_not() -> None:
    def methods(**more: Any) -> list[Any]:
        form = Form(LATER[0], person("male", 60), {"creatinine": amount("12", "mg/L")} | more)
        made = extract(form.questionnaire, form.response, form.context)
        return [one.get("method") for one in made if one["code"]["coding"][0]["code"] == "98979-8"]

    (method,) = methods()
    assert method["text"] == "Calculé : créatinine 1,2 mg/dL, 60 ans, homme, CKD-EPI 2021"
    assert "الكرياتينين 1,2" in json.dumps(method["_text"], ensure_ascii=False)
    assert methods(egfr=number("50")) == [None]
