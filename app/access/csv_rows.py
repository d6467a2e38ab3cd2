"""CSV files as offices make them: comma, semicolon or tab; UTF-8 with or without its mark, or UTF-16."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

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


@dataclass(slots=True)
class Report:
    """What an import did, by key of the row; ``passwords`` are temporary ones, shown once."""

    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    passwords: list[tuple[str, str]] = field(default_factory=list)


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
        return body.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise Invalid("the file is not in UTF-8: in the spreadsheet, choose “CSV UTF-8” when saving") from error
