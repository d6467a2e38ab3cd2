"""Simulated lives: always the same, valid, treated as the protocol says, and like those of a health centre."""

from __future__ import annotations

import gc
import random
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from app.clock import CASABLANCA
from app.config import CANONICAL_BASE
from app.fhir import validation
from app.fhir.resource import Resource, code_in, has_coding, references
from pathways import treatment
from pathways.apply import ApplyRequest, apply
from pathways.facts import Facts
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.validate import findings
from pathways.simulator import crowd
from pathways.simulator import life as lives
from pathways.simulator.body import Body
from pathways.simulator.life import CALENDAR, Life, lived
from pathways.simulator.memory import Memory
from pathways.vocabulary import REFERRAL_STATUS, is_kind
from tests.golden import golden
from tests.pathways.simulator.surroundings import DAY, around

SOME = range(24)
ATC = "http://www.whocc.no/atc"


@pytest.fixture(scope="module")
def people() -> list[list[Resource]]:
    return [lived(around(), number) for number in SOME]


def of_type(life: list[Resource], type: str) -> list[Resource]:
    return [one for one in life if one["resourceType"] == type]


def test_the_same_seed_and_day_give_the_same_lives(people: list[list[Resource]]) -> None:
    assert lived(around(), 3) == people[3]
    assert lived(around(seed=2), 3) != people[3]


def test_every_resource_is_valid(people: list[list[Resource]]) -> None:
    for one in [one for life in people[:8] for one in life]:
        assert not validation.validate(one), (one["resourceType"], validation.validate(one))


def test_nothing_points_into_the_void(people: list[list[Resource]]) -> None:
    for life in people:
        held = {f"{one['resourceType']}/{one['id']}" for one in life}
        for one in life:
            for path, target in references(one):
                wanted = target["reference"].partition("/_history/")[0]
                known = wanted in held or wanted.partition("/")[0] in ("Organization", "Practitioner")
                assert known, (one["resourceType"], path, wanted)


def test_every_form_is_filled_in_as_the_questionnaire_asks(people: list[list[Resource]]) -> None:
    for life in people:
        patient = of_type(life, "Patient")[0]
        for response in of_type(life, "QuestionnaireResponse"):
            now = datetime.fromisoformat(response["authored"])
            context = FormContext(now, "fr", patient, value_sets=around().listed)
            found = findings(golden.definition(response["questionnaire"]), response, context)
            assert not [one for one in found if one.issue.severity == "error"]


def test_what_is_ordered_comes_back_more_often_than_not(people: list[list[Resource]]) -> None:
    fate: dict[str, Counter[str]] = {}
    for one in [one for life in people for one in of_type(life, "ServiceRequest")]:
        if not has_coding(one["code"], "http://snomed.info/sct", "3457005"):  # a referral is answered by a letter
            fate.setdefault(one["code"]["coding"][0]["code"], Counter())[one["status"]] += 1
    assert {"11524-6", "20454-5", "2951-2", "2823-3"} <= fate.keys()
    assert all(held["completed"] > held["active"] for held in fate.values()), fate


def test_nothing_happens_today_or_later(people: list[list[Resource]]) -> None:
    times = {"Encounter": "period", "Observation": "effectiveDateTime", "MedicationRequest": "authoredOn"}
    for one in [one for life in people for one in life]:
        value = one.get(times.get(one["resourceType"], "authored"), "")
        assert (value["start"] if isinstance(value, dict) else value)[:10] < DAY.isoformat()


class Journal:
    """Every state that a record in memory went through, with its moment."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.states: list[tuple[datetime, Resource]] = []
        keep = Memory._keep

        def kept(memory: Memory, resource: Resource) -> Resource:
            made = keep(memory, resource)
            self.states.append((memory.now, made))
            return made

        monkeypatch.setattr(Memory, "_keep", kept)

    def before(self, moment: datetime) -> Iterator[Resource]:
        return (resource for at, resource in self.states if at < moment)


@pytest.mark.parametrize("number", [0, 2, 3, 4, 5, 7, 8, 9])  # the first to whom anything is prescribed
def test_every_prescription_is_what_the_protocol_proposes_for_the_record(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record is put together again as it stood before each prescription, and the engine is asked anew."""
    journal = Journal(monkeypatch)
    life = Life(around(), number)
    life.run()
    assert proposed_for(journal, around().disease.pathway)


def proposed_for(journal: Journal, canonical: str) -> bool:
    """Whether every prescription was proposed for the record as it stood before it; none at all is no proof."""
    pathway = golden.definition(canonical)
    started = [(at, one) for at, one in journal.states if one["resourceType"] == "MedicationRequest"]
    for moment, order in started:
        if order["status"] != "active":
            continue
        record = [one for one in journal.before(moment) if one["resourceType"] != "Provenance"]
        subject = next(one for one in record if one["resourceType"] == "Patient")
        facts, day = Facts(record, moment), moment.astimezone(CASABLANCA).date()
        asked = ApplyRequest(subject, facts, golden.definition, moment, calendar=CALENDAR, anchor=day)
        proposed = [one for one in apply(pathway, asked).resources.values() if "dosageInstruction" in one]
        assert treatment.key(order) in [treatment.key(one) for one in proposed]
    return bool(started)


def test_other_diseases_are_as_frequent_as_the_data_say() -> None:
    disease, number = around().disease, 3000
    chance = random.Random(5)
    bodies = [Body(disease, chance, "female", DAY - timedelta(days=20000), DAY) for _ in range(number)]
    for condition in disease.conditions:
        share = sum(condition["icd10"] in body.conditions for body in bodies) / number
        assert share == pytest.approx(condition["prevalence"], abs=4 * (condition["prevalence"] / number) ** 0.5)


def test_a_drug_that_is_taken_lowers_what_it_is_said_to_lower() -> None:
    body = Body(around().disease, random.Random(1), "female", DAY - timedelta(days=20000), DAY)
    body.taken, body.factor = 1.0, 1.0
    order = {
        "medicationCodeableConcept": {"coding": [{"system": ATC, "code": "C08CA01"}]},
        "dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg", "code": "mg"}}]}],
    }
    body.live(DAY + timedelta(weeks=4), [order])
    assert body.effect["systolic"] == pytest.approx(-9, abs=0.6)
    body.live(DAY + timedelta(weeks=30), [])
    assert body.effect["systolic"] == pytest.approx(0, abs=0.1)


def test_a_region_has_all_that_a_day_brings() -> None:
    """Late and coming patients, decisions that wait, referrals on their way and answered, lives that ended."""
    seen: Counter[str] = Counter()
    for number in range(120):
        life = lived(around(), number)
        seen["dead"] += "deceasedDateTime" in of_type(life, "Patient")[0]
        seen["stopped"] += any(one["status"] == "stopped" for one in of_type(life, "MedicationRequest"))
        for task in of_type(life, "Task"):
            end = task.get("restriction", {}).get("period", {}).get("end", "")[:10]
            if is_kind(task, "visit") and task["status"] == "requested":
                seen["late" if end < DAY.isoformat() else "ahead"] += 1
            elif is_kind(task, "decide") and task["status"] == "requested":
                seen["to decide"] += 1
            elif is_kind(task, "return") and task["status"] == "requested":
                seen["back"] += 1
            elif is_kind(task, "referral"):
                seen[f"referral {code_in(task['businessStatus'], REFERRAL_STATUS)}"] += 1
        if any(has_coding(one["code"], "http://hl7.org/fhir/sid/icd-10", "I10") for one in of_type(life, "Condition")):
            seen["hypertension"] += 1
    assert seen["late"] >= 8 and seen["ahead"] >= 40 and seen["to decide"] >= 2 and seen["back"] >= 1
    assert seen["hypertension"] >= 100 and seen["stopped"] >= 30
    assert seen["referral 7.0"] >= 10
    assert sum(seen[f"referral {state}"] for state in ("2.0", "3.0", "5.1.1", "5.1.4")) >= 3


def test_memory_does_not_grow_with_the_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "SMALL", 1000)
    monkeypatch.setattr(crowd, "BATCH", 5)
    monkeypatch.setattr(lives, "YEARS", 0.2)
    list(crowd.lives([around()], 0, 10))  # what is kept for everybody: compiled expressions, holidays
    people = 50
    tracemalloc.start()
    try:
        held = [held_after(batch) for batch in crowd.lives([around()], 10, 10 + people)]
    finally:
        tracemalloc.stop()
    growth = (sum(held[-3:]) - sum(held[:3])) / 3 / people
    assert growth < 20_000, (
        "bytes a person: caches of dates and days fill up; a life that is kept would be ten times that"
    )


def held_after(batch: list[list[Resource]]) -> int:
    """Bytes in use while a batch is held."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def test_batches_come_in_order_from_other_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "SMALL", 0)
    monkeypatch.setattr(crowd, "BATCH", 2)
    found = [life for batch in crowd.lives([around()], 0, 5) for life in batch]
    assert found == [lived(around(), number) for number in range(5)]


def test_people_cannot_be_taken_for_real_ones(people: list[list[Resource]]) -> None:
    for life in people:
        patient = of_type(life, "Patient")[0]
        values = {one["system"]: one["value"] for one in patient["identifier"]}
        assert values.get(f"{CANONICAL_BASE}/sid/cnie", "ZZ").startswith("ZZ")
        assert all(one["value"].startswith("+21260") for one in patient.get("telecom", ()))
