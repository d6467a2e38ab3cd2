"""Which text of a concept is shown, and which texts a filter finds.

Precedence of the language: the parameter ``displayLanguage``, the value set's own expansion parameter,
Accept-Language, the value set's language. From the language asked for it goes to its base, to French, to the plain
display.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from app.errors import Malformed
from app.fhir.normalise import normalised, words
from app.fhir.resource import Resource, choice
from app.fhir.translation import preferences
from app.terminology.concepts import Concept
from app.terminology.grammars import LANGUAGES

Token = tuple[str | None, str]
"""(system, code) of a use or a language; no system: whichever of the two has the code."""

_EXPANSION_PARAMETERS = (
    "http://hl7.org/fhir/StructureDefinition/valueset-expansion-parameter",
    "http://hl7.org/fhir/tools/StructureDefinition/valueset-expansion-parameter",
)


def language_for(parameter: str | None, value_set: Mapping[str, Any] | None, accepted: str | None) -> str | None:
    """The language in which displays are wanted; None: as they stand. ``accepted`` is an Accept-Language header or a
    tag.
    """
    return parameter or _stated(value_set or {}) or _first(accepted) or (value_set or {}).get("language")


def _stated(value_set: Mapping[str, Any]) -> str | None:
    for owner in (value_set, value_set.get("compose", {})):
        for extension in owner.get("extension", ()):
            if extension.get("url") in _EXPANSION_PARAMETERS:
                parts = {part.get("url"): choice(part, "value") for part in extension.get("extension", ())}
                name, value = parts.get("name"), parts.get("value")
                if name and value and name[1] == "displayLanguage":
                    return str(value[1])
    return None


def _first(accepted: str | None) -> str | None:
    tag = (accepted or "").split(",")[0].split(";")[0].strip()
    return tag if tag and tag != "*" else None


def display_in(concept: Concept, language: str | None) -> str | None:
    """The text of a concept in a language, or the nearest there is."""
    if language is None:
        return concept.display
    tables: dict[str, str] = {}
    for one in concept.designations:
        if one.get("language") and one.get("value"):
            tables.setdefault(one["language"].lower(), one["value"])
    if concept.language and concept.display:
        tables[concept.language.lower()] = concept.display
    tags = preferences(language) if not language.lower().startswith("en") else (language, "en")
    for tag in tags:
        if (text := _in(tables, tag.lower())) is not None:
            return text
    return concept.display


def _in(tables: Mapping[str, str], tag: str) -> str | None:
    if tag in tables:
        return tables[tag]
    return next((text for known, text in tables.items() if known.split("-")[0] == tag), None)


def found_by(concept: Concept, wanted: list[str]) -> bool:
    """Whether every word of a filter begins a word of the code, the display or a designation."""
    known = normalised(concept.code).split()
    for text in concept.texts():
        known.extend(words(text))
    return all(any(word.startswith(part) for word in known) for part in wanted)


def filter_words(text: str) -> list[str]:
    """The words of a filter, normalised; the Arabic article is not asked for."""
    return [word[2:] if word.startswith("ال") and len(word) > 4 else word for word in normalised(text).split()]


def is_text_of(concept: Concept, text: str) -> bool:
    """Whether a text is a display or designation of a concept, in whatever language, case and spelling."""
    wanted = normalised(text)
    return any(normalised(known) == wanted for known in concept.texts())


def token_of(text: str) -> Token:
    """A ``designation`` as ``$expand`` takes it: ``urn:ietf:bcp:47|fr``, ``system|code`` of a use, or the code alone.

    Raises Malformed (400) where the code is missing.
    """
    system, bar, code = text.strip().rpartition("|")
    if not code:
        raise Malformed(f"'{text}' names no designation: write {LANGUAGES}|fr, or system|code of a use.")
    return (system if bar else None), code


def asked_for(designations: Iterable[Resource], tokens: Collection[Token]) -> Iterable[Resource]:
    """Those whose language or use a token names, a language with its regions (``fr``: ``fr-MA`` too); all without
    tokens.
    """
    return [one for one in designations if any(_is_of(one, *token) for token in tokens)] if tokens else designations


def _is_of(designation: Resource, system: str | None, code: str) -> bool:
    language, use = str(designation.get("language", "")).lower(), designation.get("use", {})
    if system in (None, LANGUAGES) and f"{language}-".startswith(f"{code.lower()}-"):
        return True
    return bool(use.get("code") == code and system in (None, use.get("system", "")))


def shown(designations: Iterable[Resource]) -> list[Resource]:
    """Designations as FHIR has them, each once."""
    made: list[Resource] = []
    for one in designations:
        kept: Resource = {key: one[key] for key in ("language", "use", "value") if key in one}
        if kept not in made:
            made.append(kept)
    return made
