"""What an evaluation reaches beyond its resource: references, terminology, profiles, the clock, traces, variables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from app.fhir.fhirpath import FhirPathError, compile, environment, evaluate

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PATIENT = {"resourceType": "Patient", "id": "amina", "birthDate": "1961-03-04"}


class Diseases:
    """A small terminology: E11 is below E10-E14."""

    def member_of(self, coded: dict[str, Any] | str, valueset_url: str) -> bool | None:
        if valueset_url != "urn:diabetes":
            return None
        codings = coded.get("coding", [coded]) if isinstance(coded, dict) else [{"code": coded}]
        return any(coding.get("code", "").startswith("E1") for coding in codings)

    def subsumes(self, a: dict[str, Any], b: dict[str, Any]) -> bool | None:
        return a.get("code") in ("E10-E14", b.get("code"))


def a_condition(code: str) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "code": {"coding": [{"code": code}]},
        "subject": {"reference": "Patient/amina"},
        "asserter": {"reference": "#doctor"},
        "contained": [{"resourceType": "Practitioner", "id": "doctor", "gender": "female"}],
    }


def test_references_are_resolved_by_the_resolver() -> None:
    world = environment(resolver={"Patient/amina": PATIENT}.get)
    assert evaluate(a_condition("E11"), "subject.resolve().birthDate", world) == ["1961-03-04"]
    assert evaluate(a_condition("E11"), "subject.resolve()") == []


def test_contained_resources_and_entries_of_a_bundle_need_no_resolver() -> None:
    assert evaluate(a_condition("E11"), "asserter.resolve().gender") == ["female"]
    assert evaluate(a_condition("E11"), "asserter.resolve() is Practitioner") == [True]
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {"fullUrl": "urn:uuid:1", "resource": PATIENT},
            {"resource": a_condition("E11") | {"subject": {"reference": "urn:uuid:1"}}},
        ],
    }
    assert evaluate(bundle, "entry.resource.ofType(Condition).subject.resolve().id") == ["amina"]
    assert evaluate(bundle, "entry.resource.ofType(Condition).subject.resolve() is Patient") == [True]


@pytest.mark.parametrize(
    ("reference", "type_name"),
    [
        ({"reference": "Patient/1"}, "Patient"),
        ({"reference": "https://ehr.example/fhir/Patient/1/_history/2"}, "Patient"),
        ({"reference": "urn:uuid:9", "type": "Patient"}, "Patient"),
        ({"reference": "Patients/1"}, None),
        ({"display": "somebody"}, None),
    ],
)
def test_the_type_of_a_reference(reference: dict[str, Any], type_name: str | None) -> None:
    resource = {"resourceType": "Condition", "subject": reference}
    expected = [type_name == "Patient"]
    assert evaluate(resource, "subject.resolve() is Patient") == expected
    assert evaluate(resource, "subject.resolve().is(Patient)") == expected


def test_membership_and_subsumption_are_asked_of_the_terminology() -> None:
    world = environment(terminology=Diseases())
    assert evaluate(a_condition("E11"), "code.memberOf('urn:diabetes')", world) == [True]
    assert evaluate(a_condition("I10"), "code.coding.memberOf('urn:diabetes')", world) == [False]
    assert evaluate(a_condition("I10"), "code.memberOf('urn:unknown')", world) == []
    assert evaluate(a_condition("E11"), "code.subsumedBy('E10-E14')", world) == [True]
    assert evaluate(a_condition("E11"), "code.subsumes('E10-E14')", world) == [False]


def test_without_a_terminology_membership_is_an_error_and_not_false() -> None:
    with pytest.raises(FhirPathError, match="needs a terminology service"):
        evaluate(a_condition("E11"), "code.memberOf('urn:diabetes')")


def test_the_clock_is_the_one_that_was_given_in_its_own_zone() -> None:
    rabat = NOON.astimezone(timezone(timedelta(hours=1)))
    world = environment(now=rabat)
    assert [str(value) for value in evaluate(None, "now()", world)] == ["2026-11-20T13:00:00.000+01:00"]
    assert [str(value) for value in evaluate(None, "today()", world)] == ["2026-11-20"]
    assert [str(value) for value in evaluate(None, "timeOfDay()", world)] == ["13:00:00.000"]
    assert evaluate(PATIENT, "birthDate + 65 years <= today()", world) == [True]
    assert evaluate(PATIENT, "birthDate + 66 years <= today()", world) == [False]


def test_now_does_not_move_within_an_evaluation() -> None:
    assert evaluate(None, "now() = now()") == [True]


def test_traces_go_to_the_sink_and_change_nothing() -> None:
    seen: list[tuple[str, list[Any]]] = []
    world = environment(trace=lambda name, items: seen.append((name, items)))
    assert evaluate(PATIENT, "birthDate.trace('birth') = @1961-03-04", world) == [True]
    assert evaluate(PATIENT, "trace('id', id).id", world) == ["amina"]
    assert seen == [("birth", ["1961-03-04"]), ("id", ["amina"])]


def test_profiles_are_asked_of_the_port_and_types_told_here() -> None:
    world = environment(conforms=lambda resource, url: url == "urn:profile" or None)
    assert evaluate(PATIENT, "conformsTo('urn:profile')", world) == [True]
    assert evaluate(PATIENT, "conformsTo('http://hl7.org/fhir/StructureDefinition/Patient')") == [True]
    with pytest.raises(FhirPathError, match="does not know the profile urn:other"):
        evaluate(PATIENT, "conformsTo('urn:other')", world)


def test_the_resource_under_evaluation_may_be_replaced() -> None:
    contact = {"name": {"family": "Alaoui"}}
    assert evaluate(contact, "%resource.birthDate", {"resource": PATIENT}) == ["1961-03-04"]
    assert evaluate(contact, "name.family") == ["Alaoui"]


def test_defined_variables_live_to_the_end_of_their_path() -> None:
    assert evaluate(PATIENT, "defineVariable('b', birthDate).select(%b)") == ["1961-03-04"]
    with pytest.raises(FhirPathError, match="no variable %b"):
        evaluate(PATIENT, "defineVariable('b', birthDate).exists() and %b.exists()")
    with pytest.raises(FhirPathError, match="%b is already defined"):
        evaluate(PATIENT, "defineVariable('b', 1).defineVariable('b', 2)")
    with pytest.raises(FhirPathError, match="%ucum is already defined"):
        evaluate(PATIENT, "defineVariable('ucum', 1)")


def test_a_program_may_run_in_a_program() -> None:
    age = compile("%resource.birthDate")
    assert evaluate(PATIENT, "%born < @2000", {"born": lambda: age.items(PATIENT)}) == [True]


def test_python_values_become_values_of_fhirpath() -> None:
    variables = {
        "day": NOON.date(),
        "instant": NOON,
        "number": 1.1,
        "none": None,
        "quantity": {"value": 5, "unit": "mg"},
        "coding": {"system": "s", "code": "c"},
    }
    assert evaluate(None, "%day = @2026-11-20 and %instant = @2026-11-20T12:00:00Z", variables) == [True]
    assert evaluate(None, "%number = 1.1 and %none.empty()", variables) == [True]
    assert evaluate(None, "%quantity = 5 'mg' and %coding is Coding", variables) == [True]


@pytest.mark.parametrize(
    "name", ["%vs-administrative-gender", '%"vs-administrative-gender"', "%`vs-administrative-gender`"]
)
def test_value_sets_have_their_addresses(name: str) -> None:
    assert evaluate(None, name) == ["http://hl7.org/fhir/ValueSet/administrative-gender"]
    assert evaluate(None, name.replace("vs-", "ext-")) == [
        "http://hl7.org/fhir/StructureDefinition/administrative-gender"
    ]


@pytest.mark.parametrize(
    "expression",
    [
        "(1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9).aggregate($total & $total & $total & $total & $total & $total, 'a')",
        "(1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9).aggregate($total.combine($total).combine($total).combine($total), 1)",
        "'aaaaaaaaaa'" + ".replace('a', 'aaaaaaaaaa')" * 6,
        "'aaaaaaaaaa'" + ".replaceMatches('a', 'aaaaaaaaaa')" * 6,
        "1.repeatAll($this)",
    ],
)
def test_results_that_grow_without_end_are_stopped(expression: str) -> None:
    with pytest.raises(FhirPathError, match="was stopped"):
        evaluate(None, expression)


def test_strict_evaluation_refuses_what_lenient_finds_empty() -> None:
    assert evaluate(PATIENT, "Patient.nickname") == []
    with pytest.raises(FhirPathError, match="no element 'nickname'"):
        evaluate(PATIENT, "Patient.nickname", strict=True)
