"""The FHIRPath specification, expression by expression: ``specification.txt``, and what needs a resource below."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.fhir.fhirpath import FhirPathError, evaluate

ERROR, EMPTY = "!", "{}"
LINES = (Path(__file__).parent / "specification.txt").read_text(encoding="utf-8").splitlines()
RULES = [tuple(line.rsplit("  ⇒  ", 1)) for line in LINES if "  ⇒  " in line]

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "amina",
    "active": True,
    "name": [
        {"use": "official", "family": "Alaoui", "given": ["Amina", "Zahra"]},
        {"use": "usual", "given": ["Mimi"]},
        {"use": "maiden", "family": "Tazi", "given": ["Amina", "Zahra"], "period": {"end": "2002"}},
    ],
    "telecom": [
        {"system": "phone", "value": "0537000001", "use": "work", "rank": 1},
        {"system": "phone", "value": "0661000002", "use": "mobile", "rank": 2},
    ],
    "gender": "female",
    "birthDate": "1974-12-25",
    "_birthDate": {
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
                "valueDateTime": "1974-12-25T14:35:45-01:00",
            }
        ]
    },
    "deceasedBoolean": False,
    "contact": [{"name": {"family": "Tazi"}}],
}
ON_A_PATIENT = [
    ("name.take(2) = name.take(2).first() | name.take(2).last()", "true"),
    ("name.take(2) = name.take(2).last() | name.take(2).first()", "false"),
    ("Patient.name.given.intersect(Patient.name.given) = Patient.name.given.distinct()", "true"),
    ("name.select(use.combine(given)).count()", "8"),
    ("name.sort(use, given.first()).use", "maiden;official;usual"),
    ("name.sort(-use).use", "usual;official;maiden"),
    ("name.as(HumanName)", ERROR),
    ("name.ofType(HumanName).use", "official;usual;maiden"),
    ("name.given.first().type().name", "string"),
    ("gender.is(code) and gender.is(string) and gender.is(id).not()", "true"),
    ("gender is System.String", "false"),
    ("birthDate.is(date) and birthDate.is(Date).not()", "true"),
    ("birthDate = @1974", EMPTY),
    ("birthDate ~ @1974", "false"),
    ("birthDate.extension(%`ext-patient-birthTime`).value is dateTime", "true"),
    ("birthDate.yearOf()", "1974"),
    ("deceased.is(boolean)", "true"),
    ("deceasedBoolean", ERROR),
    ("telecom.rank.max()", "2"),
    ("telecom.rank.sum()", "3"),
    ("telecom.select(iif(use = 'mobile', $index, {}))", "1"),
    ("name.given.select(length())", "5;5;4;5;5"),
    ("name.given.upper()", ERROR),
    ("name.single()", ERROR),
    ("name.given.aggregate($total & $this.substring(0, 1), '')", "AZMAZ"),
    ("name.first().defineVariable('f', family).given.select($this & ' ' & %f)", "Amina Alaoui;Zahra Alaoui"),
    ("descendants().ofType(HumanName).count()", "4"),
    ("contact.first() is BackboneElement", "true"),
    ("Patient.is(DomainResource)", "true"),
    ("%resource.id | %context.id | %rootResource.id", "amina"),
    ("name.where(period.exists()).use.hasValue()", "true"),
    ("`Patient`.`name`[1].given", "Mimi"),
]
STRICT = [
    "Patient.nmae", "Encounter.name", "valueQuantity", "Patient.children().skip(1)", "Patient.children()[0]",
    "Patient.descendants().last()", "name.where(uses = 'official')", "name.select(given | familly)", "gender.code",
    "birthDate.foo", "name.exists(foo)", "name.sort(foo)", "(1 | 2).where($this.foo = 1)", "iif('a', 1, 2)",
]  # fmt: skip


def told(resource: Any, expression: str) -> str:
    try:
        found = evaluate(resource, expression)
    except FhirPathError:
        return ERROR
    return ";".join(map(shown, found)) if found else EMPTY


def shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return (f"{value:f}" if isinstance(value, Decimal) else str(value)) or "''"


def test_the_list_is_long_and_says_nothing_twice() -> None:
    assert len(RULES) > 600
    assert len({expression for expression, _ in RULES}) == len(RULES)


@pytest.mark.parametrize(("expression", "expected"), RULES)
def test_expressions_without_a_resource(expression: str, expected: str) -> None:
    assert told(None, expression) == expected


@pytest.mark.parametrize(("expression", "expected"), ON_A_PATIENT)
def test_expressions_on_a_patient(expression: str, expected: str) -> None:
    assert told(PATIENT, expression) == expected


@pytest.mark.parametrize("expression", STRICT)
def test_what_cannot_be_right_is_refused_when_strict(expression: str) -> None:
    with pytest.raises(FhirPathError):
        evaluate(PATIENT, expression, strict=True)
