"""What FHIRPath asks of the terminology: ``memberOf``, ``subsumes``, over the store and the definitions of R4."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import Invalid, NotFound
from app.fhir.fhirpath import environment, evaluate
from app.store.repository import StoreRepository
from app.terminology import Terminology

SYSTEM = "https://example.org/CodeSystem/icd"
GENDERS = "http://hl7.org/fhir/ValueSet/administrative-gender"


def a_code_system(**more: Any) -> dict[str, Any]:
    hypertension = {"code": "I10", "display": "Hypertension essentielle", "concept": [{"code": "I10.0"}]}
    return {
        "resourceType": "CodeSystem",
        "url": SYSTEM,
        "version": "1",
        "status": "active",
        "content": "complete",
        "language": "fr",
        "concept": [{"code": "I", "display": "Circulatoire", "concept": [hypertension]}, {"code": "E11"}],
    } | more


def a_value_set(**compose: Any) -> dict[str, Any]:
    return {
        "resourceType": "ValueSet",
        "url": "https://example.org/ValueSet/hypertension",
        "status": "active",
        "compose": compose
        or {"include": [{"system": SYSTEM, "filter": [{"property": "concept", "op": "is-a", "value": "I10"}]}]},
    }


def asked(repo: StoreRepository, expression: str, code: str = "I10", system: str = SYSTEM) -> list[Any]:
    condition = {"resourceType": "Condition", "code": {"coding": [{"system": system, "code": code}]}}
    return evaluate(condition, expression, environment(terminology=Terminology(repo).port()))


def test_member_of_a_value_set_in_the_store(repo: StoreRepository) -> None:
    repo.create(a_code_system())
    repo.create(a_value_set())
    question = "Condition.code.memberOf('https://example.org/ValueSet/hypertension')"
    assert asked(repo, question, "I10.0") == [True]
    assert asked(repo, question, "E11") == [False]


def test_member_of_a_value_set_of_r4(repo: StoreRepository) -> None:
    patient = {"resourceType": "Patient", "gender": "female"}
    found = evaluate(patient, f"gender.memberOf('{GENDERS}')", environment(terminology=Terminology(repo).port()))
    assert found == [True]


@pytest.mark.parametrize(
    ("value_set", "system", "code", "member"),
    [
        ("ucum-units", "http://unitsofmeasure.org", "mmol/L", True),
        ("ucum-units", "http://unitsofmeasure.org", "mmHg", False),
        ("all-languages", "urn:ietf:bcp:47", "ar-MA", True),
        ("all-languages", "urn:ietf:bcp:47", "arabic", False),
        ("mimetypes", "urn:ietf:bcp:13", "application/pdf", True),
        ("mimetypes", "urn:ietf:bcp:13", "pdf", False),
    ],
)
def test_member_of_a_value_set_without_end(
    repo: StoreRepository, value_set: str, system: str, code: str, member: bool
) -> None:
    question = f"Condition.code.memberOf('http://hl7.org/fhir/ValueSet/{value_set}')"
    assert asked(repo, question, code, system) == [member]


def test_a_plain_code_is_a_member_too(repo: StoreRepository) -> None:
    attachment = {"resourceType": "Binary", "contentType": "application/pdf"}
    question = "contentType.memberOf('http://hl7.org/fhir/ValueSet/mimetypes')"
    assert evaluate(attachment, question, environment(terminology=Terminology(repo).port())) == [True]


def test_what_cannot_be_known_is_empty(repo: StoreRepository) -> None:
    assert asked(repo, "Condition.code.memberOf('https://example.org/ValueSet/none')") == []


@pytest.mark.parametrize(("code", "expected"), [("I10", True), ("I10.0", True), ("E11", False)])
def test_subsumes_by_the_hierarchy(repo: StoreRepository, code: str, expected: bool) -> None:
    repo.create(a_code_system())
    ancestor = {"system": SYSTEM, "code": "I10"}
    assert Terminology(repo).port().subsumes(ancestor, {"system": SYSTEM, "code": code}) is expected


def test_another_system_never_subsumes(repo: StoreRepository) -> None:
    assert Terminology(repo).port().subsumes({"system": "a", "code": "x"}, {"system": "b", "code": "x"}) is False


def test_below_and_above_are_what_searches_ask_for(repo: StoreRepository) -> None:
    repo.create(a_code_system())
    terminology = Terminology(repo)
    assert terminology.below(SYSTEM, "I") == {"I", "I10", "I10.0"}
    assert terminology.above(SYSTEM, "I10.0") == {"I", "I10", "I10.0"}
    with pytest.raises(NotFound):
        terminology.below(SYSTEM, "Z99")


def test_a_new_version_of_a_code_system_is_seen_at_once(repo: StoreRepository) -> None:
    made = repo.create(a_code_system())
    assert Terminology(repo).concept(SYSTEM, "E11").display is None
    repo.update(made | {"concept": [{"code": "E11", "display": "Diabète de type 2"}]})
    assert Terminology(repo).concept(SYSTEM, "E11").display == "Diabète de type 2"


def test_a_circle_of_imports_is_refused(repo: StoreRepository) -> None:
    url = "https://example.org/ValueSet/hypertension"
    repo.create(a_value_set(include=[{"valueSet": [url]}]))
    with pytest.raises(Invalid, match="circle"):
        Terminology(repo).expand(url)


def test_an_expansion_too_large_asks_for_pages(repo: StoreRepository) -> None:
    repo.create(a_code_system(concept=[{"code": f"C{number}"} for number in range(10_001)]))
    everything = a_value_set(include=[{"system": SYSTEM}])
    with pytest.raises(Invalid, match="10001"):
        Terminology(repo).expand(everything)
    assert len(Terminology(repo).expand(everything, offset=10_000, count=50).concepts) == 1


def test_the_older_version_of_a_system_stays_reachable(repo: StoreRepository) -> None:
    repo.create(a_code_system())
    repo.create(a_code_system(version="2", concept=[{"code": "I10", "display": "HTA"}]))
    assert Terminology(repo).concept(SYSTEM, "I10", "1").display == "Hypertension essentielle"
    assert Terminology(repo).concept(SYSTEM, "I10").display == "HTA"
