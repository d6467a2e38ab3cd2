"""The files cut from the official package fit together."""

from __future__ import annotations

from app.fhir.definitions import codes_of, described, described_urls, load, resource_types
from scripts.cut_definitions import tolerant, union

LISTLESS = {"currencies", "mimetypes", "ucum-units", "LL379-9"}


def elements() -> set[str]:
    """Every element path; a choice also as ``value[x]``."""
    return {
        f"{owner}.{name}" + ("[x]" if element.get("c") else "")
        for owner, definition in load("elements").items()
        for name, element in definition["elements"].items()
    }


def test_r4_has_146_resource_types() -> None:
    assert len(resource_types()) == 146 and "Citation" not in resource_types()


def test_bindings_and_targets_stand_on_elements_that_exist() -> None:
    paths = elements()
    assert set(load("bindings")) <= paths
    for kind in ("reference", "canonical"):
        assert set(load("reference_targets")[kind]) <= paths
        named = {name for names in load("reference_targets")[kind].values() for name in names}
        assert named <= resource_types() | {"DomainResource"}, named - resource_types()


def test_every_required_value_set_has_its_codes_but_for_those_no_list_can_hold() -> None:
    empty = {url.rsplit("/", 1)[1] for url in load("bindings").values() if not codes_of(url)}
    assert empty == LISTLESS
    gender = codes_of("http://hl7.org/fhir/ValueSet/administrative-gender")
    assert gender == {
        "http://hl7.org/fhir/administrative-gender": {
            "male": "Male", "female": "Female", "other": "Other", "unknown": "Unknown"
        }
    }  # fmt: skip


def test_operations_and_code_systems_of_the_specification_are_there() -> None:
    codes = {operation["code"] for operation in load("operations")}
    assert {"apply", "everything", "validate", "expand", "lookup", "translate", "subsumes", "meta", "document"} <= codes
    assert len(described_urls("CodeSystem")) > 1000 and len(described_urls("ValueSet")) > 1300


def test_a_code_system_of_the_specification_is_read_by_its_url() -> None:
    for resource_type in ("CodeSystem", "ValueSet"):
        for url in described_urls(resource_type):
            found = described(resource_type, url)
            assert found is not None and (found["resourceType"], found["url"]) == (resource_type, url)
    gender = described("CodeSystem", "http://hl7.org/fhir/administrative-gender")
    assert gender is not None and [concept["code"] for concept in gender["concept"]] == [
        "male",
        "female",
        "other",
        "unknown",
    ]
    assert described("CodeSystem", "http://hl7.org/fhir/no-such-system") is None


def test_a_union_is_split_at_its_top_only() -> None:
    assert union("A.b | (A.c | A.d).e | A.f.where(x = 'y|z')") == ["A.b", "(A.c | A.d).e", "A.f.where(x = 'y|z')"]
    assert tolerant("(Observation.value as Quantity)") == "Observation.value.ofType(Quantity)"
    assert tolerant("Condition.onset.as(Age)") == "Condition.onset.ofType(Age)"
    assert tolerant("Goal.start as date") == "Goal.start.ofType(date)"
    assert tolerant("Patient.extension('http://a.ma/x')") == "Patient.extension('http://a.ma/x').value"
