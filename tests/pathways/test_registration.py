"""The number of a file, and the box that finds a person by whatever was typed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.ids import new_id
from pathways.finding import queries
from pathways.registration import ALPHABET, file_number, national_phone


@given(st.uuids())
def test_a_file_number_can_be_read_out_and_typed(id: object) -> None:
    number = file_number(str(id))
    assert len(number) == 8 and set(number) <= set(ALPHABET)


def test_file_numbers_of_one_moment_differ() -> None:
    assert len({file_number(new_id()) for _ in range(5000)}) == 5000


@given(st.uuids())
def test_a_file_number_is_looked_for_however_it_is_typed(id: object) -> None:
    number = file_number(str(id))
    for typed in (number, number.lower(), f"{number[:4]} {number[4:]}", f"{number[:4]}-{number[4:]}"):
        assert f"Patient?identifier={number}" in queries(typed)


def test_a_name_is_looked_for_word_by_word_in_either_script() -> None:
    assert queries("El  Fassi Ahmed") == ["Patient?name-key=fassi&name-key=ahmed"]
    assert queries("el") == ["Patient?name-key=el"]
    assert len(queries("الفاسي فاطمة")) == 1


def test_phones_are_kept_in_one_form() -> None:
    assert {national_phone(typed) for typed in ("06 12-34.56 78", "00212612345678", "+212 612 345 678")} == {
        "+212612345678"
    }
