"""The codes of a value set as a form offers them."""

from __future__ import annotations

from typing import Any

from pathways.questionnaire.context import ValueSets


def lists_of(terminology: Any, language: str) -> ValueSets:
    """Value set address → its codes, displays in a language, from the terminology of the house that the entrance hands
    in. Raises NotFound, Invalid."""

    def listed(url: str) -> list[tuple[str, str, str]]:
        found = terminology.expand(url, display_language=language).concepts
        return [(concept.system, concept.code, display or concept.code) for concept, display in found]

    return listed
