"""FHIR JSON in and out, with every decimal exactly as it was written (https://hl7.org/fhir/R4/json.html#decimal).

jiter reads a 750-byte Observation in 6 µs with exact decimals and refused duplicate keys, the standard library takes
9 µs and lets both duplicates and NaN through; orjson writes it in 1 µs.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import jiter
import orjson

from app.clock import instant_text
from app.errors import Malformed

MAX_DEPTH = 200
"""jiter reads no deeper; the words of its error name the position."""

BOM = b"\xef\xbb\xbf"


def loads(text: bytes | str) -> dict[str, Any]:
    """One JSON object, decimals as ``Decimal``, integers as ``int``.

    Raises ``Malformed`` with line and column on broken JSON, duplicate keys, NaN, Infinity, bad UTF-8, nesting deeper
    than ``MAX_DEPTH``; also when the text is not one object.
    """
    try:
        data = text.encode() if isinstance(text, str) else text
        value = jiter.from_json(
            data.removeprefix(BOM), float_mode="decimal", catch_duplicate_keys=True, allow_inf_nan=False
        )
    except UnicodeEncodeError as error:
        raise Malformed(f"The text is not Unicode: lone surrogate at character {error.start}.") from None
    except ValueError as error:
        text = str(error)
        if text.startswith("recursion limit exceeded"):
            place = text.removeprefix("recursion limit exceeded")
            raise Malformed(f"The JSON is nested more than {MAX_DEPTH} levels deep (recursion limit){place}.") from None
        raise Malformed(f"This is not JSON: {text}.") from None
    if not isinstance(value, dict):
        raise Malformed("The JSON of a resource is one object, between { and }.")
    return value


def dumps(value: Any, *, pretty: bool = False) -> bytes:
    """UTF-8 JSON; a ``Decimal`` is written digit by digit as it stands (0.40 stays 0.40), ``raw`` bytes as they are."""
    option = orjson.OPT_INDENT_2 if pretty else 0
    try:
        return orjson.dumps(value, default=_exact, option=option)
    except TypeError as error:
        if "64-bit" not in str(error):
            raise
        return orjson.dumps(_big_integers(value), default=_exact, option=option)


def raw(stored: bytes) -> orjson.Fragment:
    """JSON that is written already: stands inside a dict given to ``dumps`` and is neither parsed nor checked again."""
    return orjson.Fragment(stored)


def with_meta(resource: dict[str, Any], id: str, version: str | int, last_updated: datetime | str) -> bytes:
    """The bytes to store: ``id``, ``meta.versionId`` and ``meta.lastUpdated`` set, all other values identical.

    ``resourceType``, ``id`` and ``meta`` stand first, the rest in the order received.
    """
    instant = last_updated if isinstance(last_updated, str) else instant_text(last_updated)
    meta = {**resource.get("meta", {}), "versionId": str(version), "lastUpdated": instant}
    first = {"resourceType": resource["resourceType"], "id": id, "meta": meta}
    return dumps({**first, **{key: value for key, value in resource.items() if key not in first}})


def _exact(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal) and value.is_finite():
        digits = str(value)
        if "E-" in digits and value.adjusted() > -40:
            digits = f"{value:f}"  # Python writes 0.0000001 as 1E-7; people do not
        return orjson.Fragment(digits)
    raise TypeError(f"{type(value).__name__} {value!r} has no JSON form")


def _big_integers(value: Any) -> Any:
    """The same with integers beyond 64 bits (a decimal may be written so) made ready for orjson."""
    if isinstance(value, dict):
        return {key: _big_integers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_big_integers(item) for item in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return orjson.Fragment(str(value))
    return value
