"""``_filter`` (https://hl7.org/fhir/R4/search_filter.html): tests joined by and, or, not and parentheses.

``name eq "Amal" and (birthdate lt 1970 or not (gender eq male))``; paths are search parameters and chains of them.
A filter on the elements in between (``related[type eq x].target``) is refused, by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from app.errors import Malformed
from app.fhir.normalise import normalised
from app.store.parameters import parameters_of
from app.store.search.conditions import Condition, Match, all_of, any_of, negated, on_paths
from app.store.search.date import PREFIX, compared
from app.store.search.request import Criterion, criterion
from app.store.values import VALUE_LENGTH

LONGEST = 2000
MOST_TESTS = 50
MAX_DEPTH = 20
_PREFIXED = frozenset({"gt", "lt", "ge", "le", "ap", "sa", "eb"})
OPERATORS = _PREFIXED | {"eq", "ne", "co", "sw", "ew", "pr", "po", "ss", "sb", "in", "re"}
_TOKEN = re.compile(r'\s*(?:(\()|(\))|("(?:[^"\\]|\\.)*")|([^\s()"]+))')

Compile = Callable[[Criterion], Any]
"""A criterion as a piece of the search."""


@dataclass(slots=True)
class _Reader:
    """The words of a filter, read one after the other."""

    words: list[str]
    compile: Compile
    types: Sequence[str]
    at: int = 0
    tests: int = 0
    depth: int = 0

    def next(self) -> str:
        if self.at >= len(self.words):
            raise _wrong("it ends too early")
        self.at += 1
        return self.words[self.at - 1]

    def peek(self) -> str | None:
        return self.words[self.at] if self.at < len(self.words) else None

    def either(self) -> Condition:
        parts = [self.both()]
        while self.peek() == "or":
            self.next()
            parts.append(self.both())
        return any_of(parts)

    def both(self) -> Condition:
        parts = [self.one()]
        while self.peek() == "and":
            self.next()
            parts.append(self.one())
        return all_of(parts)

    def one(self) -> Condition:
        word = self.next()
        if word == "not":
            if self.peek() != "(":
                raise _wrong("after not comes an expression in parentheses")
            return negated(self.one())
        if word == "(":
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise _wrong(f"parentheses go {MAX_DEPTH} deep at most")
            found = self.either()
            if self.peek() != ")":
                raise _wrong("a parenthesis is not closed")
            self.next()
            self.depth -= 1
            return Condition(f"({found.text})", found.values)
        return self.test(word)

    def test(self, path: str) -> Condition:
        self.tests += 1
        if self.tests > MOST_TESTS:
            raise _wrong(f"{MOST_TESTS} tests are the most")
        operator = self.next()
        if operator not in OPERATORS:
            raise _wrong(f"'{operator}' is no operator: {', '.join(sorted(OPERATORS))}")
        value = self.next()
        if value in ("(", ")"):
            raise _wrong(f"{path} {operator} needs a value")
        if "[" in path:
            raise _wrong("a filter within a path, as in related[type eq x].target, is not served")
        text = _unquoted(value)
        piece = _piece(self, path, operator, text)
        found: Condition = piece.condition() if isinstance(piece, Match) else piece
        return negated(found) if operator == "ne" else found


def _piece(reader: _Reader, path: str, operator: str, text: str) -> Any:
    """One test, as the criterion that it comes to."""
    value = re.sub(r"([,$\\])", r"\\\1", text)
    kind = _kind(reader.types, path)
    if operator == "pr":
        if text not in ("true", "false"):
            raise _wrong("after pr comes true or false")
        return reader.compile(criterion(f"{path}:missing", "false" if text == "true" else "true"))
    if operator in _PREFIXED:
        return reader.compile(criterion(path, f"{operator}{value}"))
    if operator == "co":
        return reader.compile(criterion(f"{path}:contains" if kind == "string" else f"{path}:text", value))
    if operator in ("ss", "sb", "in"):
        modifier = {"ss": "below", "sb": "above", "in": "in"}[operator]
        return reader.compile(criterion(f"{path}:{modifier}", value))
    if kind == "string" and operator in ("eq", "ne", "ew"):
        return _worded(reader, path, operator, text)
    if operator == "po":
        return _overlapping(reader, path, text)
    if operator == "ew":
        raise _wrong(f"ew is for texts: {path} is none")
    if operator in ("eq", "ne") and kind in ("date", "number", "quantity") and PREFIX.match(text):
        return reader.compile(criterion(path, f"eq{value}"))
    return reader.compile(criterion(path, value))


def _worded(reader: _Reader, path: str, operator: str, text: str) -> Any:
    """A whole text, or its end; case and accents do not matter."""
    found = reader.compile(criterion(path, "a"))
    if not isinstance(found, Match) or found.table != "string":
        return found
    codes = on_paths([code for type in reader.types for code in parameters_of(type)[path].codes()])
    folded = normalised(text)[:VALUE_LENGTH]
    if operator == "ew":
        escaped = folded.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return Match("string", f"{codes} and i.value like ? escape '\\'", (f"%{escaped}",))
    return Match("string", f"{codes} and i.value = ?", (folded,))


def _overlapping(reader: _Reader, path: str, text: str) -> Match:
    """``po``: the two periods have a moment in common."""
    if _kind(reader.types, path) != "date" or "." in path:
        raise _wrong(f"po is for dates: {path} is none")
    codes = on_paths([code for type in reader.types for code in parameters_of(type)[path].codes()])
    _, (first, last) = compared(f"ne{text}", "i.low", "i.high", None)  # type: ignore[arg-type]
    return Match("date", f"{codes} and i.low < ? and i.high > ?", (last, first))


def _kind(types: Sequence[str], path: str) -> str:
    found = [parameters_of(type).get(path) for type in types]
    return found[0].kind if found and found[0] is not None else ""


def _unquoted(word: str) -> str:
    if not word.startswith('"'):
        return word
    try:
        return str(orjson.loads(word))
    except orjson.JSONDecodeError:
        raise _wrong(f"{word} is no text in quotation marks") from None


def _words(text: str) -> list[str]:
    if len(text) > LONGEST:
        raise _wrong(f"it is over {LONGEST} characters")
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _wrong(f"what begins at character {at + 1} cannot be read")
        found.append(match[0].strip())
        at = match.end()
    return found


def filtered(text: str, types: Sequence[str], compile: Compile) -> Condition:
    """The condition of a filter on resources of these types. Raises Malformed saying what is wrong."""
    reader = _Reader(_words(text), compile, types)
    found = reader.either()
    if reader.peek() is not None:
        raise _wrong(f"'{reader.peek()}' is too much: join tests by and, or")
    return found


def names(text: str) -> list[str]:
    """The paths that a filter speaks of, for who must know which types it reaches."""
    words = _words(text)
    return [words[at - 1] for at in range(1, len(words)) if words[at] in OPERATORS]


def _wrong(what: str) -> Malformed:
    return Malformed(f"_filter: {what}.", expression="http._filter")
