"""How fast the engine is: one visit's ``$apply`` with 200 observations, and a batch of patients, in one process.

    python -m bench.apply [--patients 10000] [--visits 100]

Uses the released content as it stands (``protocols/content``, ``pathways/content``). Times are CPU times, so that other
work on the machine does not count. Targets: a visit ≤ 10 ms (median), a batch ≥ 500 patients a second per core.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.collector import keep_what_is_there  # garbage is looked for as seldom as in the server
from app.errors import NotFound
from app.fhir.json import loads
from pathways.apply import ApplyRequest, apply, apply_many
from pathways.calendar import Calendar
from pathways.facts import Facts

ROOT = Path(__file__).parent.parent
NOW = datetime(2026, 9, 15, 10, tzinfo=UTC)
BASE = "https://maslak.ma/fhir"
VISIT_TARGET_MS = 10.0
BATCH_TARGET = 500.0
PORTION = 100
"""Patients whose records are in memory at once."""
PATHWAYS = (("hypertension-pathway", 0.3), ("diabetes-pathway", 1.0))
"""Each with how many of its patients are diabetic."""
LABS = (
    ("29463-7", 78, "kg"),
    ("8867-4", 76, "/min"),
    ("2160-0", 9, "mg/L"),
    ("4548-4", 7, "%"),
    ("2823-3", 4, "mmol/L"),
)


def content() -> dict[str, dict[str, Any]]:
    """Canonical url → definition, of all content."""
    found = {}
    for folder in ("protocols/content", "pathways/content"):
        for path in sorted((ROOT / folder).glob("*/*.json")):
            one = loads(path.read_bytes())
            if "url" in one:
                found[one["url"]] = one
    return found


def a_record(rng: random.Random, id: str, observations: int, diabetic: float = 0.3) -> list[dict[str, Any]]:
    """A hypertensive patient on treatment, followed for years: pressures, labs, diagnoses, orders. ``diabetic``: how
    likely it is that there is a treated type 2 diabetes too."""
    subject = {"reference": f"Patient/{id}"}
    born = f"{rng.randint(1940, 1985)}-05-17"
    record: list[dict[str, Any]] = [
        {"resourceType": "Patient", "id": id, "gender": rng.choice(("female", "male")), "birthDate": born}
    ]
    for at in range(observations):
        day = (NOW - timedelta(days=at * 9)).date().isoformat()
        about = {"resourceType": "Observation", "id": f"{id}-o{at}", "status": "final", "subject": subject}
        record.append(about | {"effectiveDateTime": day} | (_pressure(rng) if at % 2 == 0 else _lab(rng, at)))
    record.append(_condition(id, subject, "I10"))
    if rng.random() < diabetic:
        record.append(_condition(id, subject, "E11.9"))
        if diabetic == 1:
            record.append(_order(id, subject, "A10BA02", 1000))
    record.append(_order(id, subject, "C08CA01", 5))
    return record


def _code(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _quantity(value: Any, unit: str) -> dict[str, Any]:
    return {"value": Decimal(value), "unit": unit, "code": unit, "system": "http://unitsofmeasure.org"}


def _pressure(rng: random.Random) -> dict[str, Any]:
    values = (("8480-6", rng.randint(110, 185)), ("8462-4", rng.randint(65, 112)))
    parts = [{"code": _code("http://loinc.org", c), "valueQuantity": _quantity(v, "mm[Hg]")} for c, v in values]
    return {"code": _code("http://loinc.org", "85354-9"), "component": parts}


def _lab(rng: random.Random, at: int) -> dict[str, Any]:
    code, middle, unit = LABS[at // 2 % len(LABS)]
    return {"code": _code("http://loinc.org", code), "valueQuantity": _quantity(middle + rng.randint(0, 3), unit)}


def _condition(id: str, subject: dict[str, Any], code: str) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/condition-"
    return {
        "resourceType": "Condition",
        "id": f"{id}-{code}",
        "clinicalStatus": _code(system + "clinical", "active"),
        "verificationStatus": _code(system + "ver-status", "confirmed"),
        "code": _code("http://hl7.org/fhir/sid/icd-10", code),
        "subject": subject,
        "recordedDate": "2024-02-01",
    }


def _order(id: str, subject: dict[str, Any], code: str, dose: int) -> dict[str, Any]:
    dosage = {
        "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
        "doseAndRate": [{"doseQuantity": _quantity(dose, "mg")}],
    }
    return {
        "resourceType": "MedicationRequest",
        "id": f"{id}-{code}",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": _code("http://www.whocc.no/atc", code),
        "subject": subject,
        "authoredOn": "2026-07-01",
        "dosageInstruction": [dosage],
    }


def main() -> int:
    """Print the figures; 1 when a target is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--patients", type=int, default=10_000)
    options.add_argument("--visits", type=int, default=100)
    given = options.parse_args()
    known, rng, calendar = content(), random.Random(7), Calendar()

    def find(canonical: str) -> dict[str, Any]:
        if canonical.partition("|")[0] not in known:
            raise NotFound(f"there is no definition {canonical}")
        return known[canonical.partition("|")[0]]

    missed = False
    for name, diabetic in PATHWAYS:
        plan = known[f"{BASE}/PlanDefinition/{name}"]
        times = sorted(_visits(plan, rng, find, calendar, given.visits, diabetic))
        median = statistics.median(times)
        print(f"visit  {name:24} 200 observations: median {median:6.2f} ms, "
              f"95 % {times[int(len(times) * 0.95)]:6.2f} ms (target {VISIT_TARGET_MS:.0f})")  # fmt: skip
        rate = _batch(plan, rng, find, calendar, given.patients, diabetic)
        print(f"batch  {name:24} {given.patients} patients: {rate:7.0f} patients/s (target {BATCH_TARGET:.0f})")
        missed = missed or median > VISIT_TARGET_MS or rate < BATCH_TARGET
    return int(missed)


def _visits(
    plan: dict[str, Any], rng: random.Random, find: Any, calendar: Calendar, count: int, diabetic: float = 0.3
) -> list[float]:
    """Milliseconds of each visit: facts, outcomes, reasons, values and the FHIR answer."""
    times = []
    keep_what_is_there()
    for at in range(count + 5):
        record = a_record(rng, f"visit-{at}", 200, diabetic)
        begin = time.process_time()
        facts = Facts(record, NOW)
        applied = apply(plan, ApplyRequest(record[0], facts, find, NOW, calendar=calendar))
        for outcome in applied.walk():
            assert outcome.reason is not None
            assert outcome.values is not None
        assert applied.bundle["entry"]
        times.append((time.process_time() - begin) * 1000)
    gc.unfreeze()
    return times[5:]


def _batch(
    plan: dict[str, Any], rng: random.Random, find: Any, calendar: Calendar, count: int, diabetic: float = 0.3
) -> float:
    """Patients a second: stage, steps and due dates of each, from records in memory; progress on a terminal.

    The records come in portions, as they are read from a store; the time it takes to make them does not count.
    """
    making = 0.0

    def asked() -> Iterator[ApplyRequest]:
        nonlocal making
        for first in range(0, count, PORTION):
            begun = time.process_time()
            some = range(first, min(first + PORTION, count))
            records = [a_record(rng, f"batch-{at}", 30, diabetic) for at in some]
            making += time.process_time() - begun
            for one in records:
                yield ApplyRequest(one[0], Facts(one, NOW), find, NOW, calendar=calendar)

    tell = (lambda done: print(f"\r{done}/{count}", end="", file=sys.stderr)) if sys.stderr.isatty() else None
    keep_what_is_there()
    begin = time.process_time()
    stages = sum(applied.actions[0].taken == "taken" for applied in apply_many(plan, asked(), tell))
    seconds = time.process_time() - begin - making
    gc.unfreeze()
    assert stages > 0
    return count / seconds


if __name__ == "__main__":
    raise SystemExit(main())
