"""Values of FHIR elements as index rows, by what a parameter makes of each data type.

Tables: https://hl7.org/fhir/R4/search.html#token, #reference, #date, #string, #quantity, #uri.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from app.clock import instant_text
from app.errors import Malformed
from app.fhir.dates import Range, of_period, parse
from app.fhir.names import keys
from app.fhir.normalise import digits, normalised
from app.fhir.resource import parse_canonical
from app.store.codes import NO_SYSTEM, path_code, system_code
from app.store.units import in_base_units

CODE_LENGTH = 500
VALUE_LENGTH = 250
URI_LENGTH = 1000
INFINITE = 1e308
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(slots=True)
class Rows:
    """What one resource leaves in the indexes, each row without its key; references still by type and id."""

    token: dict[tuple[int, int, int, str], None] = field(default_factory=dict)
    reference: dict[tuple[int, int, str], None] = field(default_factory=dict)
    date: dict[tuple[int, int, int, int], None] = field(default_factory=dict)
    string: dict[tuple[int, int, str, str], None] = field(default_factory=dict)
    quantity: dict[tuple[Any, ...], None] = field(default_factory=dict)
    uri: dict[tuple[int, int, str, str], None] = field(default_factory=dict)


Emitter = Callable[[Rows, int, int, Any], None]
"""``emit(rows, path, part, value)``."""


_own_bases: set[str] = set()


def register_base(url: str) -> None:
    """Let absolute references under this address mean what is stored here."""
    _own_bases.add(url.rstrip("/") + "/")


def own_relative(literal: str) -> str:
    """An absolute reference as ``Type/id`` where it names this server; else as it is."""
    if not literal.startswith("http"):
        return literal
    base = next((base for base in _own_bases if literal.startswith(base)), None)
    rest = literal.removeprefix(base) if base else ""
    return rest if rest[:1].isupper() and "?" not in rest else literal


def micros(instant: datetime) -> int:
    """Microseconds since 1970 of an aware instant."""
    return (instant - _EPOCH) // _MICROSECOND


def instant(microseconds: int) -> datetime:
    """The way back, in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def stamp_text(microseconds: int) -> str:
    """The same as a FHIR ``instant``, with milliseconds: writing a date costs a datetime more than all the rest."""
    seconds, rest = divmod(microseconds, 1_000_000)
    return f"{_second_text(seconds)}.{rest // 1000:03}Z"


@lru_cache(4096)
def _second_text(seconds: int) -> str:
    return instant_text(instant(seconds * 1_000_000))[:19]


@lru_cache(20_000)
def day_range(text: str) -> tuple[int, int] | None:
    """A date as microseconds, low in and high out; None where it cannot be read (the doors validate)."""
    try:
        return _bounds(parse(text))
    except Malformed:
        return None


def _bounds(found: Range) -> tuple[int, int]:
    return micros(found.low), micros(found.high)


def _coding(rows: Rows, path: int, part: int, value: Any) -> None:
    code = value.get("code")
    if code is not None:
        rows.token[path, part, system_code(value.get("system")), code[:CODE_LENGTH]] = None
    if display := value.get("display"):
        _text(rows, path, part, display)


def _concept(rows: Rows, path: int, part: int, value: Any) -> None:
    for coding in value.get("coding", ()):
        _coding(rows, path, part, coding)
    if text := value.get("text"):
        _text(rows, path, part, text)


def _identifier(rows: Rows, path: int, part: int, value: Any) -> None:
    number = value.get("value")
    if number is None:
        return
    rows.token[path, part, system_code(value.get("system")), number[:CODE_LENGTH]] = None
    kind = value.get("type") or {}
    for coding in kind.get("coding", ()):
        typed = system_code(f"{coding.get('system', '')}|{coding.get('code', '')}")
        rows.token[of_type(path), part, typed, number[:CODE_LENGTH]] = None
    if text := kind.get("text"):
        _text(rows, path, part, text)


@lru_cache(4096)
def of_type(path: int) -> int:
    """The path under which ``identifier:of-type`` finds its rows."""
    return path_code(f"{path}:of-type")


def _contact(rows: Rows, path: int, part: int, value: Any) -> None:
    if number := value.get("value"):
        rows.token[path, part, system_code(value.get("use")), number[:CODE_LENGTH]] = None


def _plain_token(rows: Rows, path: int, part: int, value: Any) -> None:
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    rows.token[path, part, NO_SYSTEM, text[:CODE_LENGTH]] = None


def _text(rows: Rows, path: int, part: int, value: Any) -> None:
    if isinstance(value, str) and value:
        rows.string[path, part, normalised(value)[:VALUE_LENGTH], value] = None


def _reference(rows: Rows, path: int, part: int, value: Any) -> None:
    if not isinstance(value, Mapping):
        _canonical(rows, path, part, value)
        return
    if literal := value.get("reference"):
        literal = own_relative(literal)
        if literal[0].isupper() and "?" not in literal:
            rows.reference[path, part, literal.split("/_history/")[0].split("#")[0]] = None
        elif not literal.startswith("#"):
            rows.uri[path, part, literal[:URI_LENGTH], ""] = None
    if identifier := value.get("identifier"):
        _identifier(rows, path, part, identifier)


def _canonical(rows: Rows, path: int, part: int, value: Any) -> None:
    if isinstance(value, str):
        found = parse_canonical(value)
        rows.uri[path, part, found.url[:URI_LENGTH], found.version or ""] = None


def _uri(rows: Rows, path: int, part: int, value: Any) -> None:
    rows.uri[path, part, str(value)[:URI_LENGTH], ""] = None


def _date(rows: Rows, path: int, part: int, value: Any) -> None:
    if isinstance(value, str) and (found := day_range(value)):
        rows.date[path, part, *found] = None


def _period(rows: Rows, path: int, part: int, value: Any) -> None:
    try:
        found = _bounds(of_period(value.get("start"), value.get("end")))
    except Malformed:
        return
    rows.date[path, part, *found] = None


def _timing(rows: Rows, path: int, part: int, value: Any) -> None:
    for event in value.get("event", ()):
        _date(rows, path, part, event)
    if bounds := value.get("repeat", {}).get("boundsPeriod"):
        _period(rows, path, part, bounds)


def _parts(*names: str) -> Emitter:
    """Strings of an element's parts: each by itself, as a search may begin with any of them."""

    def emit(rows: Rows, path: int, part: int, value: Any) -> None:
        for name in names:
            found = value.get(name)
            for one in found if isinstance(found, list) else (found,):
                _text(rows, path, part, one)

    return emit


_name = _parts("family", "given", "prefix", "suffix", "text")
_address = _parts("line", "city", "district", "state", "postalCode", "country", "text")


def name_words(rows: Rows, path: int, part: int, value: Any) -> None:
    """What a name is looked for by, whatever the order and the spelling (``app.fhir.names``)."""
    for text in (value.get("family"), *value.get("given", ()), value.get("text")):
        for key in keys(text) if isinstance(text, str) else ():
            rows.string[path, part, key[:VALUE_LENGTH], key] = None


def phone_digits(rows: Rows, path: int, part: int, value: Any) -> None:
    """The digits of a telephone number."""
    if found := digits(str(value)):
        rows.string[path, part, found[:VALUE_LENGTH], found] = None


def _number(rows: Rows, path: int, part: int, value: Any) -> None:
    rows.quantity[path, part, float(value), float(value), NO_SYSTEM, "", "", "", 0.0, 0.0] = None


def _quantity(rows: Rows, path: int, part: int, value: Any) -> None:
    if (number := value.get("value")) is None:
        return
    comparator = value.get("comparator", "")
    low = -INFINITE if comparator.startswith("<") else number
    high = INFINITE if comparator.startswith(">") else number
    _measured(rows, path, part, low, high, value)


def _measured(rows: Rows, path: int, part: int, low: Any, high: Any, unit: Any) -> None:
    system, code = unit.get("system"), unit.get("code", "")
    if "currency" in unit:
        system, code = "urn:iso:std:iso:4217", unit["currency"]
    dimension, base_low, base_high = in_base_units(system, code, low, high)
    written = unit.get("unit", "")
    unit_row = (system_code(system), code, written, dimension, base_low, base_high)
    rows.quantity[path, part, float(low), float(high), *unit_row] = None


def _range(rows: Rows, path: int, part: int, value: Any) -> None:
    low, high = value.get("low", {}), value.get("high", {})
    _measured(rows, path, part, low.get("value", -INFINITE), high.get("value", INFINITE), low or high)


def _sampled(rows: Rows, path: int, part: int, value: Any) -> None:
    _quantity(rows, path, part, value.get("origin", {}))


_TOKENS = {"Coding": _coding, "CodeableConcept": _concept, "Identifier": _identifier, "ContactPoint": _contact}
_DATES = {"date": _date, "dateTime": _date, "instant": _date, "Period": _period, "Timing": _timing}
_STRINGS = {"HumanName": _name, "Address": _address}
_QUANTITIES = {"Range": _range, "SampledData": _sampled}
_NUMBERS = frozenset({"integer", "decimal", "positiveInt", "unsignedInt"})
_AMOUNTS = frozenset({"Quantity", "Age", "Duration", "Distance", "Count", "Money", "MoneyQuantity", "SimpleQuantity"})
PRIMITIVES = frozenset(
    {
        *("base64Binary", "boolean", "canonical", "code", "date", "dateTime", "decimal", "id", "instant", "integer"),
        *("markdown", "oid", "positiveInt", "string", "time", "unsignedInt", "uri", "url", "uuid"),
    }
)


def emitter(kind: str, fhir_type: str, index: str = "") -> tuple[str, Emitter] | None:
    """How a parameter of a kind indexes an element of a FHIR type; None where it makes nothing of it."""
    if kind == "string" and index:
        return "string", name_words if index == "#words" else phone_digits
    found: Emitter | None = None
    if kind == "token":
        found = _TOKENS.get(fhir_type) or (_plain_token if fhir_type in PRIMITIVES else None)
    elif kind == "reference":
        found = _reference if fhir_type in ("Reference", "canonical", "uri", "url") else None
    elif kind == "date":
        found = _DATES.get(fhir_type)
    elif kind == "string":
        found = _STRINGS.get(fhir_type) or (_text if fhir_type in ("string", "markdown", "code", "id", "uri") else None)
    elif kind == "number" or (kind == "quantity" and fhir_type in _NUMBERS):
        found = _number if fhir_type in _NUMBERS else _range if fhir_type == "Range" else None
    elif kind == "quantity":
        found = _QUANTITIES.get(fhir_type) or (_quantity if fhir_type in _AMOUNTS else None)
    elif kind == "uri":
        found = _canonical if fhir_type == "canonical" else _uri if fhir_type in PRIMITIVES else None
    return (kind, found) if found else None
