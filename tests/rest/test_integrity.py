"""What is referred to stays, also when one deletes it while another refers to it; and the setting for imports."""

from __future__ import annotations

from threading import Event, Thread
from typing import Any

import pytest

from app.access.actor import SYSTEM
from app.errors import Conflict
from app.store import work

from .conftest import Fhir
from .scenes import resource

MEASURE = resource({"Observation": {"subject": {"reference": "Patient/p"}}})


@pytest.mark.parametrize("first", ["refer", "delete"])
@pytest.mark.parametrize("database", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
def test_a_deletion_and_a_reference_at_once(fhir: Fhir, first: str) -> None:
    fhir.put(resource({"Patient": {"id": "p"}}))
    begun, go_on, told = Event(), Event(), {}

    def refer() -> None:
        with fhir.flask.app_context(), work(SYSTEM) as repo:
            told["there"] = repo.standing(["Patient/p"])
            begun.set()
            go_on.wait(10)
            if told["there"]:
                repo.create(MEASURE)

    def delete() -> None:
        try:
            with fhir.flask.app_context(), work(SYSTEM) as repo:
                repo.delete("Patient/p")
                begun.set()
                go_on.wait(10)
        except Conflict as error:
            told["refused"] = error

    acts: list[Any] = [refer, delete] if first == "refer" else [delete, refer]
    early, late = (Thread(target=act) for act in acts)
    early.start()
    assert begun.wait(10)
    late.start()
    late.join(0.3)
    assert late.is_alive(), "the second waits for the first"
    go_on.set()
    early.join(10)
    late.join(10)
    if first == "refer":
        assert told["there"] == {"Patient/p"} and "refused" in told
        assert fhir("GET", "/Patient/p").status_code == 200
    else:
        assert told["there"] == set() and "refused" not in told
        assert fhir("GET", "/Patient/p").status_code == 410


@pytest.mark.parametrize("database", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
def test_who_refers_to_a_patient_does_not_wait_for_who_changes_it(fhir: Fhir) -> None:
    fhir.put(resource({"Patient": {"id": "p"}}))
    with fhir.flask.app_context(), work(SYSTEM) as repo:
        repo.update(resource({"Patient": {"id": "p", "gender": "female"}}))
        answers: list[int] = []
        other = Thread(target=lambda: answers.append(fhir("POST", "/Observation", MEASURE).status_code))
        other.start()
        other.join(10)
        assert answers == [201]


def test_an_import_in_any_order_switches_the_check_off(fhir: Fhir) -> None:
    assert fhir("POST", "/Observation", MEASURE).status_code == 422
    fhir.flask.config["REFERENCES_CHECKED"] = False
    assert fhir("POST", "/Observation", MEASURE).status_code == 201


def test_one_query_for_all_references_of_a_bundle(fhir: Fhir, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.store import lookups

    asked: list[set[str]] = []
    true = lookups.standing
    monkeypatch.setattr(lookups, "standing", lambda unit, wanted: asked.append(set(wanted)) or true(unit, wanted))
    for n in range(20):
        fhir.put(resource({"Patient": {"id": f"p{n}"}}))
    entries = [
        {
            "resource": MEASURE | {"subject": {"reference": f"Patient/p{n}"}},
            "request": {"method": "POST", "url": "Observation"},
        }
        for n in range(20)
    ]
    answer = fhir("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert answer.status_code == 200, answer.text
    assert asked == [{f"Patient/p{n}" for n in range(20)}]
