"""JSON Patch (RFC 6902, https://www.rfc-editor.org/rfc/rfc6902) over JSON Pointers (RFC 6901); nothing is changed
in place.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import jiter

from app.errors import Invalid, Malformed

MAX_OPERATIONS = 1000


def apply(document: Any, operations: Any) -> Any:
    """The document after all operations, in order.

    Raises Malformed (400) when ``operations`` is no JSON Patch, Invalid (422) when one of them does not fit the
    document (no such path, a failed ``test``); the document stays as it was.
    """
    if not isinstance(operations, list) or not all(isinstance(operation, dict) for operation in operations):
        raise Malformed('A JSON Patch is an array of operations: [{"op": …, "path": …}].')
    if len(operations) > MAX_OPERATIONS:
        raise Malformed(f"A JSON Patch has at most {MAX_OPERATIONS} operations.")
    for index, operation in enumerate(operations):
        document = _applied(document, operation, f"operation {index}")
    return document


def _applied(document: Any, operation: dict[str, Any], place: str) -> Any:
    name = operation.get("op")
    path = _pointer(operation, "path", place)
    if name in ("add", "replace", "test") and "value" not in operation:
        raise Malformed(f"{place}: '{name}' needs a value.")
    if name == "add":
        return _at(
            document,
            path,
            lambda owner, key: _inserted(owner, key, operation["value"], place),
            place,
            operation["value"],
        )
    if name == "remove":
        return _removed(document, path, place)
    if name == "replace":
        return _at(
            document,
            path,
            lambda owner, key: _replaced(owner, key, operation["value"], place),
            place,
            operation["value"],
        )
    if name == "test":
        if not _equal(_value(document, path, place), operation["value"]):
            raise Invalid(f"{place}: the test of {operation['path']} failed: the value is another one.")
        return document
    if name in ("move", "copy"):
        source = _pointer(operation, "from", place)
        value = _value(document, source, place)
        if name == "move":
            if path[: len(source)] == source and path != source:
                raise Invalid(f"{place}: {operation['from']} cannot be moved into itself.")
            document = _removed(document, source, place)
        return _at(document, path, lambda owner, key: _inserted(owner, key, value, place), place, value)
    raise Malformed(f"{place}: op is {name!r}; write add, remove, replace, move, copy or test.")


def _pointer(operation: dict[str, Any], name: str, place: str) -> list[str]:
    text = operation.get(name)
    if not isinstance(text, str) or (text and not text.startswith("/")):
        raise Malformed(f"{place}: '{name}' is a JSON Pointer such as /name/0/family.")
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _at(document: Any, path: list[str], change: Callable[[Any, str], Any], place: str, whole: Any) -> Any:
    """The document with the owner of the last step changed; ``whole`` replaces it where the path is empty."""
    if not path:
        return whole
    first, *rest = path
    if not rest:
        return change(document, first)
    return _set(document, first, _at(_step(document, first, place), rest, change, place, whole))


def _step(owner: Any, key: str, place: str) -> Any:
    if isinstance(owner, dict) and key in owner:
        return owner[key]
    if isinstance(owner, list):
        return owner[_index(owner, key, place, len(owner) - 1)]
    raise Invalid(f"{place}: there is no '{key}' on the path.")


def _value(document: Any, path: list[str], place: str) -> Any:
    for key in path:
        document = _step(document, key, place)
    return document


def _index(owner: list[Any], key: str, place: str, last: int) -> int:
    if not (key.isascii() and key.isdigit()) or (len(key) > 1 and key[0] == "0") or len(key) > 9 or int(key) > last:
        raise Invalid(f"{place}: there is no item {key} in a list of {len(owner)}.")
    return int(key)


def _set(owner: Any, key: str, value: Any) -> Any:
    if isinstance(owner, list):
        return [*owner[: int(key)], value, *owner[int(key) + 1 :]]
    return {**owner, key: value}


def _inserted(owner: Any, key: str, value: Any, place: str) -> Any:
    if isinstance(owner, list):
        index = len(owner) if key == "-" else _index(owner, key, place, len(owner))
        return [*owner[:index], value, *owner[index:]]
    if isinstance(owner, dict):
        return {**owner, key: value}
    raise Invalid(f"{place}: nothing can be added below a plain value.")


def _replaced(owner: Any, key: str, value: Any, place: str) -> Any:
    _step(owner, key, place)
    return _set(owner, key, value)


def _removed(document: Any, path: list[str], place: str) -> Any:
    if not path:
        raise Invalid(f"{place}: the whole resource cannot be removed by a patch.")

    def without(owner: Any, key: str) -> Any:
        _step(owner, key, place)
        if isinstance(owner, list):
            return [*owner[: int(key)], *owner[int(key) + 1 :]]
        return {name: item for name, item in owner.items() if name != key}

    return _at(document, path, without, place, None)


def _equal(one: Any, other: Any) -> bool:
    """Equal as JSON values: 1 and 1.0 are, true and 1 are not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, Decimal)) and isinstance(other, (int, Decimal)):
        return Decimal(one) == Decimal(other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    return type(one) is type(other) and bool(one == other)


def operations_of(data: bytes) -> Any:
    """The operations in a body, decimals exact. Raises Malformed (400) with the position."""
    try:
        return jiter.from_json(data, float_mode="decimal", catch_duplicate_keys=True, allow_inf_nan=False)
    except ValueError as error:
        raise Malformed(f"This is not JSON: {error}.") from None


def of_binary(binary: dict[str, Any]) -> Any:
    """The operations in a Binary, the form that a Bundle entry gives to a JSON Patch. Raises Malformed (400)."""
    try:
        return operations_of(base64.b64decode(binary.get("data", ""), validate=True))
    except (ValueError, TypeError) as error:
        raise Malformed(f"The Binary holds no base64: {error}.") from None
