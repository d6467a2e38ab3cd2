"""Invalid resources and, for each, the paths at which a developer finds the errors: all of them, no others."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.errors import Invalid
from app.fhir.validation import check, validate

LOINC = "http://loinc.org"
TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"


def a_patient(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **elements}


def an_observation(**elements: Any) -> dict[str, Any]:
    code = {"coding": [{"system": LOINC, "code": "8480-6"}]}
    return {"resourceType": "Observation", "status": "final", "code": code, **elements}


def a_div(inner: str) -> dict[str, str]:
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'}


CASES: list[tuple[str, Any, list[str]]] = [
    ("no object", [], ["Resource"]),
    ("no type", {"id": "1"}, ["Resource.resourceType"]),
    ("unknown type", {"resourceType": "Patiant"}, ["Patiant.resourceType"]),
    ("abstract type", {"resourceType": "DomainResource"}, ["DomainResource.resourceType"]),
    ("R5 and R4B types", {"resourceType": "Citation"}, ["Citation.resourceType"]),
    ("unknown element", a_patient(nome=[{"family": "A"}]), ["Patient.nome"]),
    (
        "Python alias",
        {"resourceType": "Encounter", "status": "planned", "class_fhir": {"code": "AMB"}},
        ["Encounter.class_fhir", "Encounter"],
    ),
    ("alias of a sibling", a_patient(gender__ext={"id": "a"}), ["Patient.gender__ext"]),
    ("comments of STU", a_patient(fhir_comments=["x"]), ["Patient.fhir_comments"]),
    ("null", a_patient(birthDate=None), ["Patient.birthDate"]),
    ("null object", a_patient(maritalStatus=None), ["Patient.maritalStatus"]),
    ("empty list", a_patient(name=[]), ["Patient.name"]),
    ("empty object", a_patient(maritalStatus={}), ["Patient.maritalStatus"]),
    ("object with only an id", a_patient(name=[{"id": "a"}]), ["Patient.name[0]"]),
    ("empty string", a_patient(name=[{"family": ""}]), ["Patient.name[0].family"]),
    ("control character", a_patient(name=[{"family": "a\u0000b"}]), ["Patient.name[0].family"]),
    (
        "control character in a code",
        an_observation(code={"coding": [{"code": "a\u0000b"}]}),
        ["Observation.code.coding[0].code"],
    ),
    (
        "control character between codes",
        an_observation(code={"coding": [{"code": "a\u000bb"}]}),
        ["Observation.code.coding[0].code"],
    ),
    (
        "control character in an address",
        an_observation(code={"coding": [{"system": "urn:\u0000"}]}),
        ["Observation.code.coding[0].system"],
    ),
    ("string for boolean", a_patient(active="true"), ["Patient.active"]),
    ("number for boolean", a_patient(active=1), ["Patient.active"]),
    ("string for integer", a_patient(multipleBirthInteger="2"), ["Patient.multipleBirth.ofType(integer)"]),
    ("decimal for integer", a_patient(multipleBirthInteger=Decimal("2.0")), ["Patient.multipleBirth.ofType(integer)"]),
    ("boolean for integer", a_patient(multipleBirthInteger=True), ["Patient.multipleBirth.ofType(integer)"]),
    ("integer too large", a_patient(multipleBirthInteger=2**31), ["Patient.multipleBirth.ofType(integer)"]),
    ("number for string", a_patient(name=[{"family": 5}]), ["Patient.name[0].family"]),
    ("object for list", a_patient(name={"family": "A"}), ["Patient.name"]),
    ("list for object", a_patient(maritalStatus=[{"text": "x"}]), ["Patient.maritalStatus"]),
    ("list for string", a_patient(birthDate=["1970"]), ["Patient.birthDate"]),
    ("code outside its binding", a_patient(gender="f"), ["Patient.gender"]),
    ("code in the wrong case", a_patient(gender="Female"), ["Patient.gender"]),
    ("deep code", a_patient(contact=[{"name": {"text": "A"}, "gender": "x"}]), ["Patient.contact[0].gender"]),
    ("no such day", a_patient(birthDate="2023-02-29"), ["Patient.birthDate"]),
    ("date with time", a_patient(birthDate="1970-01-01T00:00:00Z"), ["Patient.birthDate"]),
    (
        "time without zone",
        an_observation(effectiveDateTime="2024-01-01T10:00:00"),
        ["Observation.effective.ofType(dateTime)"],
    ),
    (
        "time without seconds",
        an_observation(effectiveDateTime="2024-01-01T10:00Z"),
        ["Observation.effective.ofType(dateTime)"],
    ),
    ("instant without time", an_observation(issued="2024-01-01"), ["Observation.issued"]),
    ("two choices", a_patient(deceasedBoolean=True, deceasedDateTime="2024"), ["Patient.deceased"]),
    ("choice of a wrong type", a_patient(deceasedString="yes"), ["Patient.deceasedString"]),
    ("id with spaces", a_patient(id="a b"), ["Patient.id"]),
    ("id too long", a_patient(id="a" * 65), ["Patient.id"]),
    ("required elements", {"resourceType": "Observation"}, ["Observation", "Observation"]),
    ("required in a backbone", {**an_observation(), "component": [{"valueString": "x"}]}, ["Observation.component[0]"]),
    (
        "quantity as string",
        an_observation(valueQuantity={"value": "140"}),
        ["Observation.value.ofType(Quantity).value"],
    ),
    ("base64", {"resourceType": "Binary", "contentType": "text/plain", "data": "###"}, ["Binary.data"]),
    ("MIME type", {"resourceType": "Binary", "contentType": "a b/c", "data": "aGk="}, ["Binary.contentType"]),
    (
        "currency",
        {"resourceType": "Invoice", "status": "draft", "totalNet": {"value": 1, "currency": "dh"}},
        ["Invoice.totalNet.currency"],
    ),
    (
        "wrong reference target",
        an_observation(subject={"reference": "Practitioner/1"}),
        ["Observation.subject.reference"],
    ),
    ("reference to no type", an_observation(subject={"reference": "Person1/1"}), ["Observation.subject.reference"]),
    ("reference to free text", an_observation(subject={"reference": "the patient"}), ["Observation.subject.reference"]),
    (
        "absolute reference to a wrong type",
        an_observation(subject={"reference": "https://a.ma/fhir/Task/1"}),
        ["Observation.subject.reference"],
    ),
    (
        "type beside the reference",
        an_observation(subject={"reference": "Patient/1", "type": "Group"}),
        ["Observation.subject.type"],
    ),
    ("nothing contained", an_observation(subject={"reference": "#p"}), ["Observation.subject.reference"]),
    (
        "contained of a wrong type",
        an_observation(
            subject={"reference": "#p"},
            contained=[{"resourceType": "Task", "id": "p", "status": "draft", "intent": "order"}],
        ),
        ["Observation.subject.reference"],
    ),
    ("contained for nothing", an_observation(contained=[a_patient(id="p")]), ["Observation.contained[0]"]),
    (
        "contained twice",
        an_observation(subject={"reference": "#p"}, contained=[a_patient(id="p"), a_patient(id="p")]),
        ["Observation.contained[1].id"],
    ),
    (
        "contained in contained",
        an_observation(subject={"reference": "#p"}, contained=[a_patient(id="p", contained=[a_patient(id="q")])]),
        ["Observation.contained[0]"],
    ),
    ("contained without id", an_observation(contained=[a_patient()]), ["Observation.contained[0]"]),
    (
        "contained and invalid",
        an_observation(subject={"reference": "#p"}, contained=[a_patient(id="p", gender="x")]),
        ["Observation.contained[0].gender"],
    ),
    (
        "contained with a version",
        an_observation(subject={"reference": "#p"}, contained=[a_patient(id="p", meta={"versionId": "1"})]),
        ["Observation.contained[0].meta"],
    ),
    (
        "concept outside its binding",
        {
            "resourceType": "Condition",
            "subject": {"reference": "Patient/1"},
            "clinicalStatus": {
                "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "ill"}]
            },
        },
        ["Condition.clinicalStatus"],
    ),
    (
        "concept with a code of another system",
        {
            "resourceType": "Condition",
            "subject": {"reference": "Patient/1"},
            "clinicalStatus": {"coding": [{"system": LOINC, "code": "active"}]},
        },
        ["Condition.clinicalStatus"],
    ),
    ("extension without value", a_patient(extension=[{"url": "http://a.ma/x"}]), ["Patient.extension[0]"]),
    ("extension without url", a_patient(extension=[{"valueString": "x"}]), ["Patient.extension[0]"]),
    (
        "extension with value and extensions",
        a_patient(
            extension=[{"url": "http://a.ma/x", "valueString": "x", "extension": [{"url": "y", "valueString": "z"}]}]
        ),
        ["Patient.extension[0]"],
    ),
    ("sibling that is no object", a_patient(birthDate="1970", _birthDate="x"), ["Patient.birthDate"]),
    (
        "sibling of an object",
        a_patient(maritalStatus={"text": "x"}, _maritalStatus={"id": "a"}),
        ["Patient._maritalStatus"],
    ),
    (
        "sibling list too long",
        a_patient(name=[{"given": ["a"], "_given": [None, {"id": "x"}]}]),
        ["Patient.name[0].given"],
    ),
    ("null without sibling", a_patient(name=[{"given": ["a", None]}]), ["Patient.name[0].given[1]"]),
    ("null on both sides", a_patient(name=[{"_given": [None]}]), ["Patient.name[0].given[0]"]),
    ("script in the narrative", a_patient(text=a_div("<script>x</script>")), ["Patient.text.div"]),
    ("handler in the narrative", a_patient(text=a_div('<p onclick="x()">a</p>')), ["Patient.text.div"]),
    ("address that runs", a_patient(text=a_div('<a href="java&#10;script:x()">a</a>')), ["Patient.text.div"]),
    ("empty narrative", a_patient(text=a_div(" ")), ["Patient.text.div"]),
    ("narrative that is not XML", a_patient(text=a_div("<p>")), ["Patient.text.div"]),
    (
        "in a Bundle",
        {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": a_patient()}, {"resource": a_patient(gender="x")}],
        },
        ["Bundle.entry[1].resource.gender"],
    ),
    (
        "R4B's choice in an R4 plan",
        {"resourceType": "PlanDefinition", "status": "draft", "subjectCanonical": "http://a.ma/x"},
        ["PlanDefinition.subjectCanonical"],
    ),
    ("a type that R4B lacks", {"resourceType": "MedicinalProduct", "name": [{}]}, ["MedicinalProduct.name[0]"]),
    (
        "several at once",
        a_patient(gender="x", birthDate="1970-13", name=[{"family": 1}, {"use": "y"}]),
        ["Patient.gender", "Patient.birthDate", "Patient.name[0].family", "Patient.name[1].use"],
    ),
]


@pytest.mark.parametrize(("resource", "paths"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_every_error_is_found_at_its_path(resource: Any, paths: list[str]) -> None:
    assert [issue.expression for issue in validate(resource)] == paths


@pytest.mark.parametrize(
    "resource",
    [
        a_patient(),
        a_patient(
            name=[{"given": ["a", None], "_given": [None, {"extension": [{"url": "http://a.ma/x", "valueCode": "y"}]}]}]
        ),
        a_patient(name=[{"given": ["a", "b"], "_given": [{"id": "x"}]}]),
        a_patient(_birthDate={"extension": [{"url": "http://a.ma/x", "valueCode": "unknown"}]}),
        a_patient(name=[{"family": "بن\u00a0علي"}]),
        a_patient(text=a_div("Tension&nbsp;: <b>140</b> <span dir='rtl'>ضغط</span>")),
        an_observation(subject={"reference": "urn:uuid:7b1c1f3e-0000-4000-8000-000000000000"}),
        an_observation(subject={"reference": "Patient?identifier=http://a.ma/sid|1"}),
        an_observation(subject={"reference": "Patient/1/_history/2"}),
        an_observation(subject={"identifier": {"value": "1"}, "display": "A. B."}),
        an_observation(subject={"reference": "#p"}, contained=[a_patient(id="p")]),
        an_observation(valueQuantity={"value": Decimal("0.40"), "unit": "mmol/L"}),
        an_observation(valueInteger=0, extension=[{"url": "http://a.ma/x", "valueDecimal": Decimal("1E-7")}]),
        {"resourceType": "MedicinalProduct", "name": [{"productName": "x"}]},
        {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "GET", "url": "Patient"}}]},
        {"resourceType": "Parameters", "parameter": [{"name": "x", "resource": a_patient(gender="male")}]},
        {
            "resourceType": "Basic",
            "code": {"text": "x"},
            "extension": [{"url": "http://a.ma/x", "valueMeta": {"versionId": "1"}}],
        },
    ],
)
def test_what_r4_allows_is_accepted(resource: dict[str, Any]) -> None:
    assert validate(resource) == []


def test_the_error_carries_every_issue_and_says_how_many() -> None:
    with pytest.raises(Invalid, match=r"Patient\.gender: .*female, male, other, unknown.*\(and 1 more\)") as caught:
        check(a_patient(gender="x", active="yes"))
    assert {issue.expression for issue in caught.value.issues} == {"Patient.gender", "Patient.active"}


def test_a_near_miss_is_named() -> None:
    assert "Is 'birthDate' meant?" in validate(a_patient(birthdate="1970"))[0].text
