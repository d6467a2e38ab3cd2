"""The rows that a search has found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from app.store.codes import type_names
from app.store.contained import MARK, taken_out
from app.store.driver import Row
from app.store.stored import METHODS, Stored


class Found(Sequence[Stored]):
    """Rows (COLUMNS of ``include``) as what they stand for, made when somebody looks: a Bundle is put together
    without.
    """

    __slots__ = ("_made", "_rows")

    def __init__(self, rows: Sequence[Row]):
        self._rows = rows
        self._made: list[Stored] | None = None

    def named(self) -> list[tuple[str, bytes]]:
        """(``Type/id``, body) of each; ``id`` of one within another begins with ``#`` and names both."""
        types = type_names()
        return [
            (f"{types[row[1]]}/{row[2]}", row[7] if row[2][0] != MARK else taken_out(bytes(row[7]), row[2]))
            for row in self._rows
        ]

    def _all(self) -> list[Stored]:
        if self._made is None:
            self._made = [_stored(row) for row in self._rows]
        return self._made

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Stored]:
        return iter(self._all())

    @overload
    def __getitem__(self, at: int) -> Stored: ...
    @overload
    def __getitem__(self, at: slice) -> list[Stored]: ...
    def __getitem__(self, at: int | slice) -> Stored | list[Stored]:
        return self._all()[at]


def _stored(row: Row) -> Stored:
    type, id, version, updated, method, body = type_names()[row[1]], row[2], row[3], row[4], METHODS[row[6]], row[7]
    whole = bytes(body) if id[0] != MARK else taken_out(bytes(body), id)
    return Stored(type, id, version, updated, whole, False, method)
