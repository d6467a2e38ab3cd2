"""Statements as text, run on the driver's own connection: a tenth of the cost of building them anew each time.

SQL is written once, with ``?`` for values; both databases take it as it stands but for what a driver hides: the mark of
a value, lists as values, numbers given out in advance, many rows at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Row = tuple[Any, ...]
Statements = Sequence[tuple[str, Sequence[Any]]]
"""Texts of SQL with their values."""


@dataclass(frozen=True, slots=True)
class Insert:
    """Rows for one table; ``types`` are PostgreSQL's names of the columns' types."""

    table: str
    columns: str
    types: str
    rows: Sequence[Row]
    on_conflict: str = ""


class Driver(ABC):
    """One open transaction of a database."""

    name: str

    @abstractmethod
    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""

    @abstractmethod
    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """How many rows a statement changed."""

    @abstractmethod
    def insert(self, inserts: Sequence[Insert]) -> list[int]:
        """Many rows of many tables in one round trip, and how many went into each."""

    @abstractmethod
    def run_all(self, statements: Statements) -> None:
        """Changes that do not meet each other, in one round trip."""

    @abstractmethod
    def numbers(self, count: int) -> list[tuple[int, int]]:
        """Fresh (head key, version sequence) pairs, rising."""

    @abstractmethod
    def among(self, column: str, kind: str = "bigint") -> str:
        """The condition that a column is among the values of a list given as one value (see ``listed``)."""

    @abstractmethod
    def listed(self, values: Iterable[Any]) -> Any:
        """A list as one value for ``among`` and ``table_of``."""

    @abstractmethod
    def table_of(self, alias: str, kind: str = "bigint") -> str:
        """A list given as one value as a table ``alias(value)``."""

    @abstractmethod
    def refresh_statistics(self) -> None:
        """Let the planner know the tables after a large load, without waiting for the database to notice."""

    @abstractmethod
    def begin_reading(self) -> None:
        """See one state of the database, or at least take no lock, until ``end_reading``."""

    @abstractmethod
    def end_reading(self) -> None:
        """Nothing more is read."""

    @abstractmethod
    def begin_recording(self) -> None:
        """Begin to write what was read into the audit."""

    @abstractmethod
    def end_recording(self) -> None:
        """Commit the audit of what was read."""

    @abstractmethod
    def begin_writing(self, fresh: int = 0) -> None:
        """Begin a transaction that will write; ``fresh`` numbers will be asked for, so they may be drawn at once."""

    @abstractmethod
    def commit(self, last: Statements = ()) -> None:
        """Commit it, with what is to be run at its very end, in one round trip."""

    @abstractmethod
    def leave(self) -> bool:
        """Leave the connection as the pool lends it, whatever happened; False where it is of no use any more."""

    def row(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row of a query."""
        found = self.rows(sql, values)
        return found[0] if found else None
