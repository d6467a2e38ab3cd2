"""A patient with hypertension and diabetes, by the pages, in French and Arabic."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app import clock
from app.config import CANONICAL_BASE
from tests.pathways.both import E11, a_condition, an_order
from tests.pathways.views.browser import fields, said
from tests.pathways.views.conftest import MONDAY, Clinic, Followed, enrolled, measured

DIABETES = f"{CANONICAL_BASE}/PlanDefinition/diabetes-pathway"
CODES = f"{CANONICAL_BASE}/CodeSystem/clinical"
both_languages = pytest.mark.parametrize("language", ["fr", "ar"])
WORDS = {
    "fr": {
        "stricter": "L’objectif le plus strict s’applique : < 130/80 mmHg",
        "source": "OMS HEARTS-D 2020, traitements associés",
        "pathways": ("Parcours de l’hypertension artérielle", "Parcours du diabète de type 2"),
        "drugs": ("Amlodipine", "Metformine"),
        "alike": "Deux médicaments de même action",
        "missing": "HbA1c",
    },
    "ar": {
        "stricter": "يُطبَّق الهدف الأشد: < 130/80 mmHg",
        "source": "HEARTS-D 2020، العلاجات المرافقة",
        "pathways": ("مسلك علاج ارتفاع ضغط الدم", "مسلك علاج السكري من النوع الثاني"),
        "drugs": ("أملوديبين", "ميتفورمين"),
        "alike": "دواءان لهما المفعول نفسه",
        "missing": "HbA1c",
    },
}


def with_both(clinic: Clinic, language: str = "fr") -> Followed:
    her = enrolled(clinic, language)
    clinic.store(a_condition(f"Patient/{her.record.rsplit('/', 1)[1]}", E11))
    clinic.browser("nurse", language).send(f"{her.record}/enrol", pathway=DIABETES)
    return her


def diabetic(systolic: int, diastolic: int, **more: str) -> dict[str, object]:
    none = f"{CODES}|no-diabetes-symptom"
    return measured(systolic, diastolic, diabetes_symptoms=none, **more)


@both_languages
def test_one_form_one_next_step_one_date(clinic: Clinic, language: str) -> None:
    words, her = WORDS[language], with_both(clinic, language)
    physician = clinic.browser("physician", language)
    page = physician.see(her.visit)
    asked = fields(page)
    for name in ("bp-systolic", "weight", "hba1c", "creatinine", "fasting-glucose"):
        assert len(asked[name]) == 1, name
    assert not [name for name in asked if name.startswith("p2-")]
    allowed = f"{CODES}|no-metformin-contraindication"
    more = {"metformin_contraindications": allowed, "hba1c": "8,1", "creatinine": "9", "creatinine__unit": "mg/L"}
    step = physician.send(her.visit, **diabetic(166, 104, weight="81,5", **more)).headers["Location"]
    assert len(clinic.stored("QuestionnaireResponse?_count=5")) == 2
    assert len(clinic.stored("Observation?code=http://loinc.org|85354-9")) == 1

    page = physician.see(step)
    for word in (words["stricter"], words["source"], *words["pathways"], *words["drugs"]):
        assert word in said(page), word
    assert physician.send(step).headers["Location"] == her.record
    waiting = clinic.stored("Task?code=visit&status=requested&_count=5")
    assert [task["restriction"]["period"]["end"] for task in waiting] == ["2026-10-05"]
    record = physician.see(her.record)
    for word in (words["stricter"], words["source"], *words["drugs"]):
        assert word in said(record), word
    assert page.text.count("<form") == record.text.count("<form") + 1


@both_languages
def test_a_missing_hba1c_and_a_drug_from_elsewhere(clinic: Clinic, language: str) -> None:
    words, her = WORDS[language], with_both(clinic, language)
    patient = f"Patient/{her.record.rsplit('/', 1)[1]}"
    clinic.store(
        an_order(patient, "A10BA02", "Metformine", "1000", "2026-03-01"),
        an_order(patient, "C09AA02", "Enalapril", "20", "2026-03-01"),
        an_order(patient, "C09CA07", "Telmisartan", "40", "2026-04-01"),
    )
    physician = clinic.browser("physician", language)
    page = physician.see(physician.send(her.visit, **diabetic(126, 76)).headers["Location"])
    assert words["alike"] in said(page)
    assert words["missing"] in said(page)
    assert words["alike"] in said(physician.see(her.record))


def test_one_treatment_is_kept_while_the_other_goes_on(clinic: Clinic) -> None:
    her, physician = with_both(clinic), clinic.browser("physician")
    more = {"metformin_contraindications": f"{CODES}|no-metformin-contraindication", "hba1c": "8,1"}
    more |= {"creatinine": "9", "creatinine__unit": "mg/L"}
    step = physician.send(her.visit, **diabetic(166, 104, **more)).headers["Location"]
    page = physician.see(f"{step}?act=adapt")
    assert "Garder le traitement actuel d’un seul parcours" in said(page)
    physician.send(f"{step}?act=adapt", decision="keep 0", reason="patient-choice")
    drugs = [one["medicationCodeableConcept"]["text"] for one in clinic.stored("MedicationRequest?_count=9")]
    assert drugs == ["Metformine"]
    shown = said(physician.see(her.record))
    assert "Adaptée : " in shown and "patient-choice" not in shown


def test_the_former_addresses_lead_to_the_new_ones(clinic: Clinic) -> None:
    her, nurse = with_both(clinic), clinic.browser("nurse")
    episode = clinic.stored("EpisodeOfCare?_count=1")[0]["id"]
    assert nurse.see(f"{her.record}/pathways/{episode}/visit", 301).headers["Location"] == her.visit


def test_a_second_pathway_joins_the_visit_that_waits(clinic: Clinic) -> None:
    her = enrolled(clinic)
    with clock.frozen(MONDAY + timedelta(days=3)):
        clinic.browser("nurse").send(f"{her.record}/enrol", pathway=DIABETES)
    (task,) = clinic.stored("Task?code=visit&status=requested&_count=5")
    assert len(task["basedOn"]) == 2 and task["restriction"]["period"]["end"] == "2026-09-07"


@both_languages
def test_a_step_is_skipped_with_a_reason(clinic: Clinic, language: str) -> None:
    her, physician = enrolled(clinic, language), clinic.browser("physician", language)
    physician.send(physician.send(her.visit, **measured(166, 104)).headers["Location"])
    page = physician.see(her.record)
    path = next(part.split('"')[0] for part in page.text.split('href="')[1:] if "creatinine/skip" in part.split('"')[0])
    physician.send(path, 422, reason="")
    assert physician.send(path, reason="réactif en rupture").headers["Location"] == her.record
    page = physician.see(her.record)
    assert "réactif en rupture" in said(page) and path not in page.text
    (task,) = clinic.stored("Task?status=cancelled&_count=5")
    assert task["statusReason"]["text"] == "réactif en rupture"
    physician.see(path, 200)
    assert physician.send(path, 422, reason="encore").status_code == 422
