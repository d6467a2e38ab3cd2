"""The sources of a set, each once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.fhir.resource import Resource
from app.fhir.translation import text

CITES = ("citation", "documentation", "justification", "derived-from")
YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class Source:
    """A short name in the page's language, the reference in its own language, its year and its address."""

    label: str
    citation: str
    year: str
    url: str


def sources(resources: Iterable[Resource], lang: str) -> list[Source]:
    """The citations of some artefacts and of everything within them, the newest first, each once."""
    found: dict[str, Source] = {}
    for resource in resources:
        for cited in _cited(resource):
            label, citation = text(cited, "label", lang) or "", cited.get("citation") or cited.get("display") or ""
            years = YEAR.findall(citation) or YEAR.findall(label)
            source = Source(label or citation, citation, years[-1] if years else "", cited.get("url", ""))
            found.setdefault(label or citation, source)
    return sorted(found.values(), key=lambda source: (source.year, source.label), reverse=True)


def _cited(element: Resource) -> Iterator[Resource]:
    for key in ("relatedArtifact", "documentation"):
        yield from (one for one in element.get(key, ()) if one.get("type") in CITES)
    for action in element.get("action", ()):
        yield from _cited(action)
