"""Simulated diabetics: what a Moroccan health centre sees of them, alone and with hypertension beside."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, datetime
from statistics import median, quantiles

import pytest

from app.fhir import validation
from app.fhir.resource import Resource
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.validate import findings
from pathways.simulator import crowd
from pathways.simulator.answers import Filling
from pathways.simulator.body import Body, taken_drugs
from pathways.simulator.life import Life, lived
from pathways.vocabulary import is_kind
from tests.golden import golden
from tests.pathways.simulator.surroundings import DAY, around
from tests.pathways.simulator.test_lives import Journal, of_type, proposed_for

HBA1C, FASTING = "4548-4", "1558-6"
PATHWAYS = {"https://maslak.ma/fhir/PlanDefinition/diabetes-pathway", around().disease.pathway}


@pytest.fixture(scope="module")
def people() -> list[list[Resource]]:
    return [lived(around(name="diabetes", beside=True), number) for number in range(60)]


def values(life: list[Resource], code: str) -> list[float]:
    """The results of a test, oldest first."""
    found = [one for one in of_type(life, "Observation") if one["code"]["coding"][0]["code"] == code]
    return [float(one["valueQuantity"]["value"]) for one in sorted(found, key=lambda one: one["effectiveDateTime"])]


def enrolled_in(life: list[Resource]) -> set[str]:
    return {plan["instantiatesCanonical"][0].partition("|")[0] for plan in of_type(life, "CarePlan")}


def test_blood_sugar_is_that_of_a_health_centre(people: list[list[Resource]]) -> None:
    every = [value for life in people for value in values(life, HBA1C)]
    last = [held[-1] for life in people if (held := values(life, HBA1C))]
    low, high = quantiles(every, n=20)[0], quantiles(every, n=20)[-1]
    assert low >= 6 and high <= 11.5 and 7 <= median(every) <= 9
    assert 0.15 <= sum(value <= 7 for value in last) / len(last) <= 0.5, "a part of them is at target, not all"


def test_fasting_glucose_goes_with_hba1c(people: list[list[Resource]]) -> None:
    pairs = [(median(h), median(f)) for life in people if (h := values(life, HBA1C)) and (f := values(life, FASTING))]
    assert len(pairs) > 30
    for hba1c, fasting in pairs:
        assert abs(fasting - (0.24 * hba1c - 0.21)) < 0.5, (hba1c, fasting)


def test_care_goes_on_as_it_does(people: list[list[Resource]]) -> None:
    """Steps are climbed, some are referred and come back, some have hypertension too, some are lost from sight."""
    seen: Counter[str] = Counter()
    for life in people:
        drugs = {
            c["code"] for one in of_type(life, "MedicationRequest") for c in one["medicationCodeableConcept"]["coding"]
        }
        seen |= Counter()
        seen["metformin"] += "A10BA02" in drugs
        seen["gliclazide"] += "A10BB09" in drugs
        seen["referred"] += any(is_kind(one, "referral") for one in of_type(life, "Task"))
        seen["both"] += enrolled_in(life) == PATHWAYS
        seen["late"] += any(
            is_kind(one, "visit")
            and one["status"] == "requested"
            and one["restriction"]["period"]["end"][:10] < date.fromordinal(DAY.toordinal() - 60).isoformat()
            for one in of_type(life, "Task")
        )
    assert seen["metformin"] >= 25 and seen["gliclazide"] >= 2
    assert seen["referred"] >= 3 and 8 <= seen["both"] <= 35 and seen["late"] >= 2


def test_the_yearly_checks_are_made_and_not_by_all(people: list[list[Resource]]) -> None:
    codes = Counter(
        code
        for life in people
        for code in {c["code"] for one in of_type(life, "Observation") for c in one["code"]["coding"]}
    )
    for code in ("foot-sensation", "dilated-eye-examination", "9318-7", "2160-0"):
        assert 5 <= codes[code] < len(people), (code, codes[code])
    assert codes["foot-inspection"] > 40 and codes["hypoglycaemia-event"] > 40


def test_every_resource_and_every_form_is_valid(people: list[list[Resource]]) -> None:
    chosen = [life for life in people if enrolled_in(life) == PATHWAYS][:4] + people[:4]
    for life in chosen:
        patient = of_type(life, "Patient")[0]
        for one in life:
            assert not validation.validate(one), (one["resourceType"], validation.validate(one))
        for response in of_type(life, "QuestionnaireResponse"):
            context = FormContext(
                datetime.fromisoformat(response["authored"]), "fr", patient, value_sets=around().listed
            )
            found = findings(golden.definition(response["questionnaire"]), response, context)
            assert not [one for one in found if one.issue.severity == "error"]


@pytest.mark.parametrize("number", [2, 8, 10])
def test_every_prescription_is_what_the_protocol_proposes(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(monkeypatch)
    life = Life(around(name="diabetes"), number)
    life.run()
    assert proposed_for(journal, around(name="diabetes").disease.pathway)


def test_the_same_number_is_the_same_person_and_most_people_have_hypertension_alone() -> None:
    several = [around(name=name, beside=True) for name in ("diabetes", "hypertension")]
    chosen = Counter(crowd.chosen(several, number).disease.name for number in range(2000))
    assert 0.2 < chosen["diabetes"] / 2000 < 0.32
    assert lived(several[0], 4) == lived(several[0], 4)


def test_two_tablets_a_day_do_more_than_one_and_insulin_by_the_unit() -> None:
    def order(code: str, amount: float, times: int, unit: str = "mg") -> Resource:
        dose = [{"doseQuantity": {"value": amount, "unit": unit, "code": unit}}]
        repeat = {"frequency": times, "period": 1, "periodUnit": "d"}
        return {
            "medicationCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": code}]},
            "dosageInstruction": [{"timing": {"repeat": repeat}, "doseAndRate": dose}],
        }

    assert taken_drugs([order("A10BA02", 1000, 2)]) == [("A10BA02", "2000", "mg")]
    fallen = {}
    for name, orders in {
        "one": [order("A10BA02", 1000, 1)],
        "two": [order("A10BA02", 1000, 2)],
        "with insulin": [order("A10BA02", 1000, 2), order("A10AC01", 20, 1, "[IU]")],
    }.items():
        body = a_body()
        body.live(date.fromordinal(DAY.toordinal() + 365), orders)
        fallen[name] = body.effect["hba1c"]
    assert fallen["with insulin"] < fallen["two"] < fallen["one"] < -1


def test_what_is_high_falls_more() -> None:
    high, low = a_body(), a_body()
    high.levels["hba1c"], low.levels["hba1c"] = 11, 7
    assert high._scale("hba1c") > 1 > low._scale("hba1c")


def test_a_form_of_two_pathways_gives_one_answer_where_both_ask() -> None:
    """*None of these* stands only where neither disease has anything to say."""
    both = around().disease.with_other(around(name="diabetes").disease)
    body = Body(both, random.Random(3), "female", date(1966, 1, 1), DAY)
    questionnaires = tuple(
        f"https://maslak.ma/fhir/Questionnaire/{name}-follow-up" for name in ("hypertension", "diabetes")
    )
    together = around(name="diabetes", beside=True).merged(questionnaires)
    for _ in range(40):
        filling = Filling(body, DAY, together.value_sets(around().listed), [], set(), set())
        given = filling.fill(together.form)
        codes = [answer["valueCoding"]["code"] for answer in given["danger-signs"]]
        assert len(codes) == len(set(codes)) and ("no-danger-sign" not in codes or len(codes) == 1)


def a_body() -> Body:
    body = Body(around(name="diabetes").disease, random.Random(1), "female", date(1966, 1, 1), DAY)
    body.taken, body.factor = 1.0, 1.0
    body.levels["hba1c"] = 9.0
    return body
