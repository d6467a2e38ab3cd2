"""The terminology service: what the operations, the search modifiers and FHIRPath ask (terminology-service.html)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.errors import Invalid, Malformed, NotFound
from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.terminology import compose
from app.terminology.concepts import Concept, Concepts
from app.terminology.displays import display_in, filter_words, found_by, is_text_of, language_for
from app.terminology.sources import Sources
from app.terminology.versions import Versions

if TYPE_CHECKING:
    from app.terminology.port import FhirPathTerminology

MAX_EXPANSION = 10_000
"""More codes than this are listed by pages only (``count``)."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """One page of an expansion: ``concepts`` with the text to show, ``total`` of what the filter leaves."""

    concepts: list[tuple[Concept, str | None]]
    total: int
    offset: int
    language: str | None
    unclosed: bool = False
    """Whether a system is listed of which only a part is kept here."""


@dataclass(frozen=True, slots=True)
class Validation:
    """Whether a code is good; ``concept`` the one found; ``message`` (with ``values``) what is wrong."""

    result: bool
    concept: Concept | None = None
    display: str | None = None
    message: str | None = None


class Terminology:
    """Answers over the CodeSystems, ValueSets and ConceptMaps of the store and of R4, within one ``work()``."""

    def __init__(self, repo: Repository, language: str | None = None, versions: Versions | None = None) -> None:
        self.sources = Sources(repo, versions)
        self.language = language
        self._members: dict[str, dict[tuple[str, str], Concept]] = {}

    def expand(
        self,
        value_set: Resource | str,
        *,
        filter: str | None = None,
        offset: int = 0,
        count: int | None = None,
        active_only: bool = False,
        display_language: str | None = None,
        without: Collection[str] = (),
    ) -> Expansion:
        """The codes of a value set (a resource or a canonical), filtered and paged; ``without`` these systems.

        Raises NotFound, Invalid (a circle, an unknown system, more than MAX_EXPANSION codes and no ``count``).
        """
        resource = self.value_set(value_set)
        language = language_for(display_language, resource, self.language)
        concepts = list(compose.members(resource, self.sources).values())
        if without:
            concepts = [concept for concept in concepts if concept.system not in without]
        if active_only:
            concepts = [concept for concept in concepts if not concept.inactive]
        if filter and (wanted := filter_words(filter)):
            concepts = [concept for concept in concepts if found_by(concept, wanted)]
        if count is None and len(concepts) > MAX_EXPANSION:
            raise Invalid.coded(
                "too-costly",
                "The expansion has {total} codes: ask for pages with count and offset, or give a filter.",
                total=len(concepts),
            )
        page = concepts[offset:] if count is None else concepts[offset : offset + count]
        unclosed = compose.unclosed(resource, self.sources)
        return Expansion([(one, display_in(one, language)) for one in page], len(concepts), offset, language, unclosed)

    def value_set(self, value_set: Resource | str) -> Resource:
        """A value set by its canonical, or the resource given. Raises NotFound."""
        return self.sources.value_set(value_set) if isinstance(value_set, str) else value_set

    def member(self, value_set: Resource | str, system: str | None, code: str) -> Concept | None:
        """The concept when it is in the value set; without a system, the one code that the set has of this name.

        Raises NotFound, Invalid.
        """
        resource = self.value_set(value_set)
        system = system or compose.only_system(resource)
        key = f"{resource.get('url')}|{resource.get('version')}|{resource.get('meta', {}).get('versionId')}"
        if system is not None and key not in self._members:
            return compose.contains(resource, self.sources, system, code)
        if key not in self._members:
            self._members[key] = compose.members(resource, self.sources)
        known = self._members[key]
        if system is not None:
            return known.get((system, code))
        found = [concept for (_, listed), concept in known.items() if listed == code]
        return found[0] if len(found) == 1 else None

    def validate_in_value_set(
        self,
        value_set: Resource | str,
        system: str | None,
        code: str,
        display: str | None = None,
        language: str | None = None,
        version: str | None = None,
    ) -> Validation:
        """Whether a code is in a value set, of the version of its system that is named, and its display, where given,
        one of its texts. Raises NotFound.
        """
        resource = self.value_set(value_set)
        concept = self.member(resource, system, code)
        named = f"{system or ''}#{code}"
        if concept is None:
            partly = (
                " (only a part of its code system is kept here)" if compose.unclosed(resource, self.sources) else ""
            )
            return Validation(
                False, message=f"The code {named} is not in the value set {resource.get('url', 'given')}{partly}."
            )
        if version and concept.version and version != concept.version:
            return Validation(
                False, concept, message=f"The code {named} is known here of version {concept.version}, not {version}."
            )
        return self._with_display(concept, display, language_for(language, resource, self.language))

    def validate_in_system(
        self,
        system: str,
        code: str,
        display: str | None = None,
        version: str | None = None,
        language: str | None = None,
    ) -> Validation:
        """Whether a code system has a code. Raises NotFound where the system is not here."""
        known = self.concepts(system, version)
        concept = known.get(code)
        if concept is None:
            partly = "" if known.complete else " (only a part of the system is kept here)"
            return Validation(False, message=f"The code {code} is not in the code system {system}{partly}.")
        return self._with_display(concept, display, language_for(language, None, self.language))

    def _with_display(self, concept: Concept, display: str | None, language: str | None) -> Validation:
        shown = display_in(concept, language)
        if display and not is_text_of(concept, display):
            return Validation(False, concept, shown, f"'{display}' is no text of {concept.code}: it is '{shown}'.")
        return Validation(True, concept, shown)

    def concepts(self, system: str, version: str | None = None) -> Concepts:
        """The concepts of a code system. Raises NotFound."""
        known = self.sources.concepts(system, version)
        if known is None:
            raise NotFound("The code system {system} is not here.", system=f"{system}|{version}" if version else system)
        return known

    def concept(self, system: str, code: str, version: str | None = None) -> Concept:
        """One concept. Raises NotFound for the system or the code."""
        found = self.concepts(system, version).get(code)
        if found is None:
            raise NotFound("The code system {system} has no code {code} here.", system=system, code=code)
        return found

    def subsumes(self, system: str, one: str, other: str, version: str | None = None) -> str:
        """equivalent, subsumes, subsumed-by or not-subsumed. Raises NotFound for a system or code that is not here."""
        known = self.concepts(system, version)
        first, second = self.concept(system, one, version).code, self.concept(system, other, version).code
        if first == second:
            return "equivalent"
        if second in known.below(first):
            return "subsumes"
        return "subsumed-by" if first in known.below(second) else "not-subsumed"

    def below(self, system: str, code: str) -> set[str]:
        """A code and all below it (``:below`` of a token search). Raises NotFound."""
        return {code} | self.concepts(system).below(self.concept(system, code).code)

    def above(self, system: str, code: str) -> set[str]:
        """A code and all above it (``:above`` of a token search). Raises NotFound."""
        return {code} | self.concepts(system).above(self.concept(system, code).code)

    def codes_in(self, value_set: Resource | str) -> set[tuple[str, str]]:
        """Every (system, code) of a value set (``:in``, ``:not-in``). Raises NotFound, Invalid."""
        return set(compose.members(self.value_set(value_set), self.sources))

    def port(self) -> FhirPathTerminology:
        """The same for FHIRPath."""
        from app.terminology.port import FhirPathTerminology

        return FhirPathTerminology(self)

    def codings_of(self, value: Any) -> list[tuple[str | None, str]]:
        """(system, code) of a Coding, a CodeableConcept or a plain code. Raises Malformed on anything else."""
        if isinstance(value, str):
            return [(None, value)]
        if isinstance(value, dict):
            listed = value.get("coding", [value] if "code" in value else [])
            return [(one.get("system"), one["code"]) for one in listed if one.get("code")]
        raise Malformed("A code, a Coding or a CodeableConcept is needed.")
