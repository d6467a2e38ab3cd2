"""The sources of a set: each publication once, with the places in it that are cited."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.fhir.resource import Resource
from app.fhir.translation import text

CITES = ("citation", "documentation", "justification", "derived-from")
YEAR = re.compile(r"\b(?:19|20)\d\d\b")
PUBLICATION = re.compile(r".*?\([^()]*(?:\d{4,}|/)[^()]*\)")
"""A reference up to its number in parentheses, such as ``(ISBN …)`` or ``(WHO/…)``; what follows is a place within."""


@dataclass(frozen=True, slots=True)
class Source:
    """A publication in its own language, its address, and the short names (in the page's language) of what is cited."""

    publication: str
    year: str
    url: str
    labels: tuple[str, ...]


def sources(resources: Iterable[Resource], lang: str) -> list[Source]:
    """The citations of some artefacts and of everything within them, the newest publication first."""
    found: dict[str, dict[str, str]] = {}
    for cited in (one for resource in resources for one in _cited(resource)):
        citation = cited.get("citation") or cited.get("display") or cited.get("label") or cited.get("url", "")
        publication = match[0] if (match := PUBLICATION.match(citation)) else citation
        found.setdefault(publication, {})[text(cited, "label", lang) or ""] = cited.get("url", "")
    listed = [
        Source(name, _year(name), next(filter(None, labels.values()), ""), tuple(sorted(filter(None, labels))))
        for name, labels in found.items()
    ]
    return sorted(listed, key=lambda source: (source.year, source.publication), reverse=True)


def _year(publication: str) -> str:
    """The year in which it appeared, as far as its reference says."""
    years: list[str] = YEAR.findall(publication)
    return years[0] if years else ""


def _cited(element: Resource) -> Iterator[Resource]:
    for key in ("relatedArtifact", "documentation"):
        yield from (one for one in element.get(key, ()) if one.get("type") in CITES)
    for action in element.get("action", ()):
        yield from _cited(action)
