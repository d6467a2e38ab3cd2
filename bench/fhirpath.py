"""How fast FHIRPath indexes a resource, and how many of the official cases pass: `python bench/fhirpath.py`.

Prints the time to run every R4 search parameter expression of Observation (those of Resource and DomainResource too) on
one blood pressure, compiled beforehand as the indexer has them, best of five rounds; the slowest expressions; the time
to compile one; and the cases of `../shared/peers/fhirpath` that pass, when they are there.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app.fhir.fhirpath import Program, compile, node  # noqa: E402 (the project is not installed)

AIM = 0.3
"""Milliseconds for one Observation."""


def measured(code: str, value: str) -> dict[str, Any]:
    return {
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "valueQuantity": {"value": Decimal(value), "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
    }


BLOOD_PRESSURE: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "bp",
    "meta": {"lastUpdated": "2026-11-20T09:31:00Z", "profile": ["http://hl7.org/fhir/StructureDefinition/bp"]},
    "identifier": [{"system": "urn:visits", "value": "17"}],
    "status": "final",
    "category": [
        {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "exam"}]}
    ],
    "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9", "display": "Blood pressure"}]},
    "subject": {"reference": "Patient/amina"},
    "encounter": {"reference": "Encounter/visit"},
    "effectiveDateTime": "2026-11-20T09:30:00+01:00",
    "performer": [{"reference": "Practitioner/doctor"}],
    "component": [measured("8480-6", "142"), measured("8462-4", "91")],
}


def best(action: Callable[[], object], times: int, rounds: int = 5) -> float:
    """Milliseconds of one action, in the best of some rounds."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(times):
            action()
        found.append((time.perf_counter() - start) / times * 1000)
    return min(found)


def expressions() -> list[str]:
    """Those of Observation, once each."""
    parameters = json.loads((ROOT / "app/fhir/definitions/search_parameters.json").read_bytes())
    entries = [
        entry for name in ("Observation", "Resource", "DomainResource") for entry in parameters.get(name, {}).values()
    ]
    return list(dict.fromkeys(entry["expression"] for entry in entries if entry.get("expression")))


def index(programs: list[Program]) -> list[list[tuple[str, Any]]]:
    resource = node(BLOOD_PRESSURE)
    return [program.nodes(resource) for program in programs]


def official() -> str:
    """How many of the official cases pass, by the rule of the test."""
    path = ROOT / "tests/fhir/fhirpath/test_official_cases.py"
    spec = importlib.util.spec_from_file_location("official_cases", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    cases = module.cases()
    return f"{sum(map(module.passes, cases))} of {len(cases)}" if cases else "not beside the project"


def main() -> None:
    texts = expressions()
    programs = [compile(text) for text in texts]
    found = sum(map(len, index(programs)))
    spent = best(lambda: index(programs), 300)
    print(f"index an Observation: {spent:.3f} ms, {len(programs)} expressions, {found} values (aim {AIM} ms)")
    rows = [(best(partial(program.nodes, BLOOD_PRESSURE), 300, 3), program) for program in programs]
    for cost, program in sorted(rows, key=lambda row: -row[0])[:5]:
        print(f"  {cost * 1000:6.1f} µs  {program.expression[:90]}")
    print(f"compile an expression: {best(lambda: [Program(text) for text in texts], 5) / len(texts):.3f} ms")
    print(f"official cases that pass: {official()}")


if __name__ == "__main__":
    main()
