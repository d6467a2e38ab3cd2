"""CSV files as offices make them: comma, semicolon or tab; UTF-8 with or without its mark, or UTF-16."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from app.errors import Invalid, Issue

LARGEST = 5_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file: its number (the heading is 1) and its cells by column, trimmed."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that was not taken: where, and why."""

    line: int
    column: str
    issue: Issue

    @classmethod
    def of(cls, line: int, issue: Issue, columns: Mapping[str, str] | None = None) -> Self:
        """From what a use case complained of; ``columns`` names the column where a field is called otherwise."""
        name = issue.expression or ""
        return cls(line, (columns or {}).get(name, name), issue)

    def __str__(self) -> str:
        return f"line {self.line}, {self.column}: {self.issue}"


@dataclass(frozen=True, slots=True)
class Change:
    """One column that the file changes: what stood there and what the file says."""

    column: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.column}: {self.before or '–'} → {self.after or '–'}"


@dataclass(frozen=True, slots=True)
class Changed:
    """A line that changes what stands already."""

    line: int
    key: str
    changes: tuple[Change, ...]

    def __str__(self) -> str:
        return f"line {self.line}, {self.key}: {'; '.join(map(str, self.changes))}"


@dataclass(slots=True)
class Report:
    """What an import did, or would do, by key of the row; ``passwords`` are temporary ones, shown once.

    A row stands in one of the four: ``created``, ``changed`` (with each column), ``unchanged`` (it says what stands
    there already) or ``refused`` (with the reasons, one entry for each).
    """

    created: list[str] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    passwords: list[tuple[str, str]] = field(default_factory=list)

    @property
    def lines_refused(self) -> int:
        """How many lines were refused; one line may have several reasons."""
        return len({one.line for one in self.refused})

    @property
    def acts(self) -> bool:
        """Whether anything is made or changed."""
        return bool(self.created or self.changed)


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    """The columns of ``after`` that say something else than ``before``."""
    return tuple(
        Change(name, before.get(name, ""), said) for name, said in after.items() if before.get(name, "") != said
    )


class Import(Protocol):
    """A use case that takes the rows of a file."""

    def __call__(self, repo: Any, rows: Sequence[Row], *, rehearsal: bool = False) -> Report: ...


class _Rehearsed(Exception):
    """Takes a rehearsal back."""


def rehearsed(begin: Callable[[], AbstractContextManager[Any]], run: Import, rows: Sequence[Row]) -> Report:
    """What an import would do: it is done in a transaction of its own and taken back. No password is made."""
    report = Report()
    try:
        with begin() as repo:
            report = run(repo, rows, rehearsal=True)
            raise _Rehearsed
    except _Rehearsed:
        return report


def read(body: bytes, needed: Sequence[str], known: Sequence[str] = ()) -> list[Row]:
    """The rows of a file. Raises Invalid when it cannot be read or a needed column is missing."""
    text = decoded(body)
    heading = text.split("\n", 1)[0]
    separator = max(";,\t", key=heading.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        table = [(lines.line_num, cells) for cells in lines]
    except csv.Error as error:
        raise Invalid("line {line} cannot be read: a quotation mark is missing", line=lines.line_num) from error
    if not table:
        raise Invalid("the file is empty")
    columns = [name.strip().lower() for name in table[0][1]]
    missing = [name for name in needed if name not in columns]
    if missing:
        raise Invalid("columns are missing: {columns}", columns=", ".join(missing))
    unknown = [name for name in columns if name and name not in {*needed, *known}]
    if unknown:
        raise Invalid("columns are not known: {columns}", columns=", ".join(unknown))
    rows = [Row(line, dict(zip(columns, map(str.strip, cells), strict=False))) for line, cells in table[1:]]
    return [row for row in rows if any(row.cells.values())]


def decoded(body: bytes) -> str:
    """The text of a file. Raises Invalid when it is too large or in an encoding that loses Arabic."""
    if len(body) > LARGEST:
        raise Invalid("the file is larger than {size} MB", size=LARGEST // 1_000_000)
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig"
    try:
        text = body.decode(encoding)
        if "\x00" in text:  # UTF-16 without its mark
            raise ValueError
    except ValueError as error:
        raise Invalid("the file is not in UTF-8: in the spreadsheet, choose “CSV UTF-8” when saving") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
