"""Where CodeSystems, ValueSets and ConceptMaps come from: the store first, then the definitions of R4."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from app.errors import NotFound
from app.fhir.definitions import codes_of, described
from app.fhir.repository import Repository
from app.fhir.resource import Resource, parse_canonical
from app.terminology import fragments
from app.terminology.concepts import Concepts, of_resource
from app.terminology.grammars import beside, grammars
from app.terminology.versions import Versions

_KEPT = 200
_indexes: OrderedDict[tuple[Any, ...], Concepts] = OrderedDict()


class Sources:
    """Finds terminology resources by canonical, each once an instance."""

    def __init__(self, repo: Repository, versions: Versions | None = None) -> None:
        self._repo = repo
        self._versions = versions or Versions()
        self._found: dict[tuple[str, str], Resource | None] = {}
        self._systems: dict[str, Concepts | None] = {}

    def value_set(self, canonical: str) -> Resource:
        """A ValueSet by ``url`` or ``url|version``. Raises NotFound."""
        found = self._by_canonical("ValueSet", canonical)
        if found is None:
            raise NotFound("The value set {canonical} is not here.", canonical=canonical)
        return found

    def concept_map(self, canonical: str) -> Resource:
        """A ConceptMap by canonical. Raises NotFound."""
        found = self._by_canonical("ConceptMap", canonical)
        if found is None:
            raise NotFound("The concept map {canonical} is not here.", canonical=canonical)
        return found

    def concept_maps(self, system: str) -> Iterator[Resource]:
        """The active ConceptMaps that translate codes of a system."""
        for found in self._repo.search_all("ConceptMap?status=active"):
            if any(group.get("source") == system or group.get("target") == system for group in found.get("group", ())):
                yield found

    def concepts(self, system: str, version: str | None = None) -> Concepts | None:
        """The concepts of a code system with its supplements, or None where the system is not here.

        Raises Invalid (422) when they are not of the version that is asked for.
        """
        version = self._versions.wanted(system, version)
        canonical = f"{system}|{version}" if version else system
        if canonical not in self._systems:
            resource = self._by_canonical("CodeSystem", canonical)
            found = None if resource is None else self._indexed(resource)
            grammar = grammars().get(system)
            self._systems[canonical] = beside(grammar, found) if grammar else found
        known = self._systems[canonical]
        if known is not None:
            self._versions.judge(system, known.version)
        return known

    def _indexed(self, resource: Resource) -> Concepts:
        supplements = self._supplements(resource["url"])
        parts = [resource, *supplements]
        key = tuple((p.get("url"), p.get("version"), p.get("id"), p.get("meta", {}).get("versionId")) for p in parts)
        if key not in _indexes:
            _indexes[key] = of_resource(resource, supplements)
            while len(_indexes) > _KEPT:
                _indexes.popitem(last=False)
        return _indexes[key]

    def _supplements(self, url: str) -> list[Resource]:
        stored = self._repo.search_all(f"CodeSystem?supplements={url}")
        return [*fragments.supplements(url), *(one for one in stored if one.get("status") != "retired")]

    def _by_canonical(self, type: str, canonical: str) -> Resource | None:
        key = (type, canonical)
        if key not in self._found:
            self._found[key] = self._stored(type, canonical) or _official(type, canonical)
        return self._found[key]

    def _stored(self, type: str, canonical: str) -> Resource | None:
        try:
            found = self._repo.canonical(canonical)
        except NotFound:
            return None
        return found if found["resourceType"] == type else None


def _official(type: str, canonical: str) -> Resource | None:
    """A definition of R4; a version other than 4.0.1's own is another resource, and not here."""
    wanted = parse_canonical(canonical)
    found = _described(type, wanted.url) if type != "ConceptMap" else None
    if found is None and type == "CodeSystem":
        found = fragments.fragment(wanted.url)
    if found is None and type == "ValueSet" and wanted.version in (None, "4.0.1"):
        return _listed(wanted.url)
    if found is None or (wanted.version and found.get("version") != wanted.version):
        return None
    return found


def _listed(url: str) -> Resource | None:
    """A value set of which only the list of codes is kept."""
    codes = codes_of(url)
    if codes is None:
        return None
    include = [
        {"system": system, "concept": [{"code": code, "display": text} for code, text in listed.items()]}
        for system, listed in codes.items()
    ]
    return {
        "resourceType": "ValueSet",
        "url": url,
        "version": "4.0.1",
        "status": "active",
        "compose": {"include": include},
    }


@lru_cache(64)
def _described(type: str, url: str) -> Resource | None:
    found = described(type, url)
    return None if found is None else {**found, "language": found.get("language", "en")}
