"""Writes that others overtake: on PostgreSQL two may stand between reading and writing, and neither is lost."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.rest import delete, own_operations, patch, update

from .conftest import Fhir
from .scenes import resource

pytestmark = pytest.mark.parametrize(
    "database", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)


def patching(fhir: Fhir, path: str, value: str, condition: dict[str, str] | None = None) -> TestResponse:
    """A JSON Patch of the patient."""
    body = f'[{{"op": "add", "path": "{path}", "value": "{value}"}}]'
    headers = {"Content-Type": "application/json-patch+json"} | (condition or {})
    return fhir("PATCH", "/Patient/p", body, headers=headers)


def meanwhile(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, act: Callable[[], TestResponse]) -> None:
    """Let somebody else act, once, just before the module goes on with this function."""
    true, done = getattr(module, name), []

    def overtaken(*arguments: Any) -> Any:
        if not done:
            done.append(1)
            other = Thread(target=lambda: done.append(act().status_code))
            other.start()
            other.join(20)
            assert done[1] < 300
        return true(*arguments)

    monkeypatch.setattr(module, name, overtaken)


@pytest.fixture
def patient(fhir: Fhir) -> str:
    fhir.put(resource({"Patient": {"id": "p"}}))
    return "/Patient/p"


@pytest.mark.parametrize("condition", [{}, {"If-Match": "*"}])
def test_two_patches_at_once_are_both_kept(
    fhir: Fhir, patient: str, monkeypatch: pytest.MonkeyPatch, condition: dict[str, str]
) -> None:
    meanwhile(monkeypatch, patch, "patched", lambda: patching(fhir, "/birthDate", "1960-05-01"))
    answer = patching(fhir, "/gender", "female", condition)
    assert answer.status_code == 200, answer.text
    now = fhir.get(patient)
    assert (now["gender"], now["birthDate"], now["meta"]["versionId"]) == ("female", "1960-05-01", "3")


def test_a_patch_of_a_version_that_was_overtaken_is_refused(
    fhir: Fhir, patient: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, patch, "patched", lambda: patching(fhir, "/birthDate", "1960-05-01"))
    answer = patching(fhir, "/gender", "female", {"If-Match": 'W/"1"'})
    assert answer.status_code == 412 and "is version 2" in answer.text
    assert "gender" not in fhir.get(patient)


def test_a_deletion_of_a_version_that_was_overtaken_is_refused(
    fhir: Fhir, patient: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = resource({"Patient": {"id": "p", "gender": "male"}})
    meanwhile(monkeypatch, delete, "demanded", lambda: fhir("PUT", patient, changed))
    answer = fhir("DELETE", patient, headers={"If-Match": 'W/"1"'})
    assert answer.status_code == 412 and "meanwhile" in answer.text
    assert fhir.get(patient)["gender"] == "male"


def test_what_was_deleted_meanwhile_is_not_brought_back_by_who_asked_for_what_is_there(
    fhir: Fhir, patient: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = resource({"Patient": {"id": "p", "gender": "male"}})
    meanwhile(monkeypatch, update, "demanded", lambda: fhir("DELETE", patient))
    answer = fhir("PUT", patient, changed, headers={"If-Match": "*"})
    assert answer.status_code == 412, answer.text
    assert fhir("GET", patient).status_code == 410


def test_a_tag_is_laid_over_what_another_has_stored_meanwhile(
    fhir: Fhir, patient: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = resource({"Patient": {"id": "p", "gender": "male"}})
    meanwhile(monkeypatch, own_operations, "_same", lambda: fhir("PUT", patient, changed))
    tag = {"name": "meta", "valueMeta": {"tag": [{"system": "urn:t", "code": "seen"}]}}
    answer = fhir("POST", f"{patient}/$meta-add", {"resourceType": "Parameters", "parameter": [tag]})
    assert answer.status_code == 200, answer.text
    now = fhir.get(patient)
    assert (now["gender"], now["meta"]["tag"][0]["code"], now["meta"]["versionId"]) == ("male", "seen", "3")
