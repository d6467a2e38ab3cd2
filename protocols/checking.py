"""What publishing looks for in artefacts, before a set is submitted, before it is released, and in content files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from app.errors import Issue, NotFound
from app.fhir.resource import Resource
from protocols.collection import pins
from protocols.completeness import untranslated
from protocols.right_answers import contradictions

Find = Callable[[str], Resource]


def check(resources: Sequence[Resource], definitions: Find) -> list[Issue]:
    """Texts that lack a language, and right answers of a set's quiz that its rules contradict.

    ``definitions`` finds an artefact by ``url|version``.
    """
    found = [issue for one in resources for issue in untranslated(one)]
    return found + [issue for one in resources for issue in contradictions(_set(one, definitions))]


def _set(library: Mapping[str, object], definitions: Find) -> list[Resource]:
    """The artefacts that a Library is composed of, those that are there; none of another resource."""
    found = []
    for pin in pins(library) if library["resourceType"] == "Library" else ():
        try:
            found.append(definitions(pin))
        except (KeyError, NotFound):
            continue  # that it is missing is told where it is used
    return found
