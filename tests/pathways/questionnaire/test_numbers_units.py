"""Numbers as typed in Morocco, and laboratory units."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid
from pathways.questionnaire.numbers import number_text, parse_number
from pathways.questionnaire.units import convert, in_preferred_unit, rounded
from tests.pathways.questionnaire.forms import glucose


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("132", "132"),
        ("0,40", "0.40"),
        ("0.40", "0.40"),
        ("١٣٢", "132"),
        ("٧٫٥", "7.5"),
        ("۷,۵", "7.5"),
        ("1.234,5", "1234.5"),
        ("1,234.5", "1234.5"),
        ("1 400", "1400"),
        ("-2,5", "-2.5"),
        ("+3", "3"),
        (" 82 ", "82"),
        ("٧،٥", "7.5"),  # the comma of an Arabic keyboard
        ("\u200f١٣٢\u200f", "132"),
        ("\u061c\u202b۱۲٫۵\u202c", "12.5"),
        ("\ufeff1\u2009400\u00a0", "1400"),
        ("\u22122,5", "-2.5"),
    ],
)
def test_a_number_is_read_digit_by_digit(typed: str, read: str) -> None:
    assert str(parse_number(typed)) == read


@pytest.mark.parametrize("typed", ["", "abc", "12abc", "1,2,3", "1e5", "NaN", "--2", "٫", "9" * 40])
def test_what_is_no_number_is_not_guessed(typed: str) -> None:
    assert parse_number(typed) is None


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-99999, max_value=99999))
def test_a_number_that_is_shown_reads_back_the_same(value: Decimal) -> None:
    assert str(parse_number(number_text(value))) == str(value)


@pytest.mark.parametrize(
    ("value", "start", "end", "analyte", "expected"),
    [
        ("1", "g/L", "mg/dL", "1558-6", "100"),
        ("1", "g/L", "mmol/L", "1558-6", "5.55"),
        ("126", "mg/dL", "mmol/L", "glucose", "6.99"),
        ("10", "mg/L", "mg/dL", "2160-0", "1.00"),
        ("10", "mg/L", "umol/L", "2160-0", "88"),
        ("1", "g/L", "mmol/L", "2093-3", "2.59"),
        ("53", "mmol/mol", "%", "4548-4", "7.0"),
        ("7", "%", "mmol/mol", "4548-4", "53"),
        ("1.70", "m", "cm", "8302-2", "170.0"),
        ("154", "[lb_av]", "kg", "29463-7", "69.9"),
        ("98.6", "[degF]", "Cel", "8310-5", "37.0"),
    ],
)
def test_laboratory_units_convert_as_the_reference_says(
    value: str, start: str, end: str, analyte: str, expected: str
) -> None:
    assert str(rounded(convert(Decimal(value), start, end, analyte), end, analyte)) == expected


def test_moles_are_not_converted_without_knowing_of_what() -> None:
    with pytest.raises(Invalid, match="no conversion"):
        convert(Decimal("1"), "g/L", "mmol/L", "9999-9")


def test_a_value_in_its_own_unit_keeps_its_digits() -> None:
    entered = {"value": Decimal("6.10"), "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
    assert in_preferred_unit(glucose(), entered) is entered


@given(st.decimals(min_value="0.2", max_value="6", places=2))
def test_glucose_comes_back_from_the_other_unit(value: Decimal) -> None:
    there = convert(value, "g/L", "mmol/L", "glucose")
    assert rounded(convert(there, "mmol/L", "g/L", "glucose"), "g/L", "glucose") == value
