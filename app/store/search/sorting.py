"""``_sort`` and paging by key (https://hl7.org/fhir/R4/search.html#sort, #paging).

A page begins after the last row of the page before, by value and key, so that what is written meanwhile is neither
skipped nor shown twice. The cursor holds those values.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from app.errors import Malformed
from app.store.parameters import Parameter, contained_parameters, parameters_of, primary_date
from app.store.search.conditions import by_key, on_paths
from app.store.search.string import LAST

_LARGEST = 2**62
_COLUMNS = {
    "date": ("date", "low", -_LARGEST, _LARGEST),
    "string": ("string", "value", "''", f"'{LAST}'"),
    "token": ("token", "code", "''", f"'{LAST}'"),
    "uri": ("uri", "value", "''", f"'{LAST}'"),
    "reference": ("reference", "target", -1, _LARGEST),
    "number": ("quantity", "low", "-1e308", "1e308"),
    "quantity": ("quantity", "low", "-1e308", "1e308"),
}


class SortKey(NamedTuple):
    """What to sort by: SQL with ``@key`` and ``@head``. ``plain``: a column that stands in an index."""

    text: str
    descending: bool
    plain: bool

    def at(self, key: str, head: str) -> str:
        """The text with the places filled in."""
        return self.text.replace("@key", key).replace("@head", head)


@lru_cache(1024)
def sort_keys(
    types: tuple[str, ...], asked: tuple[tuple[str, bool], ...], flavours: tuple[bool, bool] = (True, False)
) -> tuple[SortKey, ...]:
    """The keys of ``_sort``, then the head key, which decides between equals. Raises Malformed on an unknown
    parameter.

    ``flavours``: whether resources that stand by themselves are sorted, and whether contained ones are.
    """
    keys = [_key(types, code, descending, flavours) for code, descending in asked]
    last = keys[-1].descending if keys else False
    return (*keys, SortKey("@key", last, True))


def _key(types: Sequence[str], code: str, descending: bool, flavours: tuple[bool, bool]) -> SortKey:
    if code == "_id":
        return SortKey("@head.id", descending, True)
    if code == "_lastUpdated":
        return SortKey("@head.updated", descending, True)
    found = [parameters_of(type).get(code) for type in types]
    parameters = [one for one in found if one is not None]
    if not parameters or len(parameters) < len(found) or parameters[0].kind not in _COLUMNS or not parameters[0].paths:
        raise Malformed(
            f"_sort={code}: {', '.join(types) or 'all types'} cannot be sorted by that.", expression="http._sort"
        )
    if descending and all((primary_date(type) or ("",))[0] == code for type in types):
        return SortKey("@head.at", True, True)
    apart = [contained_parameters(type)[code] for type in types] if flavours[1] else []
    return _derived([*(parameters if flavours[0] else ()), *apart], descending)


def _derived(parameters: Sequence[Parameter], descending: bool) -> SortKey:
    """The least value of several upwards, the greatest downwards; those without any come last."""
    table, column, least, greatest = _COLUMNS[parameters[0].kind]
    codes = [code for parameter in parameters for code in parameter.codes()]
    pick = "max" if descending else "min"
    inner = f"select {pick}(i.{column}) from index_{table} i where i.key = @key and {by_key(on_paths(codes))}"
    return SortKey(f"coalesce(({inner}), {least if descending else greatest})", descending, False)


def beside(descending: bool) -> SortKey:
    """The date that stands in the row itself, sorted as ``_derived`` would."""
    return SortKey(f"coalesce(@head.low, {-_LARGEST if descending else _LARGEST})", descending, False)


def order_by(keys: Sequence[SortKey], names: Sequence[str]) -> str:
    """``order by`` over named columns."""
    return ", ".join(f"{name}{' desc' if key.descending else ''}" for key, name in zip(keys, names, strict=True))


def after(keys: Sequence[SortKey], names: Sequence[str], values: Sequence[Any]) -> tuple[str, list[Any]]:
    """SQL that holds for rows that come after these values."""
    if len({key.descending for key in keys}) == 1:
        mark = "<" if keys[0].descending else ">"
        if len(keys) == 1:
            return f"{names[0]} {mark} ?", list(values)
        return f"({', '.join(names)}) {mark} ({', '.join('?' * len(values))})", list(values)
    texts, held = [], []
    for position, key in enumerate(keys):
        equal = [f"{name} = ?" for name in names[:position]]
        texts.append("(" + " and ".join([*equal, f"{names[position]} {'<' if key.descending else '>'} ?"]) + ")")
        held += [*values[:position], values[position]]
    return "(" + " or ".join(texts) + ")", held


def cursor_of(values: Sequence[Any]) -> str:
    """The opaque text of a place in a search."""
    return urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")


def place_of(cursor: str, size: int) -> list[Any]:
    """The way back. Raises Malformed on what is no cursor of this search."""
    try:
        values = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        values = None
    if not isinstance(values, list) or len(values) != size or not all(isinstance(v, (int, float, str)) for v in values):
        raise Malformed("The cursor of the next page belongs to another search.", expression="http._cursor")
    return values
