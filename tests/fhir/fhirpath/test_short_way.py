"""Criteria read straight from JSON answer as criteria on nodes do, whatever the JSON is like."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.fhir.fhirpath import FhirPathError, compile
from app.fhir.fhirpath.plain import OFTEN

CRITERIA = (
    "code = 'a'",
    "code in ('a' | 'b')",
    "(code = 'a').not()",
    "code.not()",
    "code.empty()",
    "code.exists()",
    "code.matches('^a')",
    "code.startsWith('a')",
    "code = 'a' and display.exists()",
    "display.empty() or code = 'a'",
    "code = 'a' and display.length() > 2",
    "extension.exists(url = 'u' and value.ofType(string) = 'x')",
    "extension.where(url = 'u').value.ofType(string).first().exists()",
)
"""Criteria on a Coding."""

CODINGS: tuple[Any, ...] = (
    {},
    {"code": "a"},
    {"code": "b", "display": "b b"},
    {"code": "ab", "display": "x"},
    {"_code": {"extension": [{"url": "u", "valueString": "x"}]}},
    {"code": "a", "_code": {"id": "i"}, "_display": {"id": "i"}},
    {"code": ["a", "b"]},
    {"code": 5},
    {"code": {"a": 1}},
    {"extension": [{"url": "u", "valueString": "x"}]},
    {"extension": [{"url": "u", "_valueString": {"id": "i"}}, {"url": "u"}]},
    {"extension": [{"url": "u", "valueCode": "x"}, "broken"]},
    {"extension": {"url": "u", "valueString": "x"}},
    "broken",
)


def answer(expression: str, resource: dict[str, Any], environment: dict[str, Any] | None = None) -> Any:
    """The answer the first time and once the criterion has been asked often: they must be the same."""
    answers = []
    for _ in range(OFTEN + 2):
        try:
            answers.append(compile(expression)(resource, environment))
        except FhirPathError as error:
            answers.append((str(error), error.position))
    assert all(one == answers[0] for one in answers)
    return answers[0] if isinstance(answers[0], list) else FhirPathError


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("coding", CODINGS, ids=str)
def test_the_short_way_agrees_with_the_long_one(criterion: str, coding: Any) -> None:
    """``$index`` in a criterion keeps it on nodes; ``$index >= 0`` is always true."""
    resource = {"resourceType": "Observation", "code": {"coding": [coding]}}
    for function in ("where", "exists", "all"):
        short = answer(f"code.coding.{function}({criterion})", resource)
        assert short == answer(f"code.coding.{function}(({criterion}) and $index >= 0)", resource)
    nested = answer(f"Observation.where(code.coding.exists({criterion}))", resource)
    assert nested == answer(f"Observation.where(code.coding.exists(({criterion}) and $index >= 0))", resource)


READINGS: tuple[dict[str, Any], ...] = (
    {"valueQuantity": {"value": Decimal("7.0"), "code": "mmol/L"}, "effectiveDateTime": "2026-05-01"},
    {"valueQuantity": {"value": 6, "code": "mmol/L"}, "effectiveDateTime": "2026-05-01T10:00:00+01:00"},
    {"valueQuantity": {"value": Decimal("1.26"), "code": "g/L"}, "effectiveDateTime": "2026-04"},
    {"valueQuantity": {"code": "g/L"}, "effectivePeriod": {"start": "2026-05-01"}},
    {"valueQuantity": {"value": "7", "code": "mmol/L"}, "effectiveDateTime": "yesterday"},
    {"valueQuantity": {"value": 9, "comparator": ">", "code": "mmol/L"}, "effectiveDateTime": "2027-01-01"},
    {"valueString": "7"},
)
QUESTIONS = (
    "value.ofType(Quantity).exists((code = 'mmol/L' and value >= 7.0) or (code = 'g/L' and value >= 1.26))",
    "value.ofType(Quantity).value < %limit",
    "value.ofType(Quantity).where(code = 'mmol/L').value.first() > %limit + 1",
    "effective.ofType(dateTime).toDate() <= %today",
    "effective.ofType(dateTime).toDate() >= %today - 12 months and value.exists()",
    "effective.ofType(dateTime).toDate() > %nothing",
    "effective.ofType(dateTime).toDate() > %limit",
    "value.ofType(Quantity).value > %text",
)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("reading", READINGS, ids=str)
def test_numbers_and_days_are_compared_alike(question: str, reading: dict[str, Any]) -> None:
    resource = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Observation"} | reading}]}
    given = {"limit": Decimal("6.5"), "today": date(2026, 5, 1), "nothing": None, "text": "a"}
    short = answer(f"entry.resource.where({question})", resource, given)
    assert short == answer(f"entry.resource.where(({question}) and $index >= 0)", resource, given)


def test_a_component_is_told_by_code_and_unit() -> None:
    """The question that every reading of a blood pressure is asked."""

    def part(code: str, value: dict[str, Any]) -> dict[str, Any]:
        return {"code": {"coding": [{"system": "http://loinc.org", "code": code}]}, **value}

    question = (
        "component.exists(code.coding.exists(code = '8480-6') and "
        "value.ofType(Quantity).exists((code = 'mm[Hg]' or code.empty()) and value.exists()))"
    )
    known = {"valueQuantity": {"value": Decimal(142), "code": "mm[Hg]"}}
    for value, expected in (
        (known, True),
        ({"valueQuantity": {"value": Decimal(142)}}, True),
        ({"valueQuantity": {"value": Decimal(19), "code": "kPa"}}, False),
        ({"valueQuantity": {"code": "mm[Hg]"}}, False),
        ({"valueString": "142"}, False),
    ):
        assert compile(question)({"resourceType": "Observation", "component": [part("8480-6", value)]}) == [expected]
    assert compile(question)({"resourceType": "Observation", "component": [part("8462-4", known)]}) == [False]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("{} and false", [False]),
        ("{} and true", []),
        ("true and {}", []),
        ("{} or true", [True]),
        ("{} or false", []),
        ("false or {}", []),
        ("({} and false).not()", [True]),
        ("({} or {}).not()", []),
        ("false implies {}", [True]),
        ("{} implies true", [True]),
        ("true implies {}", []),
        ("{} xor true", []),
        ("({}.exists() or true.exists()) and {}.empty()", [True]),
    ],
)
def test_conditions_are_three_valued(expression: str, expected: list[bool]) -> None:
    assert compile(expression)(None) == expected


def test_an_error_keeps_its_place() -> None:
    """The side of an ``and`` that fails is named, in the short way too."""
    resource = {"resourceType": "Observation", "code": {"coding": [{"code": "a"}, {"code": "b"}]}}
    with pytest.raises(FhirPathError) as failed:
        compile("Observation.where(status.empty() and code.coding.code)")(resource)
    assert failed.value.position == compile("Observation.where(status.empty() and code.coding.code)").expression.index(
        "and"
    )
