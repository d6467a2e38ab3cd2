"""create, read, vread, update, delete and history, as the bytes they are."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask

from app import clock
from app.access.actor import SYSTEM
from app.errors import Conflict, Gone, Malformed, NotFound, PreconditionFailed
from app.fhir.dates import parse
from app.store import work
from app.store.repository import StoreRepository
from tests.store.builders import a_patient, a_quantity, an_observation, ids


def test_a_created_resource_carries_id_version_and_instant(repo: StoreRepository) -> None:
    made = repo.create({"resourceType": "Patient", "meta": {"tag": [{"code": "demo"}]}})
    assert made["meta"] == {"tag": [{"code": "demo"}], "versionId": "1", "lastUpdated": repo.unit.stamp_text}
    assert repo.read(f"Patient/{made['id']}") == made


def test_bytes_come_back_as_they_were_received(app: Flask) -> None:
    weight = an_observation("o1", valueQuantity=a_quantity(Decimal("0.40"), "kg"), note=[{"text": "الضغط ١٤٠ — été"}])
    with work(SYSTEM) as repo:
        repo.create(weight)
    with work(SYSTEM) as repo:
        body = repo.raw("Observation", "o1").body
        assert b'"value":0.40' in body and "الضغط ١٤٠ — été".encode() in body
        assert repo.read("Observation/o1")["valueQuantity"]["value"] == Decimal("0.40")


def test_an_update_makes_the_next_version_and_keeps_the_last(app: Flask) -> None:
    with work(SYSTEM) as repo:
        repo.create(a_patient("p1", "Alaoui"))
    with work(SYSTEM) as repo:
        assert repo.update(a_patient("p1", "Bennani"))["meta"]["versionId"] == "2"
    with work(SYSTEM) as repo:
        assert repo.read("Patient/p1")["name"] == [{"family": "Bennani"}]
        assert repo.read("Patient/p1/_history/1")["name"] == [{"family": "Alaoui"}]
        assert repo.search("Patient?family=alaoui").resources == []


def test_identical_content_makes_no_version(app: Flask) -> None:
    with work(SYSTEM) as repo:
        repo.create(a_patient("p1"))
    with work(SYSTEM) as repo:
        assert repo.update(a_patient("p1"))["meta"]["versionId"] == "1"
        assert repo.update(a_patient("p1", birthDate="1960"))["meta"]["versionId"] == "2"


def test_a_decimal_with_another_last_digit_is_another_version(app: Flask) -> None:
    for number, version in (("0.4", "1"), ("0.40", "2")):
        with work(SYSTEM) as repo:
            made = repo.update(an_observation("o1", valueQuantity=a_quantity(Decimal(number))))
            assert made["meta"]["versionId"] == version


def test_several_versions_in_one_transaction(app: Flask) -> None:
    with work(SYSTEM) as repo:
        repo.create(a_patient("p1", "A"))
        repo.update(a_patient("p1", "B"))
        repo.update(a_patient("p1", "C"))
    with work(SYSTEM) as repo:
        assert [stored.version for stored in repo.history("Patient/p1")] == [3, 2, 1]


def test_a_stale_if_match_is_refused(app: Flask) -> None:
    with work(SYSTEM) as repo:
        repo.create(a_patient("p1", "A"))
        repo.update(a_patient("p1", "B"), if_match=1)
    with pytest.raises(PreconditionFailed, match="version 2"), work(SYSTEM) as repo:
        repo.update(a_patient("p1", "C"), if_match=1)
    with pytest.raises(PreconditionFailed, match="not there"), work(SYSTEM) as repo:
        repo.update(a_patient("p2"), if_match=1)


def test_an_id_that_is_taken_is_a_conflict(app: Flask) -> None:
    with work(SYSTEM) as repo:
        repo.create(a_patient("p1"))
    with pytest.raises(Conflict, match="exists already"), work(SYSTEM) as repo:
        repo.create(a_patient("p1"))


def test_what_is_deleted_is_gone_and_may_come_back(app: Flask) -> None:
    with work(SYSTEM) as repo:
        repo.create(a_patient("p1"))
    with work(SYSTEM) as repo:
        repo.delete("Patient/p1")
        repo.delete("Patient/p1")
    with work(SYSTEM) as repo:
        with pytest.raises(Gone):
            repo.read("Patient/p1")
        assert repo.raw("Patient", "p1").deleted
        assert repo.find("Patient/p1") is None
        assert repo.search("Patient").resources == []
        assert repo.create(a_patient("p1", "Back"))["meta"]["versionId"] == "3"


def test_what_never_was_is_not_found(repo: StoreRepository) -> None:
    repo.create(an_observation("o1", patient="nobody"))
    for reference in (
        "Patient/p1",
        "Patient/nobody",
        "Observation/o1/_history/2",
        "Observation/o1/_history/x",
        "Foo/1",
    ):
        with pytest.raises(NotFound):
            repo.read(reference)
    with pytest.raises(NotFound):
        repo.delete("Patient/nobody")
    with pytest.raises(Malformed, match="no resource type"):
        repo.create({"resourceType": "Foo"})


def test_a_target_that_comes_after_its_reference_takes_its_place(app: Flask) -> None:
    with work(SYSTEM) as repo:
        repo.create(an_observation("o1", patient="late"))
    with work(SYSTEM) as repo:
        repo.create(a_patient("late", "Late"))
    with work(SYSTEM) as repo:
        assert ids(repo.search("Observation?patient.family=late").resources) == ["o1"]


def test_history_of_one_of_a_type_and_of_all(app: Flask) -> None:
    start = datetime(2026, 1, 1, 9, tzinfo=UTC)
    changes = [a_patient("p1", "A"), a_patient("p2", "A"), a_patient("p1", "B"), an_observation("o1")]
    for hours, resource in enumerate(changes):
        with clock.frozen(start + timedelta(hours=hours)), work(SYSTEM) as repo:
            repo.update(resource)
    with clock.frozen(start + timedelta(hours=5)), work(SYSTEM) as repo:
        repo.delete("Observation/o1")

    def seen(of: str, **options: object) -> list[str]:
        with work(SYSTEM, reading=True) as repo:
            page = repo.history_page(of, **options)  # type: ignore[arg-type]
            return [f"{s.method} {s.reference}/{s.version}" for s in page.matches]

    everything = [
        "DELETE Observation/o1/2",
        "PUT Observation/o1/1",
        "PUT Patient/p1/2",
        "PUT Patient/p2/1",
        "PUT Patient/p1/1",
    ]
    assert seen("") == everything
    assert seen("Patient") == everything[2:]
    assert seen("Patient/p1") == ["PUT Patient/p1/2", "PUT Patient/p1/1"]
    assert seen("", since=start + timedelta(hours=2)) == everything[:3]
    assert seen("Patient", at=parse("2026-01-01T09:30:00Z")) == ["PUT Patient/p1/1"]
    assert seen("Patient", at=parse("2026-01-01T12:30:00Z")) == ["PUT Patient/p1/2", "PUT Patient/p2/1"]


def test_history_is_paged_by_key(app: Flask) -> None:
    with work(SYSTEM) as repo:
        for family in "ABCDE":
            repo.update(a_patient("p1", family))
    versions, cursor = [], None
    while True:
        with work(SYSTEM, reading=True) as repo:
            page = repo.history_page("Patient/p1", count=2, cursor=cursor)
        versions += [stored.version for stored in page.matches]
        if (cursor := page.next) is None:
            break
    assert versions == [5, 4, 3, 2, 1] and page.total == 5


def test_a_deletion_frees_what_it_referred_to(app: Flask) -> None:
    with work(SYSTEM) as repo:
        repo.create(a_patient("p1"))
        repo.create(an_observation("o1"))
    with work(SYSTEM) as repo:  # in either order, within one transaction
        repo.delete("Patient/p1")
        repo.delete("Observation/o1")
    with work(SYSTEM) as repo:
        assert repo.count("?_type=Patient,Observation") == 0


def test_a_reference_that_no_parameter_names_still_counts(app: Flask) -> None:
    with work(SYSTEM) as repo:
        repo.create({"resourceType": "Practitioner", "id": "d1"})
        repo.create(an_observation("o1", note=[{"authorReference": {"reference": "Practitioner/d1"}, "text": "x"}]))
    with pytest.raises(Conflict, match="Observation/o1"), work(SYSTEM) as repo:
        repo.delete("Practitioner/d1")
