"""Parameters of operations, held to the types that R4 gives them (https://hl7.org/fhir/R4/operationdefinition.html)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from app.errors import Malformed
from app.feature import Operation
from app.fhir.dates import parse
from app.fhir.definitions import load
from app.fhir.resource import choice
from app.rest.parameters import parameter

if TYPE_CHECKING:
    from app.fhir.repository import Repository
    from app.rest.operations import OperationRequest

_WRITTEN: dict[str, tuple[type, ...]] = {
    "boolean": (bool, str),
    "integer": (int, str),
    "positiveInt": (int, str),
    "unsignedInt": (int, str),
    "decimal": (int, Decimal, str),
}
"""How values that are no texts may stand: as JSON has them, or as the text of an address."""
_TIMES = frozenset({"date", "dateTime", "instant"})


def typed(operation: Operation, *, strict: bool) -> Operation:
    """The operation with a look at the parameters that its definition names before it runs.

    Raises Malformed (400) on a value of another type. One that is not ``strict`` reads texts, References and Codings
    for each other by itself, and is only spared numbers and booleans where there can be none.
    """

    def run(repo: Repository, request: OperationRequest) -> Any:
        declared = _declared(operation.code, request.type)
        for one in request.parameters:
            if (wanted := declared.get(one["name"])) and (given := choice(one, "value")):
                _judge(one["name"], wanted, *given, strict)
        return operation.run(repo, request)

    return replace(operation, run=run)


def _judge(name: str, wanted: str, suffix: str, value: Any, strict: bool) -> None:
    if wanted in _WRITTEN:
        fits = isinstance(value, _WRITTEN[wanted])
    elif not strict:
        fits = not isinstance(value, (int, Decimal))
    else:
        fits = suffix == wanted if wanted[0].isupper() else isinstance(value, str)
    if fits and wanted in _TIMES:
        _read(name, value)
    if not fits or (wanted != "boolean" and isinstance(value, bool)):
        raise Malformed(
            "The parameter '{name}' is a {wanted}, not a {given}.",
            name=name,
            wanted=wanted,
            given=suffix,
            expression=parameter(name),
        )


def _read(name: str, value: Any) -> None:
    """Raises Malformed on what is no date, before the operation begins."""
    try:
        parse(str(value))
    except Malformed as error:
        raise Malformed(f"{name}: {error.message}", expression=parameter(name)) from None


@cache
def _declared(code: str, type: str | None) -> Mapping[str, str]:
    """Name → type of the parameters that carry a value, of an operation on a type of resource; where R4 defines it on
    other types alone, theirs.
    """
    named = [one for one in load("operations") if one["code"] == code]
    own = [one for one in named if {type, "Resource"} & set(one.get("resource", ()))]
    return {
        parameter["name"]: parameter["type"]
        for one in own or named
        for parameter in one["parameter"]
        if parameter["use"] == "in" and parameter.get("type")
    }
