"""Reading and remaking plain resources: references, codes, extensions."""

from __future__ import annotations

import pytest

from app.fhir import resource as r

UUID = "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Patient/1", r.ReferenceTo("Patient", "1")),
        ("Patient/1/_history/3", r.ReferenceTo("Patient", "1", "3")),
        ("https://a.ma/fhir/Patient/1", r.ReferenceTo("Patient", "1", base="https://a.ma/fhir")),
        ("Patient?identifier=x|1", r.ReferenceTo("Patient", query="identifier=x|1")),
        ("#p", r.ReferenceTo(id="p", contained=True)),
        (UUID, None),
        ("", None),
        (None, None),
        ({"display": "only a name"}, None),
        ({"reference": "Patient/1"}, r.ReferenceTo("Patient", "1")),
    ],
)
def test_a_reference_is_read_in_its_parts(text: object, expected: r.ReferenceTo | None) -> None:
    assert r.parse_reference(text) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["http://a.ma/P/x", "http://a.ma/P/x|1.0", "http://a.ma/P/x|1.0#part", "http://a.ma/P/x#part"]
)
def test_a_canonical_is_read_and_written(text: str) -> None:
    assert str(r.parse_canonical(text)) == text
    assert r.parse_canonical(text).url == "http://a.ma/P/x"


def test_a_definition_names_its_version() -> None:
    assert r.canonical({"url": "http://a.ma/x", "version": "1.0.0"}) == "http://a.ma/x|1.0.0"
    assert r.canonical({"url": "http://a.ma/x"}) == "http://a.ma/x"


def test_references_of_a_transaction_are_rewritten_everywhere_and_texts_are_left() -> None:
    before = {
        "resourceType": "Observation",
        "subject": {"reference": UUID},
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": UUID}],
        "contained": [{"resourceType": "Task", "focus": {"reference": UUID}}],
        "extension": [{"url": "http://a.ma/x", "valueUri": UUID}, {"url": "http://a.ma/y", "valueString": UUID}],
        "text": {"div": f'<div><a href="{UUID}">Patient</a> {UUID}</div>'},
    }
    after = r.rewrite_references(before, {UUID: "Patient/1"})
    assert after["subject"] == after["contained"][0]["focus"] == {"reference": "Patient/1"}
    assert after["identifier"] == before["identifier"] and after["extension"][1] == before["extension"][1]
    assert after["extension"][0]["valueUri"] == "Patient/1"
    assert after["text"]["div"] == f'<div><a href="Patient/1">Patient</a> {UUID}</div>'
    assert before["subject"] == {"reference": UUID}


def test_every_reference_is_found_with_its_path() -> None:
    found = r.references({"resourceType": "CarePlan", "subject": {"reference": "Patient/1"},
                          "activity": [{"reference": {"reference": "Task/1"}}]})  # fmt: skip
    assert [(path, one["reference"]) for path, one in found] == [
        ("CarePlan.subject", "Patient/1"),
        ("CarePlan.activity[0].reference", "Task/1"),
    ]


def test_codes() -> None:
    both = {
        "coding": [{"system": "http://loinc.org", "code": "1"}, {"system": "http://a.ma", "code": "2"}],
        "text": "x",
    }
    assert r.codings(both) == [("http://loinc.org", "1"), ("http://a.ma", "2")]
    assert r.codings({"system": "http://loinc.org", "code": "1"}) == [("http://loinc.org", "1")]
    assert r.codings({"text": "x"}) == r.codings(None) == []
    assert r.has_coding(both, "http://a.ma", "1", "2") and r.has_coding(both, "http://a.ma")
    assert not r.has_coding(both, "http://a.ma", "1")
    assert r.code_in(both, "http://loinc.org") == "1" and r.code_in(both, "http://b.ma") is None
    assert r.codings(r.concept("http://a.ma", "2", "Deux")) == [("http://a.ma", "2")]


def test_an_extension_is_set_read_and_taken_away_in_another_dict() -> None:
    before = {"extension": [{"url": "http://a.ma/other", "valueCode": "x"}]}
    after = r.with_extension(r.with_extension(before, "http://a.ma/x", valueCode="a"), "http://a.ma/x", valueCode="b")
    assert r.extension(after, "http://a.ma/x") == "b" and len(after["extension"]) == 2
    assert r.without_extension(after, "http://a.ma/x") == before and len(before["extension"]) == 1
    assert r.without_extension({"extension": [{"url": "http://a.ma/x"}]}, "http://a.ma/x") == {}
    assert r.extension(None, "http://a.ma/x") is None
    complex_one = r.with_extension({}, "http://a.ma/x", extension=[{"url": "y", "valueString": "z"}])
    assert r.extension(r.extension(complex_one, "http://a.ma/x"), "y") == "z"


def test_the_type_of_a_choice_is_told() -> None:
    assert r.choice({"valueQuantity": {"value": 1}}, "value") == ("Quantity", {"value": 1})
    assert r.choice({"valued": 1, "value": 2}, "value") is None


def test_elements_are_built() -> None:
    assert r.quantity(140, "mmHg", "mm[Hg]") == {
        "value": 140, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"
    }  # fmt: skip
    assert r.period("2024") == {"start": "2024"} and r.period() == {}
    assert r.reference_to({"resourceType": "Patient", "id": "1"}, "A. B.") == {
        "reference": "Patient/1",
        "display": "A. B.",
    }
    assert r.identifier({"identifier": [{"system": "s", "value": "v"}]}, "s") == "v"
