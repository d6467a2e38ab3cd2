"""Fields read what people type in Morocco; messages say what to do; everything typed stays."""

from datetime import date
from decimal import Decimal

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.web.form import (
    ChoiceField,
    ChoicesField,
    DayField,
    Form,
    NumberField,
    Required,
    TextField,
    YesNoField,
    as_form,
)
from app.web.reading import Unreadable, clean_text, read_day, read_number


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("7,2", "7.2"),
        ("7.2", "7.2"),
        ("٧٫٢", "7.2"),
        ("۱۶۲", "162"),
        ("1 200", "1200"),
        ("\u200f140\u200f", "140"),
        ("-0,5", "-0.5"),
    ],
)
def test_numbers_of_either_script(typed: str, number: str) -> None:
    assert read_number(typed) == Decimal(number)


@pytest.mark.parametrize("typed", ["", "abc", "1,2,3", "12/8", "1e5", "NaN", "Infinity", "--1", "9" * 40])
def test_what_is_no_number_is_said_to_be_none(typed: str) -> None:
    with pytest.raises(Unreadable):
        read_number(typed)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9))
def test_any_number_written_in_arabic_digits_is_read_back(number: Decimal) -> None:
    text = format(number, "f").translate({ord(str(d)): chr(0x660 + d) for d in range(10)} | {ord("."): "٫"})
    assert read_number(text) == number


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading(text: str) -> None:
    for read in (read_number, read_day):
        try:
            read(text)
        except Unreadable:
            continue


@pytest.mark.parametrize("typed", ["2026-11-21", "21/11/2026", "٢١/١١/٢٠٢٦", "21-11-2026", " 21.11.2026 "])
def test_days_in_two_orders(typed: str) -> None:
    assert read_day(typed) == date(2026, 11, 21)


def test_invisible_marks_and_spaces_are_taken_away() -> None:
    assert clean_text(" \u200fفاطمة\u202c ") == "فاطمة"
    assert clean_text("Me\u0301decin") == "Médecin"


class Visit(Form):
    systolic = NumberField("La systolique", [Required("Saisissez la systolique")], low=50, high=300, unit="mmHg")
    day = DayField("Jour", latest=date(2026, 11, 21))
    pregnant = YesNoField("Enceinte")
    signs = ChoicesField("Signes", choices=[("a", "A"), ("b", "B")])
    decision = ChoiceField("Décision", choices=[("accept", "Accepter")])
    words = TextField("Mots")


@pytest.fixture(autouse=True)
def page(flask: Flask):
    with flask.test_request_context("/?lang=fr"):
        yield


def judged(**values) -> dict[str, str]:
    form = Visit(as_form({"systolic": "150", **values}))
    form.validate()
    return {name: messages[0] for name, messages in form.errors.items()}


def test_out_of_range_names_the_range_and_what_was_typed() -> None:
    message = judged(systolic="1400")["systolic"]
    assert all(word in message for word in ("50", "300 mmHg", "1400"))
    assert judged(systolic="٥٠") == {}


def test_what_was_typed_stays_even_when_it_cannot_be_read() -> None:
    form = Visit(as_form({"systolic": "cent", "day": "hier"}))
    assert not form.validate()
    assert 'value="cent"' in form.systolic() and 'value="hier"' in form.day()
    assert "cent" in form.systolic.errors[0]


def test_each_kind_of_answer_is_judged() -> None:
    assert judged(systolic="") == {"systolic": "Saisissez la systolique"}
    assert set(judged(day="2026-11-22", pregnant="maybe", signs="c", decision="refuse")) == {
        "day",
        "pregnant",
        "signs",
        "decision",
    }
    form = Visit(as_form({"systolic": "150", "pregnant": "no"}))
    assert form.validate() and form.pregnant.answer is False and form.decision.data is None and form.day.data is None


def test_the_macros_say_all_that_a_field_needs(flask: Flask) -> None:
    from flask import render_template_string

    form = Visit(as_form({"systolic": "1400"}))
    form.validate()
    text = render_template_string(
        """{% from "form.html" import field, error_summary, csrf %}{{ csrf() }}{{ error_summary(form) }}
        {{ field(form.systolic, last=("148", "2026-10-01"), hint="Assis") }}
        {{ field(form.decision, when={"field": "signs", "is": ["a"]}) }}""",
        form=form,
    )
    assert 'href="#systolic"' in text and 'role="alert"' in text
    assert 'aria-describedby="systolic-hint systolic-error systolic-last"' in text and 'aria-invalid="true"' in text
    assert 'inputmode="decimal"' in text and 'data-min="50"' in text and "mmHg" in text
    assert '<time datetime="2026-10-01">1 oct. 2026</time>' in text
    assert "<fieldset" in text and "<legend>" in text
    assert "data-when=" in text and "&#34;signs&#34;" in text
    assert 'name="form_key"' in text and 'name="csrf_token"' in text
