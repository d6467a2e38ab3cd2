"""Texts of a record as people read them: what a concept is called, and figures that keep their direction."""

from __future__ import annotations

import re

from app.fhir.resource import Resource
from app.fhir.translation import text

_MARKS = re.compile("[\u2066-\u2069]")


def name_of(concept: Resource, language: str) -> str:
    """What a CodeableConcept is called: its text, else the display or the code of its first coding."""
    coding: Resource = next(iter(concept.get("coding", ())), {})
    return text(concept, "text", language) or text(coding, "display", language) or coding.get("code", "")


def apart(words: str) -> str:
    """Figures and their unit, which keep their direction within Arabic (U+2066 … U+2069)."""
    return f"\u2066{words}\u2069"


def unmarked(words: str) -> str:
    """The same without such marks."""
    return _MARKS.sub("", words)
