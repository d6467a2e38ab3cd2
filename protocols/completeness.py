"""What a publication must have before anybody reviews it: every text a person reads, in French and in Arabic."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.errors import Issue
from app.fhir.resource import Resource
from app.fhir.translation import translations

READ_BY_PEOPLE = {
    "title", "description", "purpose", "usage", "textEquivalent", "text", "display", "patientInstruction", "prefixText",
    "label", "valueMarkdown", "definition", "valueString",
}  # fmt: skip
NOT_READ = {
    "relatedArtifact",
    "documentation",
    "contained",
    "meta",
    "coding",
    "useContext",
    "jurisdiction",
    "identifier",
}
"""Elements whose texts are citations or codes' own names, kept in their language."""
SPOKEN_PARTS = {"taken", "notTaken", "title", "source"}
"""Parts of our extensions (explanation, parameter) whose ``valueString`` is read by people."""
REQUIRED = ("fr", "ar")


def untranslated(resource: Resource) -> list[Issue]:
    """One issue for each text of an artefact that lacks one of the two languages, with its path."""
    primary = resource.get("language", "fr")
    return [
        Issue(
            "{path} has no text in {languages}",
            "required",
            path,
            values={"path": path, "languages": ", ".join(lacking)},
        )
        for path, lacking in _lacking(resource, resource["resourceType"], primary)
    ]


def _lacking(element: dict[str, Any], path: str, primary: str) -> Iterator[tuple[str, list[str]]]:
    for key, value in element.items():
        here = f"{path}.{key}"
        if key in NOT_READ or key.startswith("_"):
            continue
        if isinstance(value, str):
            if key in READ_BY_PEOPLE and is_text(element, key):
                held = {primary, *(language.split("-")[0] for language in translations(element, key))}
                if lacking := [language for language in REQUIRED if language not in held]:
                    yield here, lacking
        elif isinstance(value, dict):
            yield from _lacking(value, here, primary)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, dict):
                    yield from _lacking(item, f"{here}[{index}]", primary)


def is_text(element: dict[str, Any], key: str) -> bool:
    """``text`` of a Questionnaire item or a concept counts; the narrative and an expression's name do not."""
    if key == "definition":
        return "code" in element and "definition" in element and "linkId" not in element
    if key == "valueString":
        return element.get("url") in SPOKEN_PARTS
    return not (key == "display" and "system" in element)
