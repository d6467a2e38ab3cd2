"""Other people's clients drive the door: create, read, search, include, sort, count, transaction, history."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import Fhir
from .live import served

DRIVER = Path(__file__).parent / "fhir_kit.mjs"
KIT = "fhir-kit-client@1.9.2"


@pytest.fixture
def address(shared_fhir: Fhir) -> Iterator[str]:
    with served(shared_fhir) as url:
        yield url


def observation(patient: str, value: int, day: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
        "subject": {"reference": patient},
        "effectiveDateTime": day,
        "valueQuantity": {"value": value, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
    }


def visit(word: str) -> dict[str, Any]:
    """A transaction: a patient and a measurement of theirs."""
    patient = {"resourceType": "Patient", "name": [{"family": f"Bundled{word}"}]}
    name = "urn:uuid:3e1f0a52-6f3c-4a5e-9d5b-0f6f3b1c2d4e"
    entries = [
        {"fullUrl": name, "resource": patient, "request": {"method": "POST", "url": "Patient"}},
        {"resource": observation(name, 150, "2026-01-09"), "request": {"method": "POST", "url": "Observation"}},
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def test_fhirpy(shared_fhir: Fhir, address: str) -> None:
    from fhirpy import SyncFHIRClient
    from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

    client = SyncFHIRClient(address, authorization=f"Bearer {shared_fhir.held['all']}")
    patient = client.resource("Patient", name=[{"family": "Fhirpy", "given": ["Amal"]}], gender="female")
    patient.save()
    assert client.reference("Patient", patient.id).to_resource()["name"][0]["family"] == "Fhirpy"
    for value, day in ((150, "2026-01-01"), (140, "2026-02-01"), (130, "2026-03-01")):
        client.resource(**{"resource_type": "Observation"} | observation(f"Patient/{patient.id}", value, day)).save()
    found = client.resources("Observation").search(patient=patient.id, code="8480-6")
    assert found.count() == 3
    newest = found.sort("-date").limit(2).fetch()
    assert [one["valueQuantity"]["value"] for one in newest] == [130, 140]
    assert len(found.limit(1).fetch_all()) == 3  # page by page
    both = found.include("Observation", "subject").fetch_raw()
    assert [entry["resource"]["resourceType"] for entry in both["entry"]].count("Patient") == 1
    patient["gender"] = "other"
    patient.save()
    history = client.execute(f"Patient/{patient.id}/_history", method="get")
    assert [entry["resource"]["meta"]["versionId"] for entry in history["entry"]] == ["2", "1"]
    made = client.execute("", method="post", data=visit("Fhirpy"))
    assert [entry["response"]["status"] for entry in made["entry"]] == ["201 Created"] * 2
    with pytest.raises(OperationOutcome, match="woman"):
        client.resource("Patient", gender="woman").save()
    with pytest.raises(ResourceNotFound):
        client.reference("Patient", "nobody-here").to_resource()
    client.resource("Patient", id="fhirpy-gone").save()
    client.reference("Patient", "fhirpy-gone").to_resource().delete()


def test_fhirclient(shared_fhir: Fhir, address: str) -> None:
    from fhirclient.models.bundle import Bundle
    from fhirclient.models.observation import Observation
    from fhirclient.models.patient import Patient
    from fhirclient.server import FHIRNotFoundException, FHIRServer

    server = FHIRServer(None, base_uri=address + "/")
    server.session.headers["Authorization"] = f"Bearer {shared_fhir.held['all']}"
    made = Patient({"name": [{"family": "Fhirclient"}], "birthDate": "1960-01-01"}).create(server)
    patient = Patient.read(made["id"], server)
    assert patient.birthDate.isostring == "1960-01-01"
    for value, day in ((150, "2026-01-01"), (140, "2026-02-01")):
        assert Observation(observation(f"Patient/{patient.id}", value, day)).create(server)
    asked = {"patient": patient.id, "_sort": "-date", "_count": "1", "_include": "Observation:subject"}
    bundle = next(Observation.where(struct=asked).perform_iter(server))
    assert [entry.resource.resource_type for entry in bundle.entry] == ["Observation", "Patient"]
    assert bundle.entry[0].resource.valueQuantity.value == 140
    asked = {"patient": patient.id, "_count": "1"}
    assert len(list(Observation.where(struct=asked).perform_resources_iter(server))) == 2
    assert next(Patient.where(struct={"_id": patient.id, "_summary": "count"}).perform_iter(server)).total == 1
    patient.gender = "female"
    assert patient.update(server)
    history = Bundle(server.request_json(f"Patient/{patient.id}/_history"))
    assert [entry.resource.meta.versionId for entry in history.entry] == ["2", "1"]
    answer = Bundle(server.post_json("", visit("Fhirclient")).json())
    assert [entry.response.status for entry in answer.entry] == ["201 Created"] * 2
    with pytest.raises(FHIRNotFoundException):
        Patient.read("nobody-here", server)


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which fhir-kit-client is installed; where that cannot be done, the test says so and is skipped."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("fhir-kit-client needs node and npm, which are not here")
    folder = tmp_path_factory.mktemp("kit")
    (folder / "package.json").write_text('{"private": true}')
    words = [npm, "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", KIT]
    try:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("the npm registry did not answer within two minutes")
    if done.returncode:
        pytest.skip(f"fhir-kit-client cannot be installed here: {done.stderr.strip()[-200:]}")
    shutil.copy(DRIVER, folder / DRIVER.name)
    return folder


def test_fhir_kit_client(shared_fhir: Fhir, address: str, kit: Path) -> None:
    environment = os.environ | {"FHIR": address, "TOKEN": shared_fhir.held["all"], "VISIT": json.dumps(visit("Kit"))}
    node = str(shutil.which("node"))
    done = subprocess.run(
        [node, DRIVER.name], cwd=kit, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == {
        "fhirVersion": "4.0.1",
        "read": "Kit",
        "sorted": [140, 150],
        "included": 1,
        "count": 2,
        "next": 1,
        "transaction": ["201 Created", "201 Created"],
        "history": ["2", "1"],
        "patched": True,
        "refused": 422,
        "gone": 410,
    }
