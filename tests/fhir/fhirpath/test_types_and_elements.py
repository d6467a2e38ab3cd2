"""Types, choices, extensions of primitives, and the check of expressions."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from app.fhir.fhirpath import FhirPathError, check, compile, evaluate
from app.fhir.fhirpath.model import find_type

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "birthDate": "1961-03-04",
    "_birthDate": {"extension": [{"url": "urn:time", "valueDateTime": "1961-03-04T05:00:00Z"}]},
    "name": [
        {"family": "Alaoui", "given": ["Amina", None], "_given": [None, {"extension": [{"url": "urn:x"}]}]},
    ],
    "multipleBirthInteger": 2,
    "deceasedDateTime": "2026",
    "contact": [{"name": {"family": "Alaoui"}}],
}


def test_a_choice_is_one_element_of_several_types() -> None:
    assert evaluate(PATIENT, "multipleBirth") == [2]
    assert evaluate(PATIENT, "multipleBirth.is(integer) and deceased is dateTime") == [True]
    assert evaluate(PATIENT, "deceased.ofType(boolean)") == []
    assert compile("deceased | multipleBirth").nodes(PATIENT) == [("dateTime", "2026"), ("integer", 2)]


def test_the_json_name_of_a_choice_is_an_error_that_tells_the_right_one() -> None:
    with pytest.raises(FhirPathError, match=r"no element 'deceasedDateTime': write deceased\.ofType"):
        evaluate(PATIENT, "Patient.deceasedDateTime")


def test_primitives_have_extensions_and_may_have_no_value() -> None:
    assert evaluate(PATIENT, "birthDate.extension('urn:time').value") == ["1961-03-04T05:00:00Z"]
    assert evaluate(PATIENT, "name.given.count()") == [2]
    assert evaluate(PATIENT, "name.given.where(hasValue())") == ["Amina"]
    assert evaluate(PATIENT, "name.given") == ["Amina", None]
    assert evaluate(PATIENT, "name.given.extension.url") == ["urn:x"]
    assert evaluate(PATIENT, "name.given.join(' ')") == ["Amina"]


def test_dates_compare_as_dates_and_strings_do_not() -> None:
    assert evaluate(PATIENT, "birthDate < @1961-03-05") == [True]
    assert evaluate(PATIENT, "birthDate = '1961-03-04'") == [False]
    with pytest.raises(FhirPathError, match="a date cannot be compared with a String"):
        evaluate(PATIENT, "birthDate < '1961-03-05'")


def test_types_tell_their_names() -> None:
    assert evaluate(PATIENT, "type().name | contact.type().name | 1.type().namespace") == [
        "Patient",
        "BackboneElement",
        "System",
    ]
    assert evaluate(PATIENT, "Patient is DomainResource and contact.first() is BackboneElement") == [True]


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("Patient.nmae", "Patient has no element 'nmae'. Did you mean name?"),
        ("Encounter.name", "evaluated on Patient, not on Encounter"),
        ("name.given.family", "string has no element 'family'"),
        ("deceasedDateTime", "Write deceased.ofType"),
        ("name.startsWith('A')", "startsWith() is for strings"),
        ("children().first()", "first() needs an order"),
        ("iif('yes', 1, 2)", "criterion of iif() must be a Boolean"),
        ("%sbpp > 140", "no variable %sbpp. Did you mean %sbp?"),
        ("name.frist()", "Unknown function frist(). Did you mean first()?"),
        ("name.where()", "where() takes 1 arguments, not 0"),
        ("name as HumanNam", "Unknown type 'HumanNam'"),
    ],
)
def test_the_check_tells_what_can_never_be_right(expression: str, complaint: str) -> None:
    with pytest.raises(FhirPathError) as caught:
        check(expression, "Patient", variables={"sbp"})
    assert complaint in str(caught.value)
    assert caught.value.position is not None


@pytest.mark.parametrize(
    ("expression", "types"),
    [
        ("name.given", {"string"}),
        ("deceased", {"boolean", "dateTime"}),
        ("contact", {"BackboneElement"}),
        ("name.where(use = 'official').family.exists()", {"System.Boolean"}),
        ("name.given.count()", {"System.Integer"}),
        ("deceased.ofType(dateTime)", {"dateTime"}),
        ("%sbp", None),
    ],
)
def test_the_check_tells_the_types_of_the_result(expression: str, types: set[str] | None) -> None:
    assert check(expression, "Patient") == types


def test_every_search_parameter_of_r4_passes_the_check() -> None:
    path = files("app.fhir") / "definitions" / "search_parameters.json"
    parameters = json.loads(path.read_bytes())
    count = 0
    for type_name, entries in parameters.items():
        for entry in entries.values():
            if entry.get("expression"):
                check(entry["expression"], type_name)
                count += 1
    print(f"{count} search parameters checked")
    assert count > 1500


def test_the_model_has_every_type_that_its_elements_name() -> None:
    model = json.loads((files("app.fhir") / "definitions" / "elements.json").read_bytes())
    named = {type_ for row in model.values() for element in row["elements"].values() for type_ in element["t"]}
    assert named <= model.keys()
    assert model["Patient"]["elements"]["deceased"] == {"t": ["boolean", "dateTime"], "min": 0, "max": "1", "c": True}
    assert model["Bundle.link"]["kind"] == "backbone"
    assert model["Bundle.entry"]["elements"]["link"]["t"] == ["Bundle.link"]


def test_every_invariant_of_r4_passes_the_check() -> None:
    invariants = json.loads((files("app.fhir") / "definitions" / "invariants.json").read_bytes())
    rows = [row for entries in invariants.values() for row in entries]
    for path, _key, expression, *_text in rows:
        check(expression, path if find_type(path) else None)
    print(f"{len(rows)} invariants checked")
    assert len(rows) > 100
