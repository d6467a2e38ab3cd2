"""Laws that hold for all inputs: errors are of one class, decimals are exact, comparison is an order."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.fhir.fhirpath import FhirPathError, check, compile, evaluate
from app.fhir.fhirpath.functions.registry import FUNCTIONS

law = settings(deadline=None)  # the first use of a part of the engine reads its tables

SOURCE = (
    "Patient name given where ( ) . , = ~ != and or not() exists( $this $index % ` ' 'a' 1 1.5 @2020 @T10 | [ ] { } + "
    "- * / div mod in contains is as true false days 'mg' // /* */ iif( select( repeat( sort( < >= & \\ é"
)
WORDS = st.sampled_from(SOURCE.split())
PATIENT = {
    "resourceType": "Patient",
    "id": "amina",
    "name": [{"use": "official", "given": ["Amina", "Zahra"]}, {"given": [None], "_given": [{"id": "g"}]}],
    "birthDate": "1961-03",
    "deceasedBoolean": False,
}
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=8)
DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31))
INSTANTS = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)


def only_fhirpath_errors(expression: str) -> None:
    refused = None
    try:
        evaluate(PATIENT, expression)
        check(expression, "Patient")
    except FhirPathError as error:
        refused = error
    if refused is not None:
        assert refused.text == expression
        assert refused.position is None or 0 <= refused.position <= len(expression)


@law
@given(st.text(max_size=60))
@example("'" + "\\" * 3)
@example("(" * 5000)
@example("-" * 5000 + "1")
@example("a" + ".a" * 5000)
@example("1" * 5000)
@example("1 + " * 3000 + "1")
@example("10.power(100000000)")
@example("2.power(2.power(30))")
@example("1.round(1000000000)")
@example("@9999-12-31 + 10000 years")
@example("1000000000000000000000.exp()")
def test_any_text_is_evaluated_or_refused_by_a_fhirpath_error(text: str) -> None:
    only_fhirpath_errors(text)


@law
@given(st.lists(WORDS, max_size=14).map(" ".join))
def test_any_row_of_words_is_evaluated_or_refused_by_a_fhirpath_error(text: str) -> None:
    only_fhirpath_errors(text)


ATOM_TEXT = """
    {} | 1 | -2 | 0.5 | 40 | 'a' | '' | '2020-01-01' | '\\ud83d\\ude00' | true | @2020 | @2020-01-31 | $this | name | id
    | @2020-02-29T10:00:00.5+01:00 | @T10:30 | 4 'mg' | 0 'Cel' | 3 months | name.given | birthDate | %resource | %ucum
    | deceased | $index | $total | name.first() | name.skip(1) | '(a' | 'html' | Patient
"""
ATOMS = st.sampled_from([atom.strip() for atom in ATOM_TEXT.split("|")])
TYPES = st.sampled_from(["string", "System.Integer", "FHIR.Patient", "Quantity", "BackboneElement"])


@st.composite
def calls(draw: st.DrawFn, below: st.SearchStrategy[str]) -> str:
    called = draw(st.sampled_from(sorted(FUNCTIONS.values())))
    count = draw(st.integers(called.needed, min(len(called.kinds), called.needed + 2)))
    arguments = [draw(TYPES if kind == "t" else below) for kind in called.kinds[:count]]
    return f"({draw(below)}).{called.name}({', '.join(arguments)})"


OPERATION_TEXT = "+ - * / div mod & | = ~ != !~ < <= > >= in contains and or xor implies"
OPERATIONS = st.sampled_from(OPERATION_TEXT.split())


def combined(below: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return calls(below) | st.builds("({}) {} ({})".format, below, OPERATIONS, below)


EXPRESSIONS: st.SearchStrategy[str] = st.recursive(ATOMS, combined, max_leaves=6)


@law
@given(EXPRESSIONS)
def test_any_expression_is_evaluated_or_refused_by_a_fhirpath_error(expression: str) -> None:
    only_fhirpath_errors(expression)


JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3) | DECIMALS,
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["name", "value", "extension", "id", "url", "given", "_given", "valueQuantity", "code", "resourceType"]
            ),
            below,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@law
@given(
    st.dictionaries(
        st.sampled_from(
            ["name", "_name", "birthDate", "_birthDate", "contained", "extension", "multipleBirthInteger", "contact"]
        ),
        JSON_VALUES,
    )
)
def test_broken_resources_do_not_break_the_engine(broken: dict[str, Any]) -> None:
    patient = {"resourceType": "Patient", **broken}
    for expression in (
        "descendants().count()",
        "name.given | name.family",
        "name.where(use = 'official').given",
        "extension('u').value",
        "birthDate > @2000",
        "multipleBirth + 1",
        "contained.resolve()",
        "contact.name.given = 'x'",
        "name ~ contact.name",
    ):
        try:
            evaluate(patient, expression)
        except FhirPathError:
            continue


@law
@given(DECIMALS, DECIMALS)
def test_sums_differences_and_products_are_exact(left: Decimal, right: Decimal) -> None:
    variables = {"a": left, "b": right}
    assert evaluate(None, "%a + %b - %b = %a", variables) == [True]
    assert evaluate(None, "%a * %b", variables)[0] == evaluate(None, "%b * %a", variables)[0]
    assert evaluate(None, "%a + %b", variables)[0] - left == right


@law
@given(DECIMALS)
def test_a_decimal_keeps_its_digits(number: Decimal) -> None:
    assert str(evaluate(None, "%a", {"a": number})[0]) == str(number)
    assert evaluate(None, "%a.toString().toDecimal() = %a", {"a": number}) == [True]


@law
@given(DECIMALS, DECIMALS)
def test_numbers_are_ordered_as_numbers_are(left: Decimal, right: Decimal) -> None:
    variables = {"a": left, "b": right}
    assert evaluate(None, "%a < %b", variables) == [left < right]
    assert evaluate(None, "%a >= %b", variables) == [left >= right]


@law
@given(DAYS, DAYS)
def test_days_are_ordered_as_days_are(left: date, right: date) -> None:
    variables = {"a": left, "b": right}
    assert evaluate(None, "%a < %b", variables) == [left < right]
    assert evaluate(None, "%a = %b", variables) == [left == right]
    assert evaluate(None, "%a > %b or %a < %b or %a = %b", variables) == [True]


@law
@given(INSTANTS, INSTANTS, st.integers(-720, 840))
def test_instants_are_the_same_in_every_zone(left: datetime, right: datetime, offset: int) -> None:
    variables = {"a": left, "b": right.astimezone(timezone(timedelta(minutes=offset)))}
    assert evaluate(None, "%a < %b", variables) == [left < right]
    assert evaluate(None, "%a = %b", variables) == [left == right]


@law
@given(DAYS, st.sampled_from([4, 7]))
def test_a_partial_date_is_never_told_from_a_day_within_it(day: date, length: int) -> None:
    part = f"@{day.isoformat()[:length]}"
    for sign in ("=", "!=", "<", ">", "<=", ">="):
        assert evaluate(None, f"{part} {sign} @{day.isoformat()}") == []
    assert evaluate(None, f"{part} ~ @{day.isoformat()}") == [False]
    assert evaluate(None, f"{part}.lowBoundary() <= @{day.isoformat()}") == [True]
    assert evaluate(None, f"{part}.highBoundary() >= @{day.isoformat()}") == [True]


@law
@given(DAYS, st.integers(-3000, 3000))
def test_adding_days_is_undone_by_subtracting_them(day: date, count: int) -> None:
    variables = {"day": day, "later": day + timedelta(days=count)}
    assert evaluate(
        None, f"%day + {abs(count)} days = %later" if count >= 0 else f"%day - {abs(count)} days = %later", variables
    ) == [True]


@law
@given(DECIMALS)
def test_a_value_lies_between_its_boundaries(number: Decimal) -> None:
    assert evaluate(None, "%a.lowBoundary(9) < %a and %a < %a.highBoundary(9)", {"a": number}) == [True]


@law
@given(st.lists(st.integers(0, 9), max_size=8), st.lists(st.integers(0, 9), max_size=8))
def test_sets_obey_the_laws_of_sets(left: list[int], right: list[int]) -> None:
    variables = {"a": left, "b": right}
    assert evaluate(None, "(%a | %b).isDistinct()", variables) == [True]
    assert set(evaluate(None, "%a | %b", variables)) == set(left) | set(right)
    assert set(evaluate(None, "%a.intersect(%b)", variables)) == set(left) & set(right)
    assert set(evaluate(None, "%a.exclude(%b)", variables)) == set(left) - set(right)
    assert evaluate(None, "%a.sort()", variables) == sorted(left)
    assert evaluate(None, "%a.sort(-$this)", variables) == sorted(left, reverse=True)


@law
@given(st.sampled_from(["true", "false", "{}"]), st.sampled_from(["true", "false", "{}"]))
def test_de_morgan_holds_with_empties(left: str, right: str) -> None:
    for one, other in (("and", "or"), ("or", "and")):
        negated = f"(({left}) {one} ({right})).not()"
        split = f"(({left}).not() {other} ({right}).not())"
        assert compile(negated)(None) == compile(split)(None)
    assert evaluate(None, f"({left}) implies ({right})") == evaluate(None, f"({left}).not() or ({right})")


MIXED = st.sampled_from(
    [
        "1",
        "1.0",
        "2",
        "true",
        "false",
        "'a'",
        "'1'",
        "1 '1'",
        "1.00 '1'",
        "1 'g'",
        "1000 'mg'",
        "2 'g'",
        "@2020",
        "@2020-01",
        "@2020T",
        "@T10",
        "7 days",
        "1 week",
    ]
)


@law
@given(st.lists(MIXED, min_size=1, max_size=8))
def test_a_union_keeps_one_of_all_that_are_equal(literals: list[str]) -> None:
    kept = f"({' | '.join(literals)})"
    count = evaluate(None, f"{kept}.count()")[0]
    for literal in literals:
        assert evaluate(None, f"{literal} in {kept}") == [True]
    for index in range(count):
        equal_ones = f"{kept}.where($this in {kept}.skip({index}).take(1)).count()"
        assert evaluate(None, equal_ones) == [1]
