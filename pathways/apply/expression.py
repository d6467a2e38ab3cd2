"""Expressions of a plan: ``text/fhirpath`` and ``application/x-fhir-query``, read once, run for many patients.

https://hl7.org/fhir/R4/metadatatypes.html#Expression. An expression that cannot be read is kept as its error, so that
only the action that needs it fails, and fails by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from app.errors import MaslakError
from app.fhir.fhirpath import Program, compile
from pathways.facts import Facts
from pathways.facts.query import place, read

FHIRPATH = ("text/fhirpath", None)
QUERY = "application/x-fhir-query"
_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_FIRST = re.compile(r"\s*\(*\s*([A-Z][A-Za-z]+)\s*\.")

Variables = dict[str, Any]
"""Name → items, worked out when they are looked up (``Scope``)."""

_OF_REQUEST = re.compile(r"%(?:patient|subject|encounter|practitioner|organization)(?:\.[A-Za-z]+)*")


class ExpressionFailed(Exception):
    """An expression could not be read or evaluated. ``expression`` is its text, ``reason`` what is wrong."""

    def __init__(self, expression: str, reason: str):
        super().__init__(f"{reason} [{expression}]")
        self.expression = expression
        self.reason = reason


class Path:
    """One FHIRPath expression."""

    __slots__ = ("asked", "begins_with", "error", "of_request", "program", "text")

    def __init__(self, text: str):
        self.text = text
        self.error: str | None = None
        self.program: Program | None = None
        found = _FIRST.match(text)
        self.begins_with = found[1] if found else None
        self.of_request = _OF_REQUEST.fullmatch(text) is not None
        """Whether it asks for nothing but who is in the request: the same for all plans of one application."""
        self.asked: Program | Path = self
        """Whose ``planned`` and ``unwatched`` answer as ``items`` does, but raise what goes wrong as the MaslakError it
        is."""
        try:
            self.asked = self.program = compile(text)
        except MaslakError as error:
            self.error = error.message

    def planned(self, focus: Any, scope: Variables, used: dict[str, None] | None) -> list[Any]:
        """Of an expression that cannot be read. Raises ExpressionFailed."""
        raise ExpressionFailed(self.text, self.error or "the expression cannot be read")

    unwatched = planned

    def items(self, focus: Any, scope: Variables, used: dict[str, None] | None = None) -> list[Any]:
        """What it finds, as items that keep their FHIR types; ``used`` takes the names of the variables that it
        looked at. ``focus``: a node. Raises ExpressionFailed."""
        try:
            return (self.asked.unwatched if used is None else self.asked.planned)(focus, scope, used)
        except MaslakError as error:
            raise ExpressionFailed(self.text, error.message) from error


class Search:
    """One query with FHIRPath placeholders: ``Observation?patient={{%patient.id}}&code=…``."""

    __slots__ = ("of_request", "places", "template", "text")

    def __init__(self, text: str):
        self.text = text
        pieces = _PLACEHOLDER.split(text)
        self.places: list[Path] = [path(piece.strip()) for piece in pieces[1::2]]
        self.of_request = tuple(one.text for one in self.places) if all(one.of_request for one in self.places) else None
        """Its places, where all ask for nothing but who is in the request."""
        self.template = "".join(place(at // 2) if at % 2 else piece for at, piece in enumerate(pieces))

    def run(
        self,
        facts: Facts,
        focus: Any,
        environment: Variables,
        known: dict[tuple[str, ...], list[str]] | None = None,
        used: dict[str, None] | None = None,
    ) -> dict[str, Any]:
        """The searchset Bundle. ``known`` keeps what places of the request alone have said; ``used`` takes the names of
        the variables that the others looked at. Raises ExpressionFailed."""
        asked = self.of_request
        if asked is None or known is None:
            said = [_joined(one, focus, environment, used) for one in self.places]
        else:
            said = known.get(asked)
            if said is None:
                said = known[asked] = [_joined(one, focus, environment) for one in self.places]
        try:
            return facts.answer(read(self.template), said)
        except MaslakError as error:
            raise ExpressionFailed(self.text, error.message) from error


@lru_cache(16384)
def path(text: str) -> Path:
    """The FHIRPath expression of a text; the same text is read once."""
    return Path(text)


@lru_cache(4096)
def search(text: str) -> Search:
    """The query of a text; the same text is read once."""
    return Search(text)


def expression(element: Mapping[str, Any]) -> Path | Search:
    """The expression of an Expression element. Raises ExpressionFailed on another language (CQL is not evaluated
    here)."""
    language, text = element.get("language"), element.get("expression")
    if not text:
        raise ExpressionFailed(str(element.get("reference", "")), "there is no expression text to evaluate")
    if language == QUERY:
        return search(text)
    if language in FHIRPATH:
        return path(text)
    raise ExpressionFailed(text, f"the expression language {language} is not evaluated here")


def _joined(part: Path, focus: Any, environment: Variables, used: dict[str, None] | None = None) -> str:
    from pathways.apply.values import plain

    return ",".join(str(plain(item)) for item in part.items(focus, environment, used))
