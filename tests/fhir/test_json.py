"""FHIR JSON keeps every value exactly, and refuses what is not one clean object."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Malformed
from app.fhir.json import dumps, loads, raw, with_meta

decimals = st.decimals(allow_nan=False, allow_infinity=False, places=None)
values = st.recursive(
    st.booleans()
    | st.none()
    | st.integers(-(10**30), 10**30)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | decimals,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


def exact(value: object) -> object:
    """Decimals as their digits, so that 0.40 and 0.4 differ."""
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [exact(item) for item in value]
    return str(value) if isinstance(value, Decimal | int) else value


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), values))
def test_what_is_written_is_read_back_digit_by_digit(resource: dict[str, object]) -> None:
    once = loads(dumps(resource))
    assert exact(loads(dumps(once))) == exact(once)
    assert json.loads(dumps(resource), parse_float=Decimal) == once == resource


@given(st.from_regex(r"-?(0|[1-9][0-9]{0,20})\.[0-9]{1,20}", fullmatch=True))
def test_a_decimal_keeps_its_digits(digits: str) -> None:
    assert dumps(loads(f'{{"value":{digits}}}')) == f'{{"value":{digits}}}'.encode()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'{"a":1,"a":2}', 'duplicate key "a" at line 1 column'),
        (b'{"a":\n NaN}', "line 2 column"),
        (b'{"a":Infinity}', "column"),
        (b'{"a":-Infinity}', "column"),
        (b'{"a":1,}', "trailing comma"),
        (b'{"a":01}', "invalid number"),
        (b'{"a":"\xff"}', "unicode"),
        (b'{"a":"\\ud800"}', "column"),
        (b'{"a":1} {}', "trailing characters"),
        (b"", "line 1"),
        (b"[1]", "one object"),
        (b'"text"', "one object"),
        (b"null", "one object"),
        (b'{"a":' + b"[" * 300 + b"]" * 300 + b"}", "recursion limit"),
        ('{"a":"\ud800"}', "surrogate"),
    ],
)
def test_what_is_not_clean_json_is_refused_with_its_position(text: bytes | str, words: str) -> None:
    with pytest.raises(Malformed) as caught:
        loads(text)
    assert words.lower() in caught.value.message.lower()
    assert caught.value.issues[0].code == "structure"


def test_a_byte_order_mark_is_passed_over() -> None:
    assert loads(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


def test_the_server_sets_id_and_meta_and_nothing_else() -> None:
    received = (
        b'{"resourceType":"Observation","valueQuantity":{"value":0.40},"meta":{"tag":[{"code":"x"}],"versionId":"9"}}'
    )
    stored = with_meta(loads(received), "42", 3, datetime(2026, 1, 2, 3, 4, 5, 678000, UTC))
    assert stored == (
        b'{"resourceType":"Observation","id":"42","meta":{"tag":[{"code":"x"}],"versionId":"3",'
        b'"lastUpdated":"2026-01-02T03:04:05.678Z"},"valueQuantity":{"value":0.40}}'
    )


def test_stored_bytes_stand_in_a_bundle_untouched() -> None:
    assert dumps({"resource": raw(b'{"value": 1.50}')}) == b'{"resource":{"value": 1.50}}'


def test_numbers_that_json_cannot_write_are_refused() -> None:
    with pytest.raises(TypeError):
        dumps({"value": Decimal("NaN")})
