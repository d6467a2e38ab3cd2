"""Partial dates, arithmetic with time, and quantities with UCUM units."""

from __future__ import annotations

import pytest

from app.fhir.fhirpath import FhirPathError, evaluate


def answer(expression: str) -> list[str]:
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in evaluate(None, expression)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("@2026-01-31 + 1 month", ["2026-02-28"]),
        ("@2024-02-29 + 1 year", ["2025-02-28"]),
        ("@2026 + 18 months", ["2027"]),
        ("@2026-03 + 45 days", ["2026-04"]),
        ("@2026-11-20 + 2 weeks", ["2026-12-04"]),
        ("@2026-11-20T09:30:00+01:00 + 90 minutes", ["2026-11-20T11:00:00+01:00"]),
        ("@2026-11-20T23:59:59.500Z + 1 second", ["2026-11-21T00:00:00.500Z"]),
        ("@T23:30 + 1 hour", ["00:30"]),
        ("@0001-01-01 - 1 day", []),
        ("@9999 + 1 year", []),
        ("{} + 1 day", []),
    ],
)
def test_time_is_added_to_dates(expression: str, expected: list[str]) -> None:
    assert answer(expression) == expected


@pytest.mark.parametrize("unit", ["'mo'", "'a'", "'mg'"])
def test_only_calendar_units_are_added_to_dates(unit: str) -> None:
    with pytest.raises(FhirPathError, match="cannot be added to a date"):
        evaluate(None, f"@2026-11-20 + 1 {unit}")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("@2026-11-20T10:00:00Z = @2026-11-20T11:00:00+01:00", ["true"]),
        ("@2026-11-20T10:00:00 = @2026-11-20T10:00:00Z", []),
        ("@2026-11-18T10:00:00 < @2026-11-20T10:00:00Z", ["true"]),
        ("@2026-11 < @2026-12-01", ["true"]),
        ("@2026-11 < @2026-11-20", []),
        ("@T09:30 < @T09:30:01", []),
        ("@T09 < @T10:30", ["true"]),
        ("@2026-11-20 = @T10:00", ["false"]),
        ("@2026T = @2026", ["true"]),
    ],
)
def test_what_is_not_known_leaves_a_comparison_open(expression: str, expected: list[str]) -> None:
    assert answer(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 'g' = 1000 'mg'", ["true"]),
        ("7.0 'mmol/L' = 7000 'umol/L'", ["true"]),
        ("1 '[lb_av]' = 453.59237 'g'", ["true"]),
        ("37 'Cel' = 310.15 'K'", ["true"]),
        ("98.6 '[degF]' = 37 'Cel'", ["true"]),
        ("1 'g' = 1 'L'", []),
        ("1 'g' ~ 1 'L'", ["false"]),
        ("1 '[iU]' = 1 '[arb\\'U]'", []),
        ("1 'kg/m2' = 1000 'g/m2'", ["true"]),
        ("120 'mm[Hg]' > 15 'kPa'", ["true"]),
        ("1 'nonsense' = 1 'nonsense'", ["true"]),
        ("1 'nonsense' = 1 'g'", []),
        ("2 weeks = 14 days", ["true"]),
        ("1 year = 12 months", ["true"]),
        ("1 year = 365 days", []),
        ("1 day = 24 'h'", ["true"]),
        ("1 month = 1 'mo'", []),
        ("1 month ~ 1 'mo'", ["true"]),
    ],
)
def test_quantities_are_compared_in_one_unit(expression: str, expected: list[str]) -> None:
    assert answer(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("3 'm' + 3 'cm'", ["303 'cm'"]),
        ("1 'g' - 250 'mg'", ["750 'mg'"]),
        ("70 'kg' / (1.75 'm' * 1.75 'm') > 22 'kg/m2'", ["true"]),
        ("10 'mg' / 2 'mg'", ["5 '1'"]),
        ("2 * 5 'mg'", ["10 'mg'"]),
        ("5 'mg' / 0 'mg'", []),
        ("98.6 '[degF]'.toQuantity('Cel')", ["37 'Cel'"]),
        ("1 'g' + 1 'L'", []),
        ("-(5.5 'mg')", ["-5.5 'mg'"]),
        ("1 week.toString() & ', ' & 2 days.toString()", ["1 week, 2 days"]),
    ],
)
def test_arithmetic_of_quantities(expression: str, expected: list[str]) -> None:
    assert answer(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1.587.lowBoundary(2)", ["1.58"]),
        ("1.587.highBoundary(2)", ["1.59"]),
        ("@2026-02.highBoundary()", ["2026-02-28"]),
        ("@2026-02-01T10:30.highBoundary()", ["2026-02-01T10:30:59.999-12:00"]),
        ("@T10.lowBoundary()", ["10:00:00.000"]),
        ("5.5 'mg'.lowBoundary(2)", ["5.45 'mg'"]),
        ("@2026-11-20T10:30Z.precision()", ["12"]),
        ("{}.lowBoundary()", []),
    ],
)
def test_boundaries_and_precision(expression: str, expected: list[str]) -> None:
    assert answer(expression) == expected
